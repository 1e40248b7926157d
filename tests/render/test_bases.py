"""Whose changes a plan has, told by every format that people read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from github_runner import commands
from golden import CASES, planned_from

from stalplan.planning.changes import Cause
from stalplan.planning.origins import with_base
from stalplan.planning.plan import Plan, SnapshotInfo
from stalplan.render import RENDERERS
from stalplan.render.bases import base_lines
from stalplan.render.github import outputs

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def plan_of(name: str) -> Plan:
    """The plan of one golden case."""
    return planned_from(next(case for case in CASES if case.name == name)).plan


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_each_change_says_whose_it_is(form: str) -> None:
    """One change was pending, the others come from the branch, which drops none."""
    plan = plan_of("three-faults")
    base = replace(plan, changes=plan.changes[:1])
    compared = with_base(plan, base, revision="main", commit=COMMIT)

    text = " ".join(RENDERERS[form](compared).split())
    assert "Compared with main" in text
    assert "2 changes come from this branch; 1 was pending before it." in text
    assert (2, 1) == (
        text.count("new, from this branch"),
        text.count("new, pending before it"),
    )


def test_what_the_branch_gives_up_is_told() -> None:
    """A change of the base that the branch does not ask for is named."""
    plan = plan_of("three-faults")
    own = replace(plan, changes=plan.changes[1:])
    compared = with_base(own, plan, revision="main", commit=COMMIT)

    assert [
        "No changes come from this branch; 2 were pending before it.",
        "No longer asked for: ~ mx2: node id 1 -> 2",
    ] == list(base_lines(compared))


def test_a_log_of_actions_tells_the_base_too() -> None:
    """A note has the counts and the drift that is left; changes say whose they are."""
    plan = plan_of("three-faults")
    drift = replace(plan.changes[0], cause=Cause.DRIFT)
    base = replace(plan, changes=(drift, *plan.changes[1:]))
    own = replace(plan, changes=plan.changes[1:])
    compared = with_base(own, base, revision="main", commit=COMMIT)
    notes = {each.properties["title"]: each.text for each in commands(_log(compared))}
    told = outputs(compared)

    assert notes[f"Compared with main ({COMMIT[:12]})"] == (
        "No changes come from this branch; 2 were pending before it. "
        "This branch leaves drift on mx2 as it is, without: ~ mx2: node id 1 -> 2"
    )
    assert 2 == _log(compared).count("[new, pending before it]")
    assert ("0", "2", "1") == (
        told["from_branch"],
        told["pending"],
        told["drift_left"],
    )
    assert "" == outputs(plan)["drift_left"]


def _log(plan: Plan) -> str:
    return RENDERERS["github"](plan)


def test_without_a_plan_at_the_base_all_changes_are_the_branchs() -> None:
    """The reason is told, so that nobody takes old drift for the branch's wish."""
    compared = with_base(
        plan_of("swap"), None, revision="main", commit=COMMIT, problem="No file there."
    )

    first, second, third = base_lines(compared)
    assert "There is no plan at main: No file there." == first
    assert "So every change counts as one of this branch." == second
    assert third.endswith("; none were pending before it.")


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_a_preview_says_so_and_can_be_approved(form: str) -> None:
    """It is never applied itself; its review digest is what an approval names."""
    plan = plan_of("three-faults")
    taken = datetime(2026, 11, 24, 1, 5, tzinfo=UTC)
    preview = replace(
        plan, snapshot=SnapshotInfo(taken=taken), complete=False, digest=None
    )

    text, log = RENDERERS[form](preview), RENDERERS["github"](preview)
    assert "preview from the snapshot of" in text.replace("\n", " ")
    assert "title=Preview,file=stalplan.toml::This is a preview" in log
    assert plan.review_digest in text
    assert str(plan.digest) not in text
