"""Plans of only some nodes: sound whatever the others do, or none at all."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import STARTED, planned, report_of
from test_laws import ROLES, Files, clusters, doubles, read, risks

from stalplan.model.live import Seen, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.names import NodeName
from stalplan.planning.plan import Options, Planned
from stalplan.planning.values import managed_values
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import Release, ServerVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Partly:
    """A cluster of which *left* are not to change: not asked, or no targets."""

    text: str
    nodes: Files
    left: frozenset[str]
    asked: bool
    recorded: bool

    @property
    def options(self) -> Options:
        """As the command line has them."""
        if self.asked:
            return Options(target=_names(self.nodes.keys() - self.left))
        return Options(exclude=_names(self.left))

    @property
    def seen(self) -> list[Seen]:
        """Of nodes that were asked."""
        names = [name for name in self.nodes if self.asked or name not in self.left]
        return [report_of(name, self.nodes[name].encode()) for name in names]

    @property
    def state(self) -> State | None:
        """What the last apply wrote down of the nodes that aren't asked."""
        if self.asked or not self.recorded:
            return None
        nodes = {NodeName(name): _recorded(self.nodes[name]) for name in self.left}
        return State(cluster="mail", lineage="-", serial=1, nodes=nodes)

    @property
    def worlds(self) -> list[frozenset[str]]:
        """Who may be down: of nodes of which nothing is known nothing is said."""
        if self.asked:
            return [frozenset()]
        return [frozenset(), self.left] if self.recorded else [self.left]


@st.composite
def partly(draw: st.DrawFn) -> Partly:
    """Some nodes of a cluster."""
    text, nodes = draw(clusters())
    some = st.sets(st.sampled_from(sorted(nodes)), min_size=1, max_size=len(nodes) - 1)
    return Partly(
        text=text,
        nodes=nodes,
        left=frozenset(draw(some)),
        asked=draw(st.booleans()),
        recorded=draw(st.booleans()),
    )


def _names(names: frozenset[str] | set[str]) -> tuple[NodeName, ...]:
    return tuple(map(NodeName, sorted(names)))


def _recorded(text: str) -> RecordedNode:
    config = parse(text.encode(), ServerVersion(Release.V0_15))
    return RecordedNode(
        node_id=read(text.encode()).node_id,
        hostname=None,
        digest=digest_of(b""),
        values=managed_values(config, Release.V0_15, ()),
        applied_at=STARTED,
    )


def is_sound_or_none(case: Partly) -> None:
    done = planned(case.text, case.seen, options=case.options, state=case.state)

    plan = done.plan
    assert set() == {edit.node for edit in plan.edits} & case.left
    if plan.blocked:
        ways = {each.hint for each in plan.findings if each.blocks}
        assert "" not in ways
    elif plan.steps:
        for down in case.worlds:
            stays_sound(done, case, down)


def stays_sound(done: Planned, case: Partly, down: frozenset[str]) -> None:
    """No id is doubled on the way, and nothing is at risk in the end that wasn't."""
    nodes = case.nodes
    meant = {(role, "uncovered") for role in ROLES if f'"{role}" = "none"' in case.text}
    held = {name: text.encode() for name, text in nodes.items() if name not in down}
    runs = {name: [read(data)] for name, data in held.items()}
    old = risks([one for (one,) in runs.values()])
    for step in done.plan.steps:
        before = doubles(runs)
        for name in step.nodes:
            held[name] = done.results.get((step.number, name), held[name])
            runs[name] = [*runs[name], read(held[name])]
        assert doubles(runs) <= before
        runs = {name: [read(data)] for name, data in held.items()}
    assert set() == doubles(runs)
    assert old | meant >= risks([one for (one,) in runs.values()])


@settings(max_examples=80)
@given(partly())
def test_a_plan_of_some_nodes_is_sound(case: Partly) -> None:
    """Whether the others run what they last did, or are down."""
    is_sound_or_none(case)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, suppress_health_check=[*HealthCheck])
@given(partly())
def test_ten_thousand_plans_of_some_nodes_are_sound(case: Partly) -> None:
    """The same for ten thousand clusters."""
    is_sound_or_none(case)


HEAD = 'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
BUS = 'cluster.coordinator = "bus"\nstore.bus.type = "redis"\n'
LIST = "cluster.roles.purge.stores = 1\n"


def partial_plan(text: str, nodes: Files, *left: str) -> list[str]:
    """What blocks the plan that leaves out *left*, of which all is recorded."""
    case = Partly(
        text=text, nodes=nodes, left=frozenset(left), asked=False, recorded=True
    )
    plan = planned(text, case.seen, options=case.options, state=case.state).plan
    return [each.detail for each in plan.findings if each.blocks]


def test_role_that_only_an_unasked_node_would_hold() -> None:
    """It may be down, and was not the only one until now."""
    text = f'{HEAD}[nodes]\nmx1.id = 1\nmx2.id = 2\n[roles]\n"purge.stores" = ["mx1"]\n'
    nodes = {
        "mx1": f"cluster.node-id = 1\n{LIST}",
        "mx2": f"cluster.node-id = 2\n{LIST.replace('1', '2')}",
    }

    assert ["With mx1 down, purge.stores would no longer be fully run."] == (
        partial_plan(text, nodes, "mx1")
    )


def test_role_that_nobody_is_to_hold() -> None:
    """That is meant so, also where only some nodes change."""
    text = f'{HEAD}[nodes]\nmx1.id = 1\nmx2.id = 2\n[roles]\n"purge.stores" = "none"\n'
    nodes = {
        "mx1": f"cluster.node-id = 1\n{LIST.replace('1', '9')}",
        "mx2": "cluster.node-id = 2\n",
    }

    assert [] == partial_plan(text, nodes, "mx1")


def test_unasked_node_stays_on_its_coordinator() -> None:
    """Also where its store isn't managed, so that no type of it is recorded."""
    text = f"{HEAD}coordinator = false\n[nodes]\nmx1.id = 1\nmx2.id = 2\n"
    nodes = {f"mx{i}": f"cluster.node-id = {i}\n{BUS}" for i in (1, 2)}

    told = "The nodes would no longer agree on the coordinator. mx1 must change too."
    assert [told] == partial_plan(text, nodes, "mx1")
