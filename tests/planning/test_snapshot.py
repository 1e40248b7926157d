"""Snapshots: what they hold, and that plans from them are those of the live nodes."""

from dataclasses import replace
from pathlib import Path

import pytest
from golden import CASES, inputs_from, secret_differs, secrets_from
from reports import CREATED

from stalplan.planning.make import make_plan
from stalplan.planning.plan import Plan
from stalplan.planning.preview import preview
from stalplan.planning.snapshot import snapshot_of
from stalplan.planning.snapshot_json import snapshot_from_json, snapshot_to_json

EQUAL = [case for case in CASES if not secret_differs(case)]
cases = pytest.mark.parametrize("case", EQUAL, ids=lambda case: case.name)


def both(case: Path) -> tuple[Plan, Plan, str]:
    """The live plan, the one from a snapshot that went through its file, that file."""
    desired, seen, state, options = inputs_from(case)
    secrets = secrets_from(case, desired)
    live = make_plan(
        desired, seen, state, options=options, created=CREATED, secrets=secrets
    ).plan
    text = snapshot_to_json(snapshot_of(desired, seen, state, CREATED), stalplan="1")
    snapshot = snapshot_from_json(text, file="s.json", cluster=desired.cluster)
    return live, preview(desired, snapshot, options=options, created=CREATED), text


@cases
def test_a_preview_is_the_live_plan(case: Path) -> None:
    """Changes, edits, findings, steps and the review digest are the same offline."""
    live, offline, _ = both(case)

    assert live.changes == offline.changes
    assert live.edits == offline.edits
    assert live.findings == offline.findings
    assert [replace(s, result={}) for s in live.steps] == [
        replace(step, result={}) for step in offline.steps
    ]
    assert live.summary == offline.summary
    assert live.review_digest == offline.review_digest
