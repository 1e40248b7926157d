"""Settings of the coordinator's store: changes, what is written, what is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from reports import STARTED, desired_of, planned, report_of, seen_of

from stalplan.model.live import Seen, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.model.secrets import EnvRef, Secret, Secrets, Unresolved
from stalplan.names import NodeName
from stalplan.planning.changes import Cause
from stalplan.planning.facts import facts
from stalplan.planning.outcome import exit_code
from stalplan.planning.plan import Options, Plan
from stalplan.planning.stale import differences_since
from stalplan.planning.values import managed_values
from stalplan.render import RENDERERS
from stalplan.run.remember import recorded
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import ServerVersion

CANARY = "canary-77ab"
PASSWORD: Secrets = {EnvRef("PW"): Secret(f"{CANARY}-new")}
REST = 'password = { env = "PW" }\n'


def wish(store: str = REST, *, coordinator: str = "redis", more: str = "") -> str:
    """A desired file with two nodes and a redis store."""
    return (
        f'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        f'coordinator = "{coordinator}"\n{more}[nodes]\nmx1.id = 1\nmx2.id = 2\n'
        '[store.redis]\ntype = "redis"\nurls = "%{env:URL}%"\n' + store
    )


def file(number: int, store: str = "", *, head: str = "") -> str:
    """A node's flat file with the store's type and URL, and more lines of it."""
    return (
        f'{head}cluster.coordinator = "redis"\ncluster.node-id = {number}\n'
        'store.redis.type = "redis"\nstore.redis.urls = "%{env:URL}%"\n' + store
    )


def password(text: str = f"{CANARY}-new") -> str:
    """The line of a password."""
    return f'store.redis.password = "{text}"\n'


def told(plan: Plan) -> list[tuple[object, ...]]:
    """Action, address, before, after and nodes of every change."""
    known = [facts(change) for change in plan.changes]
    return [(f.action, f.address, f.before, f.after, f.nodes) for f in known]


def both(store: str) -> dict[str, str]:
    """Two nodes with equal stores."""
    return {"mx1": file(1, store), "mx2": file(2, store)}


def codes(plan: Plan) -> list[str]:
    """Codes of the findings that block."""
    return [each.code for each in plan.findings if each.blocks]


def test_a_secret_that_is_there_is_no_change() -> None:
    """Text, macro and secret all as wanted: nothing to do."""
    plan = planned(wish(), both(password()), secrets=PASSWORD).plan

    assert "No changes. The cluster matches stalplan.toml." == plan.sentence


def test_other_secrets_are_one_change() -> None:
    """Two nodes with different wrong secrets read alike, and count as one change."""
    nodes = {"mx1": file(1, password("a")), "mx2": file(2, password("b"))}
    plan = planned(wish(), nodes, secrets=PASSWORD).plan

    change = ("update", "store.redis.password", "(sensitive)", "(sensitive)")
    assert [(*change, ("mx1", "mx2"))] == told(plan)
    assert {("(sensitive)", "(sensitive)")} == {(e.before, e.after) for e in plan.edits}
    assert (0, 1, 0, 2) == (
        plan.summary.add,
        plan.summary.change,
        plan.summary.remove,
        plan.summary.files,
    )


def test_the_secret_is_what_is_written() -> None:
    """The bytes hold it, in the file's own style, and nothing that is shown does."""
    done = planned(wish(), both(password("old")), secrets=PASSWORD)

    written = [*done.results.values()]
    assert 2 == len(written)
    assert all(password().encode() in data for data in written)
    shown = [render(done.plan) for render in RENDERERS.values()]
    assert [] == [text for text in [*shown, repr(done)] if CANARY in text]


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("timeout = '5s'", "5s"),
        ("pool.max-connections = 3", "3"),
        ("retry.total = 3", "3"),
        ("read-from-replicas = true", "true"),
        ("protocol-version = 'resp2'", "resp2"),
        ("user = '%{env:USER}%'", "%{env:USER}%"),
        ("user = '%{env:A}%%{env:B}%'", "(sensitive)"),
        (f"user = '{CANARY}'", "(sensitive)"),
        (f"unknown = '{CANARY}'", "(sensitive)"),
        (f"poolish = '{CANARY}'", "(sensitive)"),
        (f"user = ['{CANARY}', '%{{env:B}}%']", ("(sensitive)", "%{env:B}%")),
        (f"{CANARY}.x.password = 'x'", "(sensitive)"),
    ],
)
def test_what_is_shown_of_a_key_that_goes(
    line: str, before: str | tuple[str, ...]
) -> None:
    """All settings of a managed store are ours: what isn't asked for is removed."""
    nodes = both(f"{password()}store.redis.{line}\n")
    plan = planned(wish(), nodes, secrets=PASSWORD).plan

    ((action, address, was, after, names),) = told(plan)
    key = line.partition(" = ")[0]
    assert ("delete", f"store.redis.{key}", before, None) == (
        action,
        address,
        was,
        after,
    )
    assert ("mx1", "mx2") == names


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ('urls = ["a"]', '"a"', True),
        ('urls = "a"', '["a"]', True),
        ('urls.0000 = "a"\nstore.redis.urls.0001 = "b"', '["a", "b"]', True),
        ('urls = ["b", "a"]', '["a", "b"]', False),
        ('urls = ["a", "b"]', '["a"]', False),
    ],
)
def test_a_list_is_what_the_server_reads(live: str, wanted: str, same: bool) -> None:
    """Where the server takes one text or a list, the spelling is no difference."""
    desired = wish("").replace('"%{env:URL}%"', wanted)
    text = file(1).replace('urls = "%{env:URL}%"', live)
    plan = planned(desired, {"mx1": text, "mx2": text.replace("= 1", "= 2")}).plan

    assert same == (told(plan) == [])


def test_a_list_where_one_text_is_wanted_is_none() -> None:
    """The server doesn't find a password in a list."""
    nodes = both('store.redis.password = ["x"]\n')
    plan = planned(wish("password = 'x'\n"), nodes).plan

    assert [("(sensitive)",), "(sensitive)"] == [*told(plan)[0][2:4]]


def test_what_is_below_a_key_that_goes_stays() -> None:
    """`timeout` goes and `timeout.connection` stays, though one is below the other."""
    desired = (
        wish("")
        .replace('type = "redis"\nurls = "%{env:URL}%"', "")
        .replace("[store.redis]", '[store.redis]\ntype = "nats"\naddress = "h"\n')
    ) + "timeout.connection = '5s'\n"
    text = (
        'cluster.coordinator = "redis"\ncluster.node-id = {}\n'
        'store.redis.type = "nats"\nstore.redis.address = "h"\n'
        'store.redis.timeout = "9s"\nstore.redis.timeout.connection = "5s"\n'
    )
    done = planned(desired, {"mx1": text.format(1), "mx2": text.format(2)})

    assert [("delete", "store.redis.timeout", "9s", None, ("mx1", "mx2"))] == (
        told(done.plan)
    )
    assert ["store.redis.timeout"] == sorted({edit.key for edit in done.plan.edits})
    for data in done.results.values():
        assert b'timeout.connection = "5s"' in data


STYLES = {
    "tables": (
        '[cluster]\nnode-id = 1\ncoordinator = "redis"\n\n[store.rocks]\ntype = "x"\n',
        '[store.redis]\ntype = "redis"\nurls = "%{env:URL}%"\n',
    ),
    "flat and sorted": (
        'cluster.coordinator = "redis"\ncluster.node-id = 1\nz = 1\n',
        (
            'cluster.node-id = 1\nstore.redis.password = "x"\n'
            'store.redis.type = "redis"\nstore.redis.urls = "%{env:URL}%"\nz = 1\n'
        ),
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_new_store_stands_where_a_person_would_put_it(style: str) -> None:
    """In a file with tables a table of its own, else lines at their sorted place."""
    text, expected = STYLES[style]
    done = planned(
        wish("password = 'x'\n"), {"mx1": text, "mx2": file(2, password("x"))}
    )

    (data,) = done.results.values()
    lines = {*expected.splitlines()}
    assert lines <= {*data.decode().splitlines()}
    assert expected in data.decode() or style == "tables"


def test_a_join_is_one_change() -> None:
    """The store's keys are edits of the node that joins, and no more changes."""
    nodes = {"mx1": file(1, password()), "mx2": 'server.hostname = "x"\n'}
    plan = planned(wish(), nodes, secrets=PASSWORD).plan

    assert ["join"] == [facts(change).kind for change in plan.changes]
    edits = {(edit.key, edit.after) for edit in plan.edits}
    assert ("store.redis.password", "(sensitive)") in edits


def test_an_unresolved_secret_blocks() -> None:
    """SP609 names the reference and the reason, and no plan of it can be applied."""
    secrets: Secrets = {EnvRef("PW"): Unresolved("It is not set.", hint="export PW=…")}
    nodes = {"mx1": file(1, password("a")), "mx2": file(2)}
    plan = planned(wish(), nodes, secrets=secrets).plan

    assert [
        ("(sensitive)", "(sensitive, not compared)", ("mx1",)),
        (None, "(sensitive, not compared)", ("mx2",)),
    ] == [each[2:] for each in told(plan)]
    assert ((), (), False, 3) == (
        plan.edits,
        plan.steps,
        plan.complete,
        exit_code(plan, detailed=True),
    )
    (finding,) = [each for each in plan.findings if each.blocks]
    assert ("SP609", "desired", "stalplan.toml", 12, "store.redis.password") == (
        finding.code,
        finding.scope,
        finding.file,
        finding.line,
        finding.key,
    )
    assert "the variable PW. It is not set." in finding.detail


def test_a_reference_that_nobody_asked_for_is_unresolved() -> None:
    """A caller that forgets the secrets gets no plan that could be applied."""
    plan = planned(wish(), both(password())).plan

    assert ["SP609"] == codes(plan)


def test_placeholders_are_equal_to_any_secret() -> None:
    """From a snapshot a secret that may differ is no change; what comes or goes is."""
    nodes = {
        "mx1": file(1, password("placeholder")),
        "mx2": file(2, 'store.redis.user = "placeholder"\n'),
    }
    plan = planned(wish(), nodes, secrets=None).plan

    assert [
        ("create", "store.redis.password", None, "(sensitive)", ("mx2",)),
        ("delete", "store.redis.user", "(sensitive)", None, ("mx2",)),
    ] == told(plan)
    assert [] == codes(plan)


def test_only_a_differing_secret_gives_another_review_digest() -> None:
    """A preview is reviewed like a live plan in which no secret differs."""
    same = planned(wish(), both(password()), secrets=PASSWORD).plan
    other = planned(wish(), both(password("old")), secrets=PASSWORD).plan
    preview = planned(wish(), both(password("placeholder")), secrets=None).plan

    assert same.review_digest == preview.review_digest
    assert other.review_digest != preview.review_digest


def test_a_secret_that_changed_since_is_stale() -> None:
    """The plan tells which node's key, never the values; its digest is another one."""
    nodes = both(password("old"))
    saved = planned(wish(), nodes, secrets=PASSWORD).plan
    later: Secrets = {EnvRef("PW"): Secret(f"{CANARY}-later")}
    now = planned(wish(), nodes, secrets=later).plan

    assert saved.digest != now.digest
    lines = differences_since(saved, now)
    assert [
        f"{name}: store.redis.password would get another secret than when the plan "
        "was made."
        for name in ("mx1", "mx2")
    ] == lines


def test_a_live_secret_that_changed_since_is_stale() -> None:
    """That a masked text is the same is never claimed."""
    saved = planned(wish(), both(password("old")), secrets=PASSWORD).plan
    now = planned(wish(), both(password("other")), secrets=PASSWORD).plan

    lines = differences_since(saved, now)
    assert "  mx1: of the keys that this plan manages only secrets may differ." in lines
    assert CANARY not in "".join(lines)


def state_of(text: str, *, data: bytes = b"", store: str = REST) -> State:
    """What state remembers of mx1 after a look at a file that holds *text*."""
    known = recorded(report_of("mx1", text.encode()), desired_of(wish(store)), None)
    assert known is not None
    if data:
        known = replace(known, digest=digest_of(data))
    return State(cluster="mail", lineage="-", serial=1, nodes={NodeName("mx1"): known})


def test_state_remembers_no_secret() -> None:
    """Shown settings and macros are kept; a secret is kept as being there."""
    known = state_of(file(1, password())).nodes[NodeName("mx1")]

    assert CANARY not in repr(known)
    assert {
        "store.redis.password": ("(sensitive)",),
        "store.redis.type": ("redis",),
        "store.redis.urls": ("%{env:URL}%",),
    } == {key: v for key, v in known.values.items() if key.startswith("store.")}


def test_no_digest_of_a_secret_is_kept() -> None:
    """Two files that differ in a secret alone leave the same values in state."""
    version = ServerVersion.parse("0.15")
    one, other = (
        managed_values(
            parse(file(1, password(text)).encode(), version), version.line, ["redis"]
        )
        for text in ("a", "b")
    )

    assert one == other


CAUSES = {
    "the desired file changed": (file(1, password("a")), file(1, password("a")), 0),
    "the node's file changed, in a secret or not": (
        file(1, password("a")),
        file(1, password("b")),
        2,
    ),
    "a secret went": (file(1, password("a")), file(1, ""), 1),
}


@pytest.mark.parametrize("case", CAUSES)
def test_causes(case: str) -> None:
    """Drift where it is known, new where only the secret itself could tell."""
    then, now, index = CAUSES[case]
    nodes = {"mx1": now, "mx2": file(2, password())}
    plan = planned(wish(), nodes, state=state_of(then), secrets=PASSWORD).plan

    causes = (Cause.DESIRED, Cause.DRIFT, Cause.NEW)
    assert [causes[index]] == [change.cause for change in plan.changes]


def test_drift_of_a_shown_setting_is_drift() -> None:
    """What state may keep, it compares."""
    then = file(1, password() + 'store.redis.timeout = "5s"\n')
    now = file(1, password() + 'store.redis.timeout = "9s"\n')
    plan = planned(
        wish(REST + "timeout = '5s'\n"),
        {"mx1": now, "mx2": file(2, password() + 'store.redis.timeout = "5s"\n')},
        state=state_of(then, store=REST + "timeout = '5s'\n"),
        secrets=PASSWORD,
    ).plan

    assert [Cause.DRIFT] == [change.cause for change in plan.changes]


def running(now: str, *, began: str = "", backup: str = "") -> Plan:
    """The plan where mx1's file is newer than its server's start."""
    newer = STARTED + timedelta(days=1)
    state = None
    if began:
        known = state_of(began).nodes[NodeName("mx1")]
        state = State(
            cluster="mail", lineage="-", serial=1, nodes={NodeName("mx1"): known}
        )
        assert isinstance(known, RecordedNode)
    seen: list[Seen] = [
        report_of(
            "mx1",
            now.encode(),
            changed_at=newer,
            backup=backup.encode() if backup else None,
        ),
        *seen_of({"mx2": file(2, password())}),
    ]
    return planned(wish(), seen, state=state, secrets=PASSWORD).plan


def test_a_secret_that_runs_is_not_known_from_the_state() -> None:
    """Not even a digest is kept to compare with, so SP503 says that it is not known."""
    plan = running(file(1, password()), began=file(1, password("other")))

    assert [] == told(plan)
    assert "SP503" in [each.code for each in plan.findings]


def test_a_shown_setting_that_runs_is_known() -> None:
    """A type that differs from the one that was recorded needs a restart."""
    began = file(1, password()).replace('type = "redis"', 'type = "nats"')
    plan = running(file(1, password()), began=began)

    assert ["restart"] == [facts(change).kind for change in plan.changes]


@pytest.mark.parametrize(("text", "restarts"), [("old", True), ("", False)])
def test_a_backup_tells_what_runs(text: str, restarts: bool) -> None:
    """The node's own backup from before the start is compared byte by byte."""
    backup = file(1, password(text) if text else password())
    plan = running(file(1, password()), backup=backup, began=file(1, password()))

    assert restarts == ("restart" in [facts(each).kind for each in plan.changes])
    assert restarts == ("SP503" in [each.code for each in plan.findings])


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


def test_a_store_of_a_text_that_server_can_not_carry_is_refused() -> None:
    """Whatever the resolver lets pass, no file is made that could not be read back."""
    secrets: Secrets = {EnvRef("PW"): Secret(f'{CANARY}\\"')}
    plan = planned(wish(), both(password("old")), secrets=secrets).plan

    assert ["SP501", "SP501"] == codes(plan)
    assert CANARY not in repr(plan)


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
    assert "mx2 must change with them" in plan.findings[0].detail
