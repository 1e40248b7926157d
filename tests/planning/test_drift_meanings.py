"""Drift and the plan agree on what a node's file means, macros included."""

from datetime import timedelta

import pytest
from reports import CREATED, desired_of, planned, report_of

from stalplan.model.records import State
from stalplan.names import NodeName
from stalplan.planning.drift import drift_of
from stalplan.planning.facts import facts
from stalplan.run.remember import recorded

WISH = (
    'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\ncoordinator = "redis"\n'
    'hostname = "mx1.example.org"\n[roles]\n"purge.stores" = ["mx1"]\n'
    "[nodes]\nmx1.id = 1\n"
)
AS_APPLIED = {
    "cluster.node-id": "1",
    "cluster.coordinator": "redis",
    "server.hostname": "mx1.example.org",
    "cluster.roles.purge.stores": "1",
    "store.redis.type": "redis",
    "store.nats.type": "nats",
}
ADDRESSES = {
    "cluster.node-id": "nodes.mx1.id",
    "cluster.coordinator": "cluster.coordinator",
    "server.hostname": "nodes.mx1.hostname",
    "cluster.roles.purge.stores": "roles.purge.stores",
}
OTHERS = {
    "cluster.node-id": "2",
    "cluster.coordinator": "nats",
    "server.hostname": "mx2.example.org",
    "cluster.roles.purge.stores": "2",
}


def text_of(values: dict[str, str]) -> bytes:
    """A file that says just this."""
    lines = (f'{key} = "{text}"\n' for key, text in values.items())
    return "".join(lines).encode()


def differing(key: str, variable: str) -> tuple[list[str], list[str]]:
    """What drift names, and what a plan changes, once *key* is a macro for that."""
    desired = desired_of(WISH)
    known = recorded(report_of("mx1", text_of(AS_APPLIED)), desired, None)
    assert known is not None
    state = State(cluster="mail", lineage="-", serial=1, nodes={NodeName("mx1"): known})
    report = report_of(
        "mx1",
        text_of({**AS_APPLIED, key: "%{env:IT}%"}),
        changed_at=CREATED - timedelta(days=25),
        environment={"IT": variable},
        unit_environment={"IT": variable},
    )
    plan = planned(WISH, [report], state=state).plan
    drifts = drift_of(desired, [report], state, plan).drifts
    return (
        [drift.address for drift in drifts],
        [facts(change).address for change in plan.changes],
    )


@pytest.mark.parametrize("key", ADDRESSES)
def test_a_macro_that_yields_the_same_is_no_difference(key: str) -> None:
    """It stays as it is, so there is nothing to tell and nothing to change."""
    assert ([], []) == differing(key, AS_APPLIED[key])


@pytest.mark.parametrize("key", ADDRESSES)
def test_a_macro_that_yields_another_value_is_one(key: str) -> None:
    """It is named, and put back."""
    drifts, changes = differing(key, OTHERS[key])

    assert ADDRESSES[key] in drifts
    assert ADDRESSES[key] in changes
