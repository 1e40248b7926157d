"""Which findings block, and where: in the desired cluster, in today's, on the way."""

from dataclasses import replace

import pytest
from reports import planned, report_of, seen_of

from stalplan.findings import (
    BLOCKS_WHEREVER_IT_STANDS,
    CATALOGUE,
    Finding,
    Scope,
    Severity,
    found,
    repaired,
)
from stalplan.model.live import Seen, Unreachable
from stalplan.names import NodeName
from stalplan.planning.outcome import exit_code
from stalplan.planning.plan import Options, Plan

HEAD = 'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
TWO = "[nodes]\nmx1.id = 1\nmx2.id = 2\n"
GONE = Unreachable(node=NodeName("mx2"), summary="Refused", detail="No.", hint="")
LIST = "cluster.roles.purge.stores = 1\n"


def file(node_id: int | str, rest: str = "") -> str:
    """A node's file, with a name so that nothing is said about that."""
    return f'cluster.node-id = {node_id}\nserver.hostname = "a.example"\n{rest}'


def said(plan: Plan, code: str) -> list[tuple[str, str, bool]]:
    """Scope, severity and whether it blocks, of every finding with this code."""
    found_there = [each for each in plan.findings if each.code == code]
    return [(str(e.scope), str(e.severity), e.blocks) for e in found_there]


def told(finding: Finding) -> tuple[Severity, bool]:
    """Severity, and whether it blocks."""
    return finding.severity, finding.blocks


@pytest.mark.parametrize("code", CATALOGUE)
def test_weight_of_each_code(code: str) -> None:
    """Errors block but for those of today; a few are errors wherever they stand."""
    usual, summary = CATALOGUE[code]
    is_error = usual is Severity.ERROR
    always = code in BLOCKS_WHEREVER_IT_STANDS
    today = found(code, Scope.LIVE, "x")

    assert summary == today.summary
    for scope in (Scope.DESIRED, Scope.DURING):
        assert (usual, is_error) == told(found(code, scope, "x"))
    mild = Severity.WARNING if is_error else usual
    assert told(today) == ((usual, True) if always else (mild, False))
    ended = told(repaired(today))
    assert ended == ((usual, True) if always else (Severity.INFO, False))


def test_what_the_plan_ends_is_information() -> None:
    """A fault of one file: the edit that replaces the value ends it."""
    nodes = {"mx1": file(1), "mx2": file(600, 'cluster.roles.merge-threads = ["x"]\n')}
    plan = planned(f"{HEAD}{TWO}", nodes).plan

    assert [("live", "info", False)] == said(plan, "SP103")
    assert [("live", "warning", False)] == said(plan, "SP207")
    assert plan.complete


def test_fault_of_two_nodes_that_the_plan_ends() -> None:
    """A fault of the cluster is a warning only as long as it lasts."""
    managed = f'{HEAD}{TWO}[roles]\n"purge.stores" = ["mx1"]\n'
    nodes = {"mx1": file(1, LIST), "mx2": file(2)}

    assert [("live", "warning", False)] == said(
        planned(f"{HEAD}{TWO}", nodes).plan, "SP204"
    )
    assert [("live", "info", False)] == said(planned(managed, nodes).plan, "SP204")


BROKEN = {
    "SP302": "",
    "SP303": 'store.bus.type = "mysql"\n',
    "SP305": 'store.bus.type = "kafka"\nstore.bus.brokers = ["a"]\n',
}


@pytest.mark.parametrize("code", BROKEN)
def test_coordinator_that_is_asked_for_must_work(code: str) -> None:
    """SP302, SP303 and SP305 block only where the desired file names the store."""
    live = {"mx1": file(1, f'cluster.coordinator = "bus"\n{BROKEN[code]}')}
    one = "[nodes]\nmx1.id = 1\n"
    asked = planned(f'{HEAD}coordinator = "bus"\n{one}', live).plan
    found_so = planned(f"{HEAD}{one}", live).plan

    assert ([("desired", "error", True)], False) == (said(asked, code), asked.complete)
    assert ([("live", "warning", False)], True) == (
        said(found_so, code),
        found_so.complete,
    )
    dropped = planned(f"{HEAD}coordinator = false\n{one}", live).plan
    assert ([("live", "info", False)], True) == (said(dropped, code), dropped.complete)


def test_loop_that_the_plan_takes_out() -> None:
    """SP506 is no obstacle where the plan replaces the value, and one elsewhere."""
    loop = '"%{env:A}% %{env:B"\n'
    name = f"{HEAD}hostname = 'b.example'\n[nodes]\nmx1.id = 1\n"
    ours = f"cluster.node-id = 1\nserver.hostname = {loop}"
    plan = planned(name, {"mx1": ours}).plan

    assert ([("live", "info", False)], True) == (said(plan, "SP506"), plan.complete)
    plan = planned(name, {"mx1": file(1, f"tracer.path = {loop}")}).plan
    assert ([("live", "error", True)], False) == (said(plan, "SP506"), plan.complete)


def test_list_that_comes_to_mean_another_thing() -> None:
    """A fault that is new in the end: of an unmanaged list it is only a warning."""
    text = f"{HEAD}[nodes]\nmx1.id = 1\nmx2.id = 8\n"
    nodes = {
        "mx1": file(1, "cluster.roles.fts-indexing = 8\n"),
        "mx2": "cluster.roles.fts-indexing = 9\n",
    }
    plan = planned(text, nodes).plan

    assert [("desired", "warning", False)] == said(plan, "SP204")
    (finding,) = [each for each in plan.findings if each.code == "SP204"]
    assert ("mx1", 3) == (finding.node, finding.line)


def test_nobody_by_wish_is_a_warning() -> None:
    """SP201 for a role that the desired file gives to nobody doesn't block."""
    text = f'{HEAD}{TWO}[roles]\n"purge.stores" = "none"\n'
    plan = planned(text, {"mx1": file(1), "mx2": file(2)}).plan

    assert [("desired", "warning", False)] == said(plan, "SP201")
    assert plan.complete


def test_exit_codes() -> None:
    """4 where all that blocks is an unreached node, 3 for anything else, else 0."""
    text = f"{HEAD}{TWO}"
    lost: list[Seen] = [report_of("mx1", file(1).encode()), GONE]
    worse: list[Seen] = [report_of("mx1", b"= 1\n"), GONE]
    warned = seen_of({"mx1": file(1, 'cluster.coordinator = "x"\n'), "mx2": file(2)})

    codes = [exit_code(planned(text, s).plan, detailed=True) for s in (lost, worse)]
    assert [4, 3] == codes
    plan = planned(text, warned).plan
    assert (0, True) == (exit_code(plan, detailed=True), plan.complete)
    assert [("live", "warning", False)] == said(plan, "SP302")


def test_excluded_node_is_not_missed() -> None:
    """SP601 does not apply to a node that was left out, nor do its own faults."""
    text = f"{HEAD}{TWO}"
    mx2 = (NodeName("mx2"),)
    bad = replace(report_of("mx2", b"= 1\n"), replace_problem="a mount")
    for answer in (GONE, bad):
        seen: list[Seen] = [report_of("mx1", file(1).encode()), answer]
        for options in (Options(exclude=mx2), Options(assume_down=mx2)):
            plan = planned(text, seen, options=options).plan
            assert (0, True) == (exit_code(plan, detailed=True), plan.complete)
            assert {"mx1", None} >= {each.node for each in plan.findings}
