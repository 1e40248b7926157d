"""What a plan says of small clusters, fact by fact."""

from dataclasses import replace
from datetime import timedelta

import pytest
from reports import STARTED, planned, report_of, seen_of

from stalplan.model.live import Seen, Unreachable, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.names import NodeName
from stalplan.planning.facts import facts
from stalplan.planning.outcome import exit_code
from stalplan.planning.plan import Options, Plan
from stalplan.planning.plan_json import plan_to_json


def wish(*nodes: str, rest: str = "", release: str = "0.15") -> str:
    """A desired file with nodes like `mx1=1`."""
    ids = "\n".join("{}.id = {}".format(*node.split("=")) for node in nodes)
    return (
        f'format = 1\n[cluster]\nname = "mail"\nrelease = "{release}"\n'
        f"[nodes]\n{ids}\n{rest}\n"
    )


def file(node_id: int | str | None, rest: str = "") -> str:
    """A node's file."""
    text = "" if node_id is None else f"cluster.node-id = {node_id}\n"
    return f"{text}{rest}\n"


def told(plan: Plan) -> list[tuple[object, ...]]:
    """Kind, address, before and after of every change."""
    known = [facts(change) for change in plan.changes]
    return [(each.kind, each.address, each.before, each.after) for each in known]


def edited(plan: Plan) -> list[tuple[object, ...]]:
    """Node, key, before and after of every edit."""
    return [(e.node, e.key, e.before, e.after) for e in plan.edits]


def codes(plan: Plan, *, blocks: bool = False) -> list[str]:
    """Codes of the findings, or of those that block."""
    return [each.code for each in plan.findings if each.blocks or not blocks]


def walk(plan: Plan) -> list[tuple[str, str]]:
    """Who is touched in which order, and how."""
    return [(" ".join(step.nodes), " ".join(step.actions)) for step in plan.steps]


def recorded(name: str, node_id: int, **values: tuple[str, ...]) -> State:
    """A state that knows one node."""
    known = RecordedNode(
        node_id=node_id,
        hostname=None,
        digest=digest_of(b""),
        values={"cluster.node-id": (str(node_id),), **values},
        applied_at=STARTED,
    )
    return State(cluster="mail", lineage="-", serial=1, nodes={NodeName(name): known})


def exclude(*names: str) -> Options:
    """Options that leave *names* unasked."""
    return Options(exclude=tuple(map(NodeName, names)))


FTS = "cluster.roles.fts-indexing"


def test_lists_that_name_an_id_to_come_name_nobody() -> None:
    """They say so with another id then, and the change tells of it."""
    nodes = {"mx1": file(1, f'{FTS} = ["8"]'), "mx2": file(2, f'{FTS} = ["8"]')}
    plan = planned(wish("mx1=8", "mx2=2"), nodes).plan

    assert [
        ("mx1", "cluster.node-id", "1", "8"),
        ("mx1", FTS, ("8",), ("511",)),
        ("mx2", FTS, ("8",), ("511",)),
    ] == edited(plan)
    (change,) = plan.changes
    assert (
        "stalplan.toml gives mx1 id 8. The list of fts-indexing names id 8, which no "
        "node has yet; 511 takes its place there."
    ) == change.reason


def test_nothing_differs() -> None:
    """A cluster that is as desired has no changes, no steps, and says so."""
    plan = planned(wish("mx1=1", "mx2=2"), {"mx1": file(1), "mx2": file("+002")}).plan

    assert "No changes. The cluster matches stalplan.toml." == plan.sentence
    assert (False, True) == (plan.has_changes, plan.complete)
    assert 0 == exit_code(plan, detailed=True)


def test_lists_follow_a_renumbered_node() -> None:
    """A list that isn't managed keeps its meaning on every node that has it."""
    nodes = {
        "mx1": file(1, f'{FTS} = ["1", "5"]'),
        "mx2": file(5, f'{FTS} = ["1", "5"]'),
    }
    plan = planned(wish("mx1=1", "mx2=2"), nodes).plan

    assert [("renumber", "nodes.mx2.id", "5", "2")] == told(plan)
    assert [
        ("mx1", FTS, ("1", "5"), ("1", "2")),
        ("mx2", "cluster.node-id", "5", "2"),
        ("mx2", FTS, ("1", "5"), ("1", "2")),
    ] == edited(plan)
    assert "The list of fts-indexing follows it" in plan.changes[0].reason


def test_entry_stays_with_the_node_that_keeps_the_id() -> None:
    """Of two nodes with one id the list meant the one that goes on having it."""
    nodes = {
        name: file(node_id, f'{FTS} = ["1", "2"]')
        for name, node_id in {"mx1": 1, "mx2": 1}.items()
    }
    plan = planned(wish("mx1=1", "mx2=2"), nodes).plan

    assert [("mx2", "cluster.node-id", "1", "2")] == edited(plan)
    assert "SP101" in codes(plan)
    assert [] == codes(plan, blocks=True)


def test_unused_id_in_a_list_goes_on_naming_nobody() -> None:
    """A node that moves to an id which a list names as nobody doesn't get the role."""
    nodes = {
        "mx1": file(1, f"{FTS} = 7"),
        "mx2": file(2, f"{FTS} = 7"),
    }
    plan = planned(wish("mx1=1", "mx2=7"), nodes).plan

    assert ("mx1", FTS, ("7",), ("511",)) in edited(plan)
    assert ("mx2", FTS, ("7",), ("511",)) in edited(plan)


def test_list_that_means_everyone_is_dropped() -> None:
    """For "all" the key must go, even where the list means everyone as it is."""
    text = wish("mx1=1", rest='[roles]\n"fts-indexing" = "all"')
    plan = planned(text, {"mx1": file(1, f'{FTS} = "no id"')}).plan

    assert [("drop_key", f'nodes.mx1."{FTS}"', ("no id",), None)] == told(plan)
    assert [("mx1", FTS, ("no id",), None)] == edited(plan)


def test_unreadable_entries_of_a_managed_list_go() -> None:
    """A list that means what it should loses what the server can't read."""
    text = wish("mx1=1", rest='[roles]\n"fts-indexing" = ["mx1"]')
    plan = planned(text, {"mx1": file(1, f'{FTS} = ["1", "x"]')}).plan

    assert [("mx1", FTS, ("1", "x"), ("1",))] == edited(plan)
    assert [("drop_key", f'nodes.mx1."{FTS}"', ("1", "x"), ("1",))] == told(plan)


@pytest.mark.parametrize("spelling", ['"1"', "1", '["1"]', '[" 1 "]', "[1]"])
def test_spelling_is_no_difference(spelling: str) -> None:
    """Whatever way a list is written, what counts is what the server reads."""
    text = wish("mx1=1", "mx2=2", rest='[roles]\n"fts-indexing" = ["mx1"]')
    rest = f"{FTS} = {spelling}"
    plan = planned(text, {"mx1": file(1, rest), "mx2": file(2, rest)}).plan

    assert [] == told(plan)


def test_integers_are_one_list_before_0_14() -> None:
    """On 0.13 a role's nodes are integers of one list."""
    role = "cluster.roles.purge.stores"
    text = wish(
        "mx1=1",
        "mx2=2",
        rest='[roles]\n"purge.stores" = ["mx1", "mx2"]',
        release="0.13",
    )
    seen: list[Seen] = [
        report_of(name, file(node_id, rest).encode(), version="0.13.4")
        for name, node_id, rest in (("mx1", 1, f"{role} = [1, 2]"), ("mx2", 2, ""))
    ]
    plan = planned(text, seen).plan

    assert [("mx2", role, None, ("1", "2"))] == edited(plan)
    assert [("move_role", "roles.purge.stores", "all", (("mx1", "mx2"),))] == told(plan)


@pytest.mark.parametrize("list_", ["7", '["8", "9"]'])
def test_list_that_names_nobody_is_good_for_none(list_: str) -> None:
    """For "none" a list stays whichever unused ids it names."""
    text = wish("mx1=1", rest='[roles]\n"fts-indexing" = "none"')
    plan = planned(text, {"mx1": file(1, f"{FTS} = {list_}")}).plan

    assert [] == edited(plan)
    assert "SP203" not in codes(plan)


def test_env_macro_stays_where_it_yields_the_id() -> None:
    """A macro stays where the process and its unit agree that it is the wanted id."""
    text, data = wish("mx1=1"), file('"%{env:ID}%"').encode()
    both = {"ID": "1"}
    same: list[Seen] = [report_of("mx1", data, environment=both, unit_environment=both)]
    other: list[Seen] = [report_of("mx1", data, environment=both)]

    assert [] == edited(planned(text, same).plan)
    key = "cluster.node-id"
    assert [("mx1", key, "%{env:ID}%", "1")] == edited(planned(text, other).plan)


def test_ids_that_collide_only_modulo_512() -> None:
    """Ids 1 and 513 are one id to mail and messages, and are repaired first."""
    nodes = {
        "mx1": file(1, 'server.hostname = "old"'),
        "mx2": file(513, 'server.hostname = "old"'),
    }
    text = wish("mx1=1", "mx2=2").replace(
        "[nodes]", 'hostname = "mail.example.org"\n[nodes]'
    )
    plan = planned(text, nodes).plan

    assert ["mx2", "mx1"] == [step.nodes[0] for step in plan.steps]
    assert "SP101" in codes(plan)


def test_canaries_go_first() -> None:
    """The nodes of apply.order come first, in that order."""
    nodes = {f"mx{i}": file(i, 'server.hostname = "old"') for i in (1, 2, 3)}
    rest = '[apply]\norder = ["mx3", "mx2"]'
    text = wish("mx1=1", "mx2=2", "mx3=3", rest=rest).replace(
        "[nodes]", 'hostname = "mail.example.org"\n[nodes]'
    )

    steps = planned(text, nodes).plan.steps
    assert ["mx3", "mx2", "mx1"] == [step.nodes[0] for step in steps]


def test_as_many_at_once_as_may_be_down() -> None:
    """With max_unavailable 2 two nodes are one step, as far as no id is in doubt."""
    nodes = {f"mx{i}": file(i, 'server.hostname = "old"') for i in (1, 2, 3, 4)}
    text = wish(
        *(f"mx{i}={i}" for i in (1, 2, 3, 4)), rest="[apply]\nmax_unavailable = 2"
    ).replace("[nodes]", 'hostname = "mail.example.org"\n[nodes]')

    steps = planned(text, nodes).plan.steps
    assert [("mx1", "mx2"), ("mx3", "mx4")] == [step.nodes for step in steps]


def test_stopped_node_uses_up_max_unavailable() -> None:
    """With one node found down no other may be stopped: SP607 says so."""
    text = wish("mx1=1", "mx2=2", rest='[roles]\n"fts-indexing" = ["mx1"]')
    seen: list[Seen] = [
        report_of("mx1", file(1).encode()),
        report_of("mx2", file(2).encode(), running=False),
    ]
    plan = planned(text, seen).plan

    assert ["SP607"] == codes(plan, blocks=True)
    assert (3, False, ()) == (
        exit_code(plan, detailed=False),
        plan.complete,
        plan.steps,
    )
    started = planned(text, seen, options=Options(start_stopped=True)).plan
    assert [
        ("mx2", "write start health"),
        ("mx1", "stop write start health"),
    ] == walk(started)


def test_stopped_node_that_waits_for_the_id_of_a_running_one() -> None:
    """It can't start before, and the other may not stop: SP607 names both."""
    rest = "[apply]\nmax_unavailable = {}"
    seen: list[Seen] = [
        report_of(name, file(node_id).encode(), running=name != "mx1")
        for name, node_id in (("mx1", 1), ("mx2", 2), ("mx3", 4))
    ]
    options = Options(start_stopped=True)
    wishes = ("mx1=2", "mx2=3", "mx3=4")

    plan = planned(wish(*wishes, rest=rest.format(1)), seen, options=options).plan
    assert ["SP607"] == codes(plan, blocks=True)
    assert (
        "mx1 can't start before mx2 gives up its id, and nothing may be stopped "
        "before: apply.max_unavailable is 1."
    ) == plan.findings[0].detail
    plan = planned(wish(*wishes, rest=rest.format(2)), seen, options=options).plan
    assert [
        ("mx2", "stop write start health"),
        ("mx1", "write start health"),
    ] == walk(plan)


def test_nodes_that_wait_to_be_started_count_as_down() -> None:
    """Of two nodes that may be down, one is: the others are stopped one by one."""
    rest = '[apply]\nmax_unavailable = 2\n[roles]\n"purge.stores" = ["mx1"]'
    seen: list[Seen] = [
        report_of(f"mx{number}", file(number).encode(), running=number != 1)
        for number in (1, 2, 3)
    ]
    text = wish("mx1=1", "mx2=2", "mx3=3", rest=rest)
    plan = planned(text, seen, options=Options(start_stopped=True)).plan

    assert [
        ("mx2", "stop write start health"),
        ("mx3", "stop write start health"),
        ("mx1", "write start health"),
    ] == walk(plan)


def test_many_nodes_of_which_one_is_started() -> None:
    """The order of many nodes begins with those found down, canaries or not."""
    nodes = [f"mx{number:02}" for number in range(1, 11)]
    rest = '[apply]\norder = ["mx10"]\n[roles]\n"fts-indexing" = ["mx01"]'
    seen: list[Seen] = [
        report_of(name, file(number).encode(), running=name != "mx05")
        for number, name in enumerate(nodes, 1)
    ]
    text = wish(*(f"{name}={i}" for i, name in enumerate(nodes, 1)), rest=rest)
    plan = planned(text, seen, options=Options(start_stopped=True)).plan

    assert [("mx05",), ("mx10",)] == [step.nodes for step in plan.steps][:2]


def test_id_of_an_unreachable_node_is_no_rule_of_its_own() -> None:
    """That it can't be reached is what stands in the way, and the exit code's."""
    gone = Unreachable(node=NodeName("mx2"), summary="Node unreachable", detail="-.")
    seen: list[Seen] = [report_of("mx1", file(1).encode()), gone]
    plan = planned(wish("mx1=2", "mx2=1"), seen, state=recorded("mx2", 2)).plan

    assert ["SP601"] == codes(plan, blocks=True)
    assert (4, ()) == (exit_code(plan, detailed=False), plan.steps)


def test_while_stopped_writes_only() -> None:
    """With --while-stopped nothing may run, and files are only written."""
    text = wish("mx1=2", "mx2=1")
    options = Options(while_stopped=True)
    stopped: list[Seen] = [
        report_of(name, file(node_id).encode(), running=False)
        for name, node_id in (("mx1", 1), ("mx2", 2))
    ]

    plan = planned(text, stopped, options=options).plan
    assert [("mx1", "write"), ("mx2", "write")] == walk(plan)
    assert 0 == plan.summary.restarts
    running = planned(text, {"mx1": file(1), "mx2": file(2)}, options=options).plan
    assert ["SP607"] == codes(running, blocks=True)


def test_swap_goes_through_the_spare_id() -> None:
    """Two nodes that swap ids are three starts, and the plan says what passes."""
    done = planned(wish("mx1=2", "mx2=1"), {"mx1": file(1), "mx2": file(2)})
    plan = done.plan

    assert ["mx1", "mx2", "mx1"] == [step.nodes[0] for step in plan.steps]
    assert [("cluster.node-id", "1", "511")] == [
        (edit.key, edit.before, edit.after) for edit in plan.steps[0].edits
    ]
    mx1 = NodeName("mx1")
    assert b"511" in done.results[1, mx1]
    assert done.digests[1, mx1] == done.bases[3, mx1]
    assert (2, 2, 3, 2) == (
        plan.summary.change,
        plan.summary.files,
        plan.summary.restarts,
        plan.summary.nodes_restarted,
    )


def test_unfit_spare_id() -> None:
    """A spare id that a list names is none: SP607 names the nodes in the circle."""
    text = wish("mx1=2", "mx2=1", rest="[apply]\nspare_id = 9")
    nodes = {"mx1": file(1, f"{FTS} = [1, 9]"), "mx2": file(2, f"{FTS} = [1, 9]")}
    plan = planned(text, nodes).plan

    assert ["SP607"] == codes(plan, blocks=True)
    assert [] == list(plan.steps)


def test_target_alone_is_unsound() -> None:
    """Only one of two nodes that must agree: the plan names the other."""
    text = wish("mx1=1", "mx2=2", rest='[roles]\n"fts-indexing" = ["mx1"]')
    nodes = {"mx1": file(1, f"{FTS} = 2"), "mx2": file(2, f"{FTS} = 2")}
    plan = planned(text, nodes, options=Options(target=(NodeName("mx1"),))).plan

    assert "SP607" in codes(plan, blocks=True)
    (finding,) = [each for each in plan.findings if each.code == "SP607"]
    assert "mx2" in finding.detail
    assert "stalplan plan --target mx1 --target mx2" == finding.hint


def test_target_of_its_own() -> None:
    """A host name is nobody else's matter, so one node may change alone."""
    text = wish("mx1=1", "mx2=2").replace(
        "[nodes]", 'hostname = "mail.example.org"\n[nodes]'
    )
    nodes = {f"mx{i}": file(i, 'server.hostname = "old"') for i in (1, 2)}
    plan = planned(text, nodes, options=Options(target=(NodeName("mx1"),))).plan

    assert ["mx1"] == [edit.node for edit in plan.edits]
    assert plan.complete


def test_excluded_node_keeps_its_id() -> None:
    """The last known id of a node that isn't asked is taken, unless it can't run."""
    text, mx2 = wish("mx1=2", "mx2=3"), NodeName("mx2")
    state = recorded("mx2", 2)

    excluded = planned(text, {"mx1": file(1)}, state=state, options=exclude("mx2"))
    assert ["SP101", "SP607"] == codes(excluded.plan, blocks=True)
    gone = Options(assume_down=(mx2,))
    plan = planned(text, {"mx1": file(1)}, state=state, options=gone).plan
    assert plan.complete
    assert ["mx1"] == [step.nodes[0] for step in plan.steps]


def test_excluded_node_may_run_what_was_recorded() -> None:
    """A role can't move away from a node that isn't asked and may still run it."""
    text = wish("mx1=1", "mx2=2", rest='[roles]\n"fts-indexing" = ["mx1"]')
    nodes = {"mx1": file(1, f"{FTS} = 2")}
    state = recorded("mx2", 2, **{FTS: ("2",)})

    plan = planned(text, nodes, state=state, options=exclude("mx2")).plan
    assert ["SP607"] == codes(plan, blocks=True)
    down = Options(assume_down=(NodeName("mx2"),))
    assert planned(text, nodes, state=state, options=down).plan.complete


def test_unreachable_node_is_a_value() -> None:
    """The plan is printed without the node, can't be applied, and exits with 4."""
    seen = seen_of({"mx1": file(5)})
    seen.append(
        Unreachable(node=NodeName("mx2"), summary="Refused", detail="No.", hint="")
    )
    plan = planned(wish("mx1=1", "mx2=2"), seen).plan

    assert ["SP601"] == codes(plan, blocks=True)
    assert (4, False) == (exit_code(plan, detailed=True), plan.complete)
    assert [("renumber", "nodes.mx1.id", "5", "1")] == told(plan)
    assert "Plan: 0 to add, 1 to change, 0 to remove. Files: 1, restarts: 1." == (
        plan.sentence
    )


def test_unread_cluster_never_matches() -> None:
    """A plan that could not look everywhere doesn't claim that nothing differs."""
    plan = planned(wish("mx1=1"), {"mx1": "= no config\n"}).plan

    assert ["SP501"] == codes(plan, blocks=True)
    assert plan.sentence.startswith("Plan: 0 to add")


def test_known_old_values_are_a_restart() -> None:
    """A file written after the start, with other values than before, is a restart."""
    newer = STARTED + timedelta(hours=1)
    text, now = wish("mx1=1"), file(1).encode()

    def plan_with(backup: bytes | None, *, unknown: bool = False) -> Plan:
        seen: list[Seen] = [report_of("mx1", now, changed_at=newer, backup=backup)]
        return planned(text, seen, options=Options(restart_unknown=unknown)).plan

    assert [("restart", "nodes.mx1", None, None)] == told(plan_with(file(9).encode()))
    assert [] == told(plan_with(b"# the same\n" + now))
    assert ([], ["SP503"]) == (
        told(plan_with(None)),
        [code for code in codes(plan_with(None)) if code == "SP503"],
    )
    assert [("mx1", "stop start health")] == walk(plan_with(None, unknown=True))


def test_order_of_nodes_makes_no_difference() -> None:
    """Whatever order nodes are listed and answer in, the plan is the same.

    Only the lines of the desired file, which lists them, are others.
    """
    nodes = {f"mx{i}": file((i + 1) % 4 + 1, f"{FTS} = {i}") for i in range(1, 5)}
    ids = [f"mx{i}={i}" for i in range(1, 5)]
    one = planned(wish(*ids), seen_of(nodes)).plan
    other = planned(wish(*reversed(ids)), seen_of(nodes)[::-1]).plan
    assert one.desired.lines != other.desired.lines
    other = replace(other, desired=one.desired)

    assert plan_to_json(one) == plan_to_json(other)


def test_coordinator_must_exist() -> None:
    """SP302, SP303 block where the desired file names the coordinator, else warn."""
    text = wish("mx1=1").replace("[nodes]", 'coordinator = "redis"\n[nodes]')
    named = 'cluster.coordinator = "redis"'
    store = 'store.redis.type = "{}"'

    assert ["SP302"] == codes(planned(text, {"mx1": file(1)}).plan, blocks=True)
    bad = planned(text, {"mx1": file(1, f"{named}\n{store.format('rocksdb')}")}).plan
    assert ["SP303"] == codes(bad, blocks=True)
    good = planned(text, {"mx1": file(1, f"{named}\n{store.format('REDIS')}")}).plan
    assert good.complete
    found = planned(wish("mx1=1"), {"mx1": file(1, named)}).plan
    assert ([], True) == (codes(found, blocks=True), "SP302" in codes(found))
