"""Snapshots: what they hold, and that plans from them are those of the live nodes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from golden import CASES, inputs_from, secret_differs, secrets_from
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import CREATED, desired_of, report_of
from stalwart.config_texts import config_texts

from stalplan.model.live import Seen
from stalplan.model.records import State
from stalplan.model.secrets import Secret, Secrets
from stalplan.model.wishes import Desired
from stalplan.planning.facts import facts
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Plan
from stalplan.planning.preview import preview
from stalplan.planning.snapshot import snapshot_of
from stalplan.planning.snapshot_json import snapshot_from_json, snapshot_to_json

EQUAL = [case for case in CASES if not secret_differs(case)]
cases = pytest.mark.parametrize("case", EQUAL, ids=lambda case: case.name)


def planned_twice(
    desired: Desired,
    seen: Sequence[Seen],
    state: State | None,
    options: Options,
    secrets: Secrets = MappingProxyType({}),
) -> tuple[Plan, Plan, str]:
    """The live plan, the one from a snapshot that went through its file, that file."""
    live = make_plan(
        desired, seen, state, options=options, created=CREATED, secrets=secrets
    ).plan
    text = snapshot_to_json(snapshot_of(desired, seen, state, CREATED), stalplan="1")
    snapshot = snapshot_from_json(text, file="s.json", cluster=desired.cluster)
    return live, preview(desired, snapshot, options=options, created=CREATED), text


@cases
def test_a_preview_is_the_live_plan(case: Path) -> None:
    """Changes, edits, findings, steps and the review digest are the same offline."""
    desired, seen, state, options = inputs_from(case)
    secrets = secrets_from(case, desired)
    same(*planned_twice(desired, seen, state, options, secrets)[:2])


def same(live: Plan, offline: Plan) -> None:
    assert live.changes == offline.changes
    assert live.edits == offline.edits
    assert live.findings == offline.findings
    assert [replace(s, result={}) for s in live.steps] == [
        replace(step, result={}) for step in offline.steps
    ]
    assert live.summary == offline.summary
    assert live.review_digest == offline.review_digest


DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "{release}"
coordinator = "redis"
[nodes.mx1]
id = 1
hostname = "mx1.example.org"
[nodes.mx2]
id = 17
[roles]
"purge.stores" = ["mx1"]
"acme.renew" = "all"
"""


@settings(max_examples=40)
@given(config_texts(), config_texts(), st.sampled_from(["0.13", "0.15"]))
def test_a_preview_of_any_files_is_the_live_plan(
    one: str, other: str, release: str
) -> None:
    """Whatever the files look like, a plan from a snapshot is the plan."""
    desired = desired_of(DESIRED.format(release=release))
    seen = [
        report_of("mx1", one.encode(), version=f"{release}.2"),
        report_of("mx2", other.encode(), version=f"{release}.2"),
    ]
    live, offline, _ = planned_twice(desired, seen, None, Options())

    same(live, offline)


STORE = """
[store.redis]
type = "redis"
timeout = "5s"
urls = ["redis://:c4n-01@bus"]
user = "%{env:BUS_USER}%"
password = { env = "BUS" }
"""


def managing(live: str) -> tuple[Plan, Plan]:
    """Plans of a branch that begins to manage a store: live, and from a snapshot."""
    before = desired_of(DESIRED.format(release="0.15"))
    after = desired_of(DESIRED.format(release="0.15") + STORE)
    seen = [report_of(name, live.encode()) for name in ("mx1", "mx2")]
    text = snapshot_to_json(snapshot_of(before, seen, None, CREATED), stalplan="1")
    assert "c4n" not in text
    snapshot = snapshot_from_json(text, file="s", cluster="mail")
    secrets = {ref: Secret("c4n-02") for ref in after.secret_refs}
    options = Options()
    plan = make_plan(
        after, seen, None, options=options, created=CREATED, secrets=secrets
    ).plan
    return plan, preview(after, snapshot, options=options, created=CREATED)


def test_a_store_that_is_managed_from_now_on_compares_equal() -> None:
    """Where the live texts are as wanted, the preview is the plan, secrets and all."""
    live, offline = managing(
        "cluster.node-id = 1\n"
        'store.redis.type = "redis"\nstore.redis.timeout = "5s"\n'
        'store.redis.urls = ["redis://:c4n-01@bus"]\n'
        'store.redis.user = "%{env:BUS_USER}%"\nstore.redis.password = "c4n-02"\n'
    )

    same(live, offline)


def test_a_store_setting_that_comes_is_a_change_offline_too() -> None:
    """Whether a setting is there at all is in the snapshot, its text is not."""
    live, offline = managing(
        'cluster.node-id = 1\nstore.redis.type = "redis"\n'
        'store.redis.urls = ["redis://:c4n-03@elsewhere"]\n'
    )
    addresses = [facts(change).address for change in offline.changes]

    assert "store.redis.timeout" in addresses
    assert "store.redis.password" in addresses
    assert "store.redis.urls" not in addresses  # a secret that differs
    assert "store.redis.urls" in [facts(change).address for change in live.changes]
    assert live.review_digest != offline.review_digest
