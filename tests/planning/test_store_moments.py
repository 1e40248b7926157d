"""What a store's settings mean for the order of steps, and for rules."""

from reports import planned
from store_clusters import PASSWORD, both, codes, file, password, told, wish

from stalplan.names import NodeName
from stalplan.planning.plan import Options


def test_nodes_on_other_servers_are_parted() -> None:
    """A store that moves takes its nodes to other servers, one after the other."""
    desired = wish().replace('"%{env:URL}%"', '"redis://u:p@new:1"')
    nodes = {
        name: text.replace('"%{env:URL}%"', '["redis://old:1", "redis://old:2"]')
        for name, text in both(password()).items()
    }
    plan = planned(desired, nodes, secrets=PASSWORD).plan

    assert ["parted"] == [risk.what for risk in plan.steps[0].exposure]
    assert () == plan.steps[1].exposure


def test_where_a_macro_leads_is_not_known() -> None:
    """A URL that moves into the environment is not claimed to be another server."""
    nodes = {
        name: text.replace("%{env:URL}%", "redis://u:p@h:1")
        for name, text in both(password()).items()
    }
    plan = planned(wish(), nodes, secrets=PASSWORD).plan

    assert [(), ()] == [step.exposure for step in plan.steps]


def test_another_password_parts_nobody() -> None:
    """Credentials in a URL are no other server."""
    desired = wish().replace('"%{env:URL}%"', '"redis://u:new@h:1"')
    nodes = {
        name: text.replace("%{env:URL}%", "redis://u:old@h:1")
        for name, text in both(password()).items()
    }
    plan = planned(desired, nodes, secrets=PASSWORD).plan

    assert [(), ()] == [step.exposure for step in plan.steps]


def test_steps_tell_of_stores() -> None:
    """Why a node starts anew, whatever else changes with it."""
    desired = wish(more='hostname = "mail.example.org"\n')
    nodes = {
        "mx1": file(1, password("old"), head='server.hostname = "x"\n'),
        "mx2": file(2, password(), head='server.hostname = "mail.example.org"\n'),
    }
    (step,) = planned(desired, nodes, secrets=PASSWORD).plan.steps

    assert (
        "mx1 gets new settings of the store redis. mx1 announces itself as "
        "mail.example.org."
    ) == step.why


def test_a_store_that_the_plan_brings_is_not_missing() -> None:
    """SP302 blocks where the file names a store that nobody brings, and only there."""
    bare = {name: text.split("store.")[0] for name, text in both("").items()}
    alone = wish("").partition("[store.redis]")[0]

    assert ["SP302", "SP302"] == codes(planned(alone, bare).plan)
    brought = planned(wish(), bare, secrets=PASSWORD).plan
    assert [] == codes(brought)
    assert "SP302" in [each.code for each in brought.findings]


def test_a_store_of_another_type_is_replaced() -> None:
    """SP303 is repaired by the plan that gives the store a type that can coordinate."""
    memory = {
        name: text.replace('type = "redis"', 'type = "memory"')
        for name, text in both(password()).items()
    }
    plan = planned(wish(), memory, secrets=PASSWORD).plan

    change = ("update", "store.redis.type", "memory", "redis", ("mx1", "mx2"))
    assert ([change], []) == (told(plan), codes(plan))


def test_keys_that_a_node_keeps_in_its_database_block() -> None:
    """SP504: what the file says of the store would count for nothing there."""
    local = 'config.local-keys = ["cluster.*", "server.*"]\n'
    nodes = {"mx1": file(1, password(), head=local), "mx2": file(2, password())}
    plan = planned(wish(), nodes, secrets=PASSWORD).plan

    (finding,) = [each for each in plan.findings if each.blocks]
    assert ("SP504", "mx1") == (finding.code, finding.node)
    assert "Add cluster.*, server.* and store.* to" in finding.hint


def test_one_node_alone_cannot_move_to_other_servers() -> None:
    """With --target the end must be sound: nodes that stay behind are named."""
    desired = wish().replace('"%{env:URL}%"', '"redis://new:1"')
    nodes = {
        name: text.replace("%{env:URL}%", "redis://old:1")
        for name, text in both(password()).items()
    }
    options = Options(target=(NodeName("mx1"),))
    plan = planned(desired, nodes, secrets=PASSWORD, options=options).plan

    assert ["SP607"] == codes(plan)
    assert "mx2 must change too" in plan.findings[0].detail
