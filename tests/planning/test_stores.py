"""Settings of the coordinator's store: changes, what is written, what is shown."""

import pytest
from reports import planned
from store_clusters import (
    CANARY,
    PASSWORD,
    both,
    codes,
    file,
    password,
    told,
    wish,
)

from stalplan.model.secrets import EnvRef, Secret, Secrets, Unresolved
from stalplan.planning.facts import facts
from stalplan.planning.outcome import exit_code
from stalplan.planning.stale import differences_since
from stalplan.render import RENDERERS


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


def test_a_store_of_a_text_that_server_can_not_carry_is_refused() -> None:
    """Whatever the resolver lets pass, no file is made that could not be read back."""
    secrets: Secrets = {EnvRef("PW"): Secret(f'{CANARY}\\"')}
    plan = planned(wish(), both(password("old")), secrets=secrets).plan

    assert ["SP501", "SP501"] == codes(plan)
    assert CANARY not in repr(plan)
