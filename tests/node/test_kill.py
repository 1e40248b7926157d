"""The transaction killed at every act; then finish, and the node is whole."""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from node.lone_node import RUN, LoneNode, MakeNode
from stalplan.errors import NodeUnreachable
from stalplan.model.records import Verdict
from stalplan.node import agent

GOOD = b"cluster.node-id = 2\n"
BAD = b"exits-at-once = 1\n"
# Each of these is an act; there is a point before it and one after it.
FUNCTIONS = ("keep", "ask_to_stop", "ask_to_start", "note", "copy_of_target")
PROGRAMS = ("mv", "rm", "cp", "cat", "ln", "mkdir")


def dying_script(at: int, counter: Path) -> Callable[..., bytes]:
    """agent.script, whose transaction kills itself with -9 at point number *at*."""

    def script(
        verb: str, parts: Mapping[str, str], ask: agent.Ask, **last: str
    ) -> bytes:
        if verb == "transaction":
            parts = {name: renamed(text) for name, text in parts.items()}
            parts["resume"] += wrappers(at, counter)
        return SCRIPT(verb, parts, ask, **last)

    return script


def renamed(text: str) -> str:
    for name in FUNCTIONS:
        text = text.replace(f"\n{name}() {{", f"\nreal_{name}() {{")
    return text


def wrappers(at: int, counter: Path) -> str:
    lines = [
        "point=0",
        f"die_at() {{ point=$((point + 1)); echo $point >{counter}",
        f'  [ "$point" != {at} ] || kill -9 $$; }}',
    ]
    acts = {name: f"real_{name}" for name in FUNCTIONS}
    acts |= {name: f"command {name}" for name in PROGRAMS}
    for name, act in acts.items():
        lines.append(f'{name}() {{ die_at; {act} "$@"; {name}_ended=$?; die_at')
        lines.append(f"  return ${name}_ended; }}")
    return "\n".join([*lines, ""])


SCRIPT = agent.script


def begin_and_die(
    node: LoneNode, result: bytes, at: int, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Begin step 1, dying at point *at*; returns how many points there were."""
    counter = node.folder.root / "points"
    fence = node.take()
    if result != node.base:
        node.stage(fence, result)
    with monkeypatch.context() as patch:
        patch.setattr(agent, "script", dying_script(at, counter))
        with suppress(NodeUnreachable):  # it may die before it has begun
            node.session.commit(node.order(fence, result))
    node.followed()
    finish_by_recover(node, result, undo=at % 2 == 1)
    return int(counter.read_text())


def finish_by_recover(node: LoneNode, result: bytes, *, undo: bool) -> None:
    """What recover does from anywhere: take over, finish, follow, clean."""
    record = node.session.transaction(RUN, 1)
    fence = node.take_over()
    if record is not None and record.begun and record.verdict is None:
        node.session.finish(node.order(fence, result), undo=undo)
        node.followed()
        record = node.record()
        assert record.verdict in (Verdict.APPLIED, Verdict.RESTORED), record.detail
        assert not undo or record.verdict is Verdict.RESTORED, record.detail
    if record is not None and record.verdict is not None and result != node.base:
        kept = result if record.verdict is Verdict.APPLIED else node.base
        assert kept == node.folder.read()
    node.session.clean(fence)
    node.session.release_lease(fence)


def assert_whole(node: LoneNode, result: bytes, before: tuple[int, ...]) -> None:
    """File old or new, owner and mode kept, service as found, nothing left."""
    stat = node.folder.config.stat()
    assert node.folder.read() in (node.base, result)
    assert (stat.st_uid, stat.st_gid, stat.st_mode) == before
    assert node.folder.active()
    assert node.folder.leftovers() == []
    assert list((node.work / "tx").iterdir()) == []
    report = node.session.report()
    assert report.lease is None
    assert report.transactions == ()


def die_and_recover(
    node: LoneNode, result: bytes, at: int, monkeypatch: pytest.MonkeyPatch
) -> int:
    node.folder.start()
    stat = node.folder.config.stat()
    points = begin_and_die(node, result, at, monkeypatch)
    assert_whole(node, result, (stat.st_uid, stat.st_gid, stat.st_mode))
    return points


@pytest.mark.parametrize("result", [GOOD, BAD, b""], ids=["good", "bad", "restart"])
def test_a_killed_transaction_is_finished(
    lone_node: MakeNode,
    shell: str,
    result: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed at some of its acts: the old file or the new, and the server runs."""
    for _ in range(4 if shell == "dash" else 1):
        node = lone_node("cluster.node-id = 1\n", shell=shell)
        at = random.randint(1, 70)  # pytest-randomly prints the seed

        die_and_recover(node, result or node.base, at, monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("result", [GOOD, BAD, b""], ids=["good", "bad", "restart"])
def test_every_point_of_a_transaction(
    lone_node: MakeNode, result: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Likewise at every single point that a whole transaction passes."""
    whole = lone_node("cluster.node-id = 1\n")
    points = die_and_recover(whole, result or whole.base, 0, monkeypatch)
    assert points > 30

    for at in range(1, points + 1):
        node = lone_node("cluster.node-id = 1\n")
        die_and_recover(node, result or node.base, at, monkeypatch)
        node.close()
