"""What is told when nodes are no longer what a plan was made from."""

from typing import TYPE_CHECKING

from reports import planned, report_of

from stalplan.planning.stale import differences_since

if TYPE_CHECKING:
    from stalplan.model.live import Seen

DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
hostname = "mail.example.org"
[nodes]
mx1.id = 1
mx2.id = 2
"""
NODES = {f"mx{i}": f"cluster.node-id = {i}\nx = 1\n" for i in (1, 2)}
PATH = "/opt/stalwart/etc/config.toml"


def since(**changed: str) -> list[str]:
    """The lines for a plan of NODES and one of the same with *changed*."""
    saved = planned(DESIRED, NODES).plan
    return differences_since(saved, planned(DESIRED, {**NODES, **changed}).plan)


def test_managed_key_is_named_with_both_values() -> None:
    """The node, the key, its value then and now."""
    assert [
        f"mx2: {PATH} was changed since the plan was made.",
        "  cluster.node-id: was 2, now 3",
    ] == since(mx2="cluster.node-id = 3\nx = 1\n")


def test_other_bytes_are_named_without_a_value() -> None:
    """A changed byte that isn't ours names the node, and no value at all."""
    assert [
        f"mx1: {PATH} was changed since the plan was made.",
        "  mx1: no key that this plan manages differs.",
    ] == since(mx1='cluster.node-id = 1\nx = "canary"\n')


def test_value_that_came_true_by_itself() -> None:
    """A key that somebody has set as the plan would have set it."""
    assert '  server.hostname: was (absent), now "mail.example.org"' in since(
        mx1=NODES["mx1"] + 'server.hostname = "mail.example.org"\n'
    )


def test_something_is_always_said() -> None:
    """Where no file differs the reader still learns which node does."""
    saved = planned(DESIRED, NODES).plan
    seen: list[Seen] = [
        report_of(name, text.encode(), running=name != "mx1")
        for name, text in NODES.items()
    ]

    (line,) = differences_since(saved, planned(DESIRED, seen).plan)
    assert line.startswith("mx1: its service or what it runs with has changed")
