"""The exit code of a plan, from the plan."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalplan.planning.plan import Plan

NOTHING_TO_SAY = 0
CHANGES = 2
BLOCKED = 3
UNREACHABLE = 4


def exit_code(plan: "Plan", *, detailed: bool) -> int:
    """4 where unreached nodes are all that blocks, 3 blocked, 2 changes, else 0.

    2 only when *detailed* is asked for.
    """
    blocking = {finding.code for finding in plan.findings if finding.blocks}
    if blocking == {"SP601"}:
        return UNREACHABLE
    if blocking:
        return BLOCKED
    return CHANGES if detailed and plan.has_changes else NOTHING_TO_SAY
