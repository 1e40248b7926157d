"""Is this still the plan that somebody approved?"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from stalplan.errors import NodeUnreachable, PlanBlocked, PlanIsStale
from stalplan.model.wishes import Desired
from stalplan.planning.facts import facts
from stalplan.planning.outcome import PLAN_AGAIN, finding_line, obstacle
from stalplan.planning.plan import Plan
from stalplan.planning.shown import quoted
from stalplan.planning.stale import differences_since
from stalplan.run.history import PastRun


def check_complete(saved: Plan) -> None:
    """Refuse a saved plan that could never be applied, whatever stood in its way.

    Raises:
        PlanBlocked: no node was asked.
    """
    if saved.snapshot is not None:
        raise PlanBlocked(
            "The plan was made from a snapshot: it is a preview, and never applied.",
            hint=f"stalplan apply --expect-digest {saved.review_digest}",
        )
    try:
        check_appliable(saved)
    except NodeUnreachable as error:  # that was then; the plan lacks its nodes now
        raise PlanBlocked(
            error.detail, hint=PLAN_AGAIN, findings=error.findings
        ) from error


def check_fresh(saved: Plan, desired: Desired, now: datetime) -> None:
    """Refuse a saved plan that is too old, or whose desired file has changed.

    Raises:
        PlanIsStale: nothing was touched.
    """
    if saved.desired.digest != desired.digest:
        raise PlanIsStale(
            f"{desired.file} has changed since the plan was made: it was "
            f"{saved.desired.digest}, now it is {desired.digest}.",
            hint=PLAN_AGAIN,
        )
    if now > saved.expires:
        raise PlanIsStale(
            f"The plan was made at {saved.created:%Y-%m-%d %H:%M:%S} UTC and was good "
            f"until {saved.expires:%Y-%m-%d %H:%M:%S} UTC.",
            hint=PLAN_AGAIN,
        )


def check_same(approved: Plan, now: Plan) -> None:
    """Refuse to go on where the nodes are no longer what *approved* was made from.

    Raises:
        PlanIsStale: with each node and managed key that differs; nothing was touched.
    """
    if approved.digest == now.digest:
        return
    lines = differences_since(approved, now)
    raise PlanIsStale("\n".join(lines), hint=PLAN_AGAIN)


def check_expected(expected: str, now: Plan, past: Sequence[PastRun]) -> None:
    """Refuse to go on unless *now* has the digest that somebody approved.

    *past* are the runs known here; the approved plan may be that of one of them.

    Raises:
        PlanIsStale: with what the plan is now; nothing was touched.
    """
    if expected in (now.digest, now.review_digest):
        return
    lines = [
        "This is not the plan that was approved.",
        f"  approved: {expected}",
        f"  now:      {now.review_digest}",
        f"            {now.digest}",
        *_since(expected, now, past),
        *_now(now),
    ]
    raise PlanIsStale("\n".join(lines), hint=PLAN_AGAIN)


def _since(expected: str, now: Plan, past: Sequence[PastRun]) -> Iterator[str]:
    """What is known of the approved plan, where it was begun from here before."""
    for run in past:
        if run.plan and expected in (run.plan.digest, run.plan.review_digest):
            yield f"The approved plan was begun in run {run.run}: {run.outcome}."
            yield from differences_since(run.plan, now)
            return


def _now(now: Plan) -> Iterator[str]:
    """The changes of a plan that nobody approved, and what stands in their way."""
    yield f"{now.desired.path} is now {now.desired.digest}."
    if not now.changes:
        yield "Nothing would change now."
    for change in now.changes:
        told = facts(change)
        values = f"{_value(told.before)} -> {_value(told.after)}"
        yield f"  {told.action} {told.address}: {values}"
    for finding in now.findings:
        if finding.blocks:
            yield f"  {finding_line(finding.code, finding.node, finding.detail)}"


def _value(value: object) -> str:
    match value:
        case None:
            return "none"
        case str():
            return quoted(value)
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return str(value)


def check_appliable(plan: Plan) -> None:
    """Refuse a plan that a finding blocks.

    Raises:
        NodeUnreachable: where that is all that stands in the way.
        PlanBlocked: otherwise. Nothing was touched.
    """
    if (error := obstacle(plan)) is not None:
        raise error
    if not plan.complete:
        raise PlanBlocked(
            "The plan is not complete, so it can't be applied.", hint=PLAN_AGAIN
        )
