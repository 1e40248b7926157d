"""From running nodes to a desired file whose first plan holds no surprise."""

import re
import tomllib
from itertools import permutations
from pathlib import Path

import pytest
from golden import CASES, inputs_from
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import CREATED, desired_of, planned, report_of, seen_of
from test_laws import Files, carried_out, files, odd_files

from stalplan.model.inventories.asked import Asked
from stalplan.model.live import Seen, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.names import NodeName
from stalplan.planning.importing.make import Imported, import_nodes
from stalplan.planning.importing.merge import Base, merge_nodes
from stalplan.planning.importing.met import Met, Terms
from stalplan.planning.importing.remarks import notes_of
from stalplan.planning.plan import Plan

EXAMPLES = Path(__file__).parents[2] / "examples"
SYSTEMD = {"manager": "systemd", "unit": "stalwart"}


def imported(
    seen: list[Seen], terms: Terms | None = None, labels: tuple[str, ...] = ()
) -> Imported:
    """An import of nodes that are found by their names, under systemd."""
    met = [
        Met(
            asked=Asked(name=each.node, address=each.node, labels=labels),
            seen=each,
            service=SYSTEMD,
        )
        for each in seen
    ]
    return import_nodes(met, terms or Terms(), created=CREATED)


def from_texts(**texts: str) -> Imported:
    """An import of nodes by their files' texts; underscores become dashes."""
    return imported(seen_of({name.replace("_", "-"): t for name, t in texts.items()}))


def tree(found: Imported) -> dict[str, dict[str, object]]:
    """What the file says, without its first key."""
    return {k: v for k, v in tomllib.loads(found.text).items() if k != "format"}


def holds_no_surprise(found: Imported, seen: list[Seen]) -> Plan:
    """The first plan of the text changes only what the import told of, and says why.

    A plan that is blocked is blocked by what was told.
    """
    names = {*found.nodes}
    plan = planned(found.text, [each for each in seen if each.node in names]).plan
    repaired = {note.path for note in found.notes if note.repaired}
    expected = {note.path for note in notes_of(plan, lambda _: True) if note.repaired}
    assert expected == repaired
    assert [] == [each for each in plan.changes if not repaired]
    told = {note.code for note in found.notes}
    assert {each.code for each in plan.findings if each.blocks} <= told
    if plan.complete and not repaired:
        assert "No changes. The cluster matches stalplan.toml." == plan.sentence
    return plan


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_cluster_can_be_imported(case: Path) -> None:
    """Whatever is wrong with a cluster, its import's plan is known beforehand."""
    _, seen, _, _ = inputs_from(case)
    found = imported(seen)

    holds_no_surprise(found, seen)
    names = {each.node for each in seen}
    assert names == {*found.nodes} | {*found.unread}
    for name in names:
        assert f"[nodes.{name}]\n" in found.text
    assert "CANARY" not in found.text


@settings(max_examples=120)
@given(st.integers(1, 5).flatmap(files))
def test_an_import_that_is_carried_out_is_the_last(nodes: Files) -> None:
    """Once the listed repairs are done, the same file's plan has no changes."""
    seen = seen_of(nodes)
    found = imported(seen)
    plan = holds_no_surprise(found, seen)

    assert plan.complete
    after = carried_out(planned(found.text, nodes), nodes)
    again = planned(found.text, after).plan
    assert "No changes. The cluster matches stalplan.toml." == again.sentence
    assert "canary" not in found.text
    assert [] == [note for note in imported(seen_of(after)).notes if note.repaired]


@settings(max_examples=150)
@given(
    files(3),
    odd_files,
    st.dictionaries(st.sampled_from("AB"), st.sampled_from(["1", "2", "x", ""])),
    st.booleans(),
)
def test_any_file_can_be_imported(
    nodes: Files, data: bytes, env: dict[str, str], running: bool
) -> None:
    """Whatever one node's file holds, the best file of all nodes is written."""
    odd = report_of(
        "mx1", data, running=running, environment=env, unit_environment={"A": "2"}
    )
    seen = [odd, *seen_of(nodes)[1:]]

    holds_no_surprise(imported(seen), seen)


def merged(base: str, seen: list[Seen]) -> Imported:
    """More nodes for a file that is there."""
    met = [
        Met(asked=Asked(name=each.node, address=each.node), seen=each, service=SYSTEMD)
        for each in seen
    ]
    known = Base(text=base, desired=desired_of(base))
    return merge_nodes(known, met, known.terms(Terms()), created=CREATED)


THREE = {
    name: f"cluster.node-id = {name[-1]}\n"
    'cluster.roles.purge.stores = "2"\n'
    'cluster.roles.purge.accounts = ["1", "2,3"]\n'
    'cluster.roles.spam-training = "9"\n'
    for name in ("mx1", "mx2", "mx3")
}


@pytest.mark.parametrize("order", [*permutations(THREE)], ids="-".join)
def test_one_node_after_the_other(order: tuple[str, ...]) -> None:
    """However a cluster is imported, in the end its plan has no changes."""
    first, *others = (seen_of({name: THREE[name]}) for name in order)
    text = imported(first).text
    for seen in others:
        text = merged(text, seen).text

    plan = planned(text, THREE).plan
    assert "No changes. The cluster matches stalplan.toml." == plan.sentence
    wanted = tomllib.loads(text)["roles"]
    assert {
        "purge.stores": ["mx2"],
        "purge.accounts": [["mx1"], ["mx2", "mx3"]],
        "spam-training": "none",
    } == wanted


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ('["mx1"] # ours', '["mx1"] # ours'),
        ('"all"', '"all"'),
        ('{ label = "back" }', '{ label = "back" }'),
    ],
)
def test_a_wish_is_not_taken_back(wish: str, expected: str) -> None:
    """A role that the file asks for otherwise is left to the plan, which is told."""
    base = imported(seen_of({"mx1": THREE["mx1"], "mx3": THREE["mx3"]})).text
    base = base.replace("id = 3\n", 'id = 3\nlabels = ["back"]\n')
    base = re.sub('"purge.stores" = .*', f'"purge.stores" = {wish}', base)
    found = merged(base, seen_of({"mx2": THREE["mx2"]}))

    assert f'"purge.stores" = {expected}\n' in found.text
    assert {("roles", "purge.stores")} <= {n.path for n in found.notes if n.repaired}


def test_what_was_recorded_counts_for_the_first_plan() -> None:
    """A node that was applied once and can't be read now would leave, which is told."""
    nodes = {
        NodeName(name): RecordedNode(
            node_id=int(name[-1]), hostname=None, digest=digest_of(text.encode())
        )
        for name, text in THREE.items()
    }
    state = State(cluster="mail", lineage="l", serial=1, nodes=nodes)
    met = [
        Met(asked=Asked(name=each.node, address=each.node), seen=each, service=SYSTEMD)
        for each in seen_of({name: THREE[name] for name in ("mx1", "mx3")})
    ]
    found = import_nodes(met, Terms(), created=CREATED, recorded=lambda _: state)

    assert ("nodes", "mx2") in {note.path for note in found.notes if note.repaired}
