"""Laws of planning: whatever the cluster is, carrying a plan out ends the matter."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import planned, report_of, seen_of

from stalplan.findings import BLOCKS_WHEREVER_IT_STANDS, CATALOGUE, Scope, Severity
from stalplan.model.live import Seen
from stalplan.names import NodeName
from stalplan.planning.plan import ActionName, Options, Plan, Planned, Risk, Step
from stalplan.planning.plan_json import plan_from_json, plan_to_json
from stalplan.render import RENDERERS
from stalplan.stalwart.effective import Effective, Off, Shard, effective
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import Release, ServerVersion

Files = dict[str, str]
Risks = set[tuple[str | None, str]]

LISTS = st.sampled_from(
    [
        *("", "1", '"1,2"', "[1, 2]", '["1", "2,3"]', '["9"]', '["1,4", "x"]', "[]"),
        *('["3", "2", "1"]', '"no"', '[" 2 "]', '["513"]'),
    ]
)
IDS = st.sampled_from(["", "1", "2", "3", "4", '"3"', "513", '"abc"', "007", "+2"])
WISHES = st.sampled_from(
    [
        *('"all"', '"none"', '["mx1"]', '["mx1", "mx2"]', '[["mx1"], ["mx2"]]'),
        '{ label = "all-of-them", shards = "each" }',
    ]
)
ROLES = ("fts-indexing", "purge.stores", "spam-training")


@st.composite
def files(draw: st.DrawFn, count: int) -> Files:
    """Config files that somebody wrote by hand."""
    found = {}
    for number in range(1, count + 1):
        lines = ['store.redis.type = "redis"', "store.redis.urls = 'canary'"]
        if node_id := draw(IDS):
            lines.append(f"cluster.node-id = {node_id}")
        lists = [(role, draw(LISTS)) for role in ROLES]
        lines += [f"cluster.roles.{role} = {text}" for role, text in lists if text]
        lines += draw(st.sampled_from([[], ['server.hostname = "old.example.org"']]))
        lines += draw(st.sampled_from([[], ['cluster.coordinator = "redis"']]))
        found[f"mx{number}"] = "\n".join(draw(st.permutations(lines))) + "\n"
    return found


@st.composite
def clusters(draw: st.DrawFn) -> tuple[str, Files]:
    """A desired file, and the files of its nodes."""
    count = draw(st.integers(2, 4))
    ids = draw(st.permutations(range(1, count + 1)))
    nodes = "".join(
        f'mx{number} = {{ id = {node_id}, labels = ["all-of-them"] }}\n'
        for number, node_id in enumerate(ids, 1)
    )
    roles = "".join(
        f'"{role}" = {draw(WISHES)}\n' for role in draw(st.sets(st.sampled_from(ROLES)))
    )
    cluster = draw(
        st.sampled_from(["", 'coordinator = "redis"', "coordinator = false"])
    )
    cluster += draw(st.sampled_from(["", '\nhostname = "mail.example.org"']))
    most = draw(st.integers(1, 2))
    text = (
        f'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n{cluster}\n'
        f"[nodes]\n{nodes}[roles]\n{roles}[apply]\nmax_unavailable = {most}\n"
    )
    return text, draw(files(count))


PartlyStopped = tuple[str, Files, frozenset[str], int, bool]
"""A cluster, the nodes whose servers were found stopped, and `max_unavailable`; and
whether those are to be started."""


@st.composite
def partly_stopped(draw: st.DrawFn) -> PartlyStopped:
    """A cluster of which some nodes may be down."""
    text, nodes = draw(clusters())
    stopped = draw(st.one_of(st.just(()), st.lists(st.sampled_from(sorted(nodes)))))
    most = int(text.rsplit("= ", 1)[1])
    return text, nodes, frozenset(stopped), most, draw(st.booleans())


def seen_with(nodes: Files, stopped: frozenset[str]) -> list[Seen]:
    """A look at the nodes, some of which are down."""
    return [
        report_of(name, text.encode(), running=name not in stopped)
        for name, text in nodes.items()
    ]


def read(data: bytes) -> Effective:
    """What a server that starts with this file is."""
    return effective(parse(data, ServerVersion(Release.V0_15)), Release.V0_15)


def carried_out(
    done: Planned,
    nodes: Files,
    stopped: frozenset[str] = frozenset(),
    most: int = 1,
) -> Files:
    """The files after all steps; every moment is looked at on the way.

    Never are more than *most* nodes down because of a step, no two nodes run with an
    id that wasn't double, and the plan tells what is at risk after each step.
    """
    held = {name: text.encode() for name, text in nodes.items()}
    runs = {name: [read(data)] for name, data in held.items() if name not in stopped}
    after = []
    for step in done.plan.steps:
        stops = step.nodes if ActionName.STOP in step.actions else ()
        assert not stops or len(stops) + len(nodes) - len(runs) <= most
        before = doubles(runs)
        for name in step.nodes:
            key = (step.number, NodeName(name))
            held[name] = done.results.get(key, held[name])
            if ActionName.START in step.actions:
                runs[name] = [*runs.get(name, []), read(held[name])]
        assert doubles(runs) <= before
        runs = {name: [read(held[name])] for name in runs}
        if ActionName.START in step.actions:  # else nothing has become another
            after.append((step, risks([one for (one,) in runs.values()])))
    assert set() == doubles(runs)
    lasting = after[-1][1] if after else set()
    assert [each - lasting for _, each in after] == [told(step) for step, _ in after]
    return {name: data.decode() for name, data in held.items()}


def doubles(runs: dict[str, list[Effective]]) -> set[tuple[str, str]]:
    """Pairs of nodes that may have one id at the same time.

    Within a step the nodes stop and start in any order, so both what they were and
    what they come to be counts while it lasts.
    """
    ids = {name: {one.node_id % 512 for one in known} for name, known in runs.items()}
    return {(a, b) for a in ids for b in ids if a < b and ids[a] & ids[b]}


def risks(running: list[Effective]) -> Risks:
    """Roles that are not fully run or split; nodes that can't hear each other."""
    found: Risks = set()
    for role in ROLES:
        tables = {one.tables[role] for one in running}
        parts = [one.roles[role] for one in running]
        held = {
            (part.index, part.of) if isinstance(part, Shard) else (0, 1)
            for part in parts
            if not isinstance(part, Off)
        }
        if len(tables) > 1 and any(table and len(table) > 1 for table in tables):
            found.add((role, "split"))
        elif not held or len(held) < min(of for _, of in held):
            found.add((role, "uncovered"))
    if len({one.coordinator for one in running}) > 1:
        found.add((None, "parted"))
    return found


def told(step: Step) -> Risks:
    """The same as the plan tells it; that two nodes do one's work is another matter."""
    return {(e.role, str(e.what)) for e in step.exposure if e.what != Risk.DOUBLE}


def leaves_nothing_to_do(cluster: PartlyStopped) -> None:
    text, nodes, stopped, most, start = cluster
    options = Options(start_stopped=start)
    done = planned(text, seen_with(nodes, stopped), options=options)

    changed = {edit.node for edit in done.plan.edits}
    blocking = [each.code for each in done.plan.findings if each.blocks]
    down = stopped - changed if start else stopped
    if len(down) >= most and changed - stopped:
        assert ["SP607"] == blocking
        return
    if start and blocking:  # who is to start waits for an id of who may not stop
        assert ["SP607"] == blocking
        assert len(stopped) >= most
        return
    assert [] == blocking
    files = carried_out(done, nodes, stopped, most)
    again = planned(text, seen_with(files, down)).plan
    assert "No changes. The cluster matches stalplan.toml." == again.sentence


@settings(max_examples=150)
@given(partly_stopped())
def test_a_plan_carried_out_leaves_nothing_to_do(cluster: PartlyStopped) -> None:
    """A second plan, from the files that the first one made, has no changes."""
    leaves_nothing_to_do(cluster)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, suppress_health_check=[*HealthCheck])
@given(partly_stopped())
def test_ten_thousand_plans_carried_out_leave_nothing_to_do(
    cluster: PartlyStopped,
) -> None:
    """The same for ten thousand clusters."""
    leaves_nothing_to_do(cluster)


@settings(max_examples=60)
@given(clusters())
def test_order_of_nodes_makes_no_difference(cluster: tuple[str, Files]) -> None:
    """Whatever order nodes answer in, the plan has the same bytes, also when saved."""
    text, nodes = cluster
    one = planned(text, nodes).plan
    other = planned(text, seen_of(nodes)[::-1]).plan

    assert plan_to_json(one) == plan_to_json(other)
    assert one == plan_from_json(plan_to_json(one), file="p")
    assert "canary" not in plan_to_json(one)


@settings(max_examples=60)
@given(clusters())
def test_order_in_the_desired_file_makes_no_difference(
    cluster: tuple[str, Files],
) -> None:
    """Nodes and roles listed the other way round: the same plan, but for lines."""
    text, nodes = cluster
    top, rest = text.split("[nodes]\n")
    listed, rest = rest.split("[roles]\n")
    roles, rest = rest.split("[apply]\n")
    other = f"{top}[apply]\n{rest}[roles]\n{turned(roles)}[nodes]\n{turned(listed)}"

    plans = [planned(each, nodes).plan for each in (text, other)]
    one, another = (
        replace(
            plan,
            desired=replace(plan.desired, lines={}),
            findings=tuple(
                sorted(
                    (replace(each, line=None) for each in plan.findings),
                    key=lambda each: each.sort_key,
                )
            ),
        )
        for plan in plans
    )
    assert plan_to_json(one) == plan_to_json(another)


def turned(lines: str) -> str:
    """The last line first."""
    return "".join(reversed(lines.splitlines(keepends=True)))


ODD = st.sampled_from(
    [
        *('cluster.node-id = "%{env:A}%"', 'cluster.node-id = "%{env:A}% %{env:B"'),
        *("cluster.node-id = 18446744073709551615", "cluster.node-id = [3]"),
        *(
            'server.hostname = ["x"]',
            'server.hostname = ""',
            "[cluster]",
            "[[cluster]]",
        ),
        *("cluster.roles.fts-indexing = {1, 2}", "fts-indexing = 1", "[cluster.roles]"),
        *('cluster.coordinator = "%{file:/x}%"', 'store.x.type = "kafka"', "a = 1_0"),
        *("cluster.roles.fts-indexing.note = 'it is ours'", "\ufeff", "= 1", "# é"),
        *('cluster.roles.purge.stores.10 = "1"', 'cluster.roles.purge.stores.2 = "2"'),
        *('config.local-keys = ["store.*"]', "lookup.default.hostname = 'OLD.example'"),
    ]
)


odd_files = st.one_of(
    st.binary(max_size=40),
    st.lists(ODD, max_size=8).map(lambda lines: "\n".join([*lines, ""]).encode()),
)
"""Any bytes, or lines of which the server makes more, or less, than it seems."""


@settings(max_examples=200)
@given(
    clusters(),
    odd_files,
    st.dictionaries(st.sampled_from("AB"), st.sampled_from(["1", "2", "x", ""])),
    st.booleans(),
)
def test_any_file_gives_a_plan(
    cluster: tuple[str, Files], data: bytes, env: dict[str, str], running: bool
) -> None:
    """Whatever one node's file holds, there is a plan, and every format of it."""
    text, nodes = cluster
    odd = report_of(
        "mx1", data, running=running, environment=env, unit_environment={"A": "2"}
    )
    plan = planned(text, [odd, *seen_of(nodes)[1:]]).plan

    assert plan.complete != plan.blocked
    assert all(render(plan).endswith("\n") for render in RENDERERS.values())
    assert plan == plan_from_json(plan_to_json(plan), file="p")
    assert_weights(plan)


def assert_weights(plan: Plan) -> None:
    """What a finding's scope makes of its weight, and its weight of blocking."""
    for each in plan.findings:
        usual, summary = CATALOGUE[each.code]
        assert summary == each.summary
        assert (each.severity is Severity.ERROR) == each.blocks
        assert list(Severity).index(each.severity) >= list(Severity).index(usual)
        always = each.code in BLOCKS_WHEREVER_IT_STANDS
        if always and each.code != "SP506":  # the plan may replace the value
            assert each.blocks
        if each.scope is Scope.LIVE and not always:
            assert each.severity is not Severity.ERROR
        if each.scope is Scope.DURING:
            assert each.code == "SP607"
