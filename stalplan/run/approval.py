"""Is this still the plan that somebody approved?"""

from datetime import datetime

from stalplan.errors import NodeUnreachable, PlanBlocked, PlanIsStale
from stalplan.model.wishes import Desired
from stalplan.planning.plan import Plan
from stalplan.planning.stale import differences_since

PLAN_AGAIN = "stalplan plan  # plan again, and read it"


def check_complete(saved: Plan) -> None:
    """Refuse a saved plan that could never be applied, whatever stood in its way.

    Raises:
        PlanBlocked: no node was asked.
    """
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


def check_appliable(plan: Plan) -> None:
    """Refuse a plan that a finding blocks.

    Raises:
        NodeUnreachable: where that is all that stands in the way.
        PlanBlocked: otherwise. Nothing was touched.
    """
    blocking = [finding for finding in plan.findings if finding.blocks]
    if not blocking and plan.complete:
        return
    codes = {finding.code for finding in blocking}
    lines = [_line(finding.code, finding.node, finding.detail) for finding in blocking]
    detail = "\n".join(lines) or "The plan is not complete, so it can't be applied."
    hint = next((finding.hint for finding in blocking if finding.hint), PLAN_AGAIN)
    error = NodeUnreachable if codes == {"SP601"} else PlanBlocked
    raise error(detail, hint=hint, findings=blocking)


def _line(code: str, node: str | None, detail: str) -> str:
    return f"{code} {node}: {detail}" if node else f"{code} {detail}"
