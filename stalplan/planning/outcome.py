"""The exit code of a plan and what stands in its way, from the plan."""

from typing import TYPE_CHECKING

from stalplan.errors import NodeUnreachable, PlanBlocked

if TYPE_CHECKING:
    from stalplan.errors import StalplanError
    from stalplan.planning.plan import Plan

PLAN_AGAIN = "stalplan plan  # plan again, and read it"

NOTHING_TO_SAY = 0
CHANGES = 2


def exit_code(plan: "Plan", *, detailed: bool) -> int:
    """4 where unreached nodes are all that blocks, 3 blocked, 2 changes, else 0.

    2 only when *detailed* is asked for.
    """
    if (error := obstacle(plan)) is not None:
        return error.exit_code
    return CHANGES if detailed and plan.has_changes else NOTHING_TO_SAY


def obstacle(plan: "Plan") -> "StalplanError | None":
    """Why *plan* can't be applied: its blocking findings; None where there is none.

    NodeUnreachable where nodes that were not reached are all, else PlanBlocked.
    """
    blocking = [finding for finding in plan.findings if finding.blocks]
    if not blocking:
        return None
    lines = [finding_line(each.code, each.node, each.detail) for each in blocking]
    hint = next((finding.hint for finding in blocking if finding.hint), PLAN_AGAIN)
    unread = {finding.code for finding in blocking} == {"SP601"}
    error = NodeUnreachable if unread else PlanBlocked
    return error("\n".join(lines), hint=hint, findings=blocking)


def finding_line(code: str, node: str | None, detail: str) -> str:
    """A finding in one line of an error."""
    return f"{code} {node}: {detail}" if node else f"{code} {detail}"
