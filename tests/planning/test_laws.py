"""Laws of planning: whatever the cluster is, carrying a plan out ends the matter."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import planned, report_of, seen_of

from stalplan.names import NodeName
from stalplan.planning.plan import ActionName, Planned
from stalplan.planning.plan_json import plan_from_json, plan_to_json
from stalplan.render import RENDERERS
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import Release, ServerVersion

Files = dict[str, str]

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


def low_id(data: bytes) -> int:
    """What a server that starts with this file is to messages and mail."""
    config = parse(data, ServerVersion(Release.V0_15))
    return effective(config, Release.V0_15).node_id % 512


def carried_out(done: Planned, nodes: Files) -> Files:
    """The files after all steps; no two nodes ever run with an id that wasn't double.

    Within a step the nodes stop and start in any order, so both their old and their
    new ids count while it lasts.
    """
    held = {name: text.encode() for name, text in nodes.items()}
    runs = {name: {low_id(data)} for name, data in held.items()}
    for step in done.plan.steps:
        before = doubles(runs)
        for name in step.nodes:
            key = (step.number, NodeName(name))
            held[name] = done.results.get(key, held[name])
            if ActionName.START in step.actions:
                runs[name] = runs[name] | {low_id(held[name])}
        assert doubles(runs) <= before
        runs = {name: {low_id(data)} for name, data in held.items()}
    assert set() == doubles(runs)
    return {name: data.decode() for name, data in held.items()}


def doubles(runs: dict[str, set[int]]) -> set[tuple[str, str]]:
    """Pairs of nodes that may have one id at the same time."""
    return {(a, b) for a in runs for b in runs if a < b and runs[a] & runs[b]}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_a_plan_carried_out_leaves_nothing_to_do(cluster: tuple[str, Files]) -> None:
    """A second plan, from the files that the first one made, has no changes."""
    text, nodes = cluster
    done = planned(text, nodes)

    assert [] == [each for each in done.plan.findings if each.blocks]
    again = planned(text, carried_out(done, nodes)).plan
    assert "No changes. The cluster matches stalplan.toml." == again.sentence


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_order_of_nodes_makes_no_difference(cluster: tuple[str, Files]) -> None:
    """Whatever order nodes answer in, the plan has the same bytes, also when saved."""
    text, nodes = cluster
    one = planned(text, nodes).plan
    other = planned(text, seen_of(nodes)[::-1]).plan

    assert plan_to_json(one) == plan_to_json(other)
    assert one == plan_from_json(plan_to_json(one), file="p")
    assert "canary" not in plan_to_json(one)


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


@settings(max_examples=200, deadline=None)
@given(
    clusters(),
    st.one_of(
        st.binary(max_size=40),
        st.lists(ODD, max_size=8).map(lambda lines: "\n".join([*lines, ""]).encode()),
    ),
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
