"""What state remembers of a store, and what it tells of causes and restarts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from reports import STARTED, desired_of, planned, report_of, seen_of
from store_clusters import (
    CANARY,
    PASSWORD,
    REST,
    file,
    password,
    told,
    wish,
)

from stalplan.model.live import Seen, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.names import NodeName
from stalplan.planning.changes import Cause
from stalplan.planning.facts import facts
from stalplan.planning.plan import Plan
from stalplan.planning.values import managed_values
from stalplan.run.remember import recorded
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import ServerVersion


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
