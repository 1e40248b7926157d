"""Why no order exists: the rule in the way, the nodes, and what would help."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.planning.order import Mover, NoOrder, Problem

if TYPE_CHECKING:
    from stalplan.names import NodeName


def impossible(problem: Problem) -> NoOrder | None:
    """A rule that no order can keep, seen without looking for one."""
    return _too_many_down(problem) or _id_stays_taken(problem)


def stuck(problem: Problem) -> NoOrder:
    """What the search ran into: ids in a circle and no spare one to break it."""
    names = tuple(
        mover.name
        for mover in problem.movers
        if mover.before is not None and mover.before.low_id != mover.after.low_id
    )
    return NoOrder(
        rule=f"{listed(names)} wait for each other's ids, and no spare id is free.",
        nodes=names,
        hint="Set apply.spare_id to an id that no node has and no role list names.",
    )


def _too_many_down(problem: Problem) -> NoOrder | None:
    stopped = [mover for mover in problem.movers if mover.before is not None]
    room = problem.max_unavailable - problem.down
    if not stopped or room > 0:
        return None
    return NoOrder(
        rule=(
            f"apply.max_unavailable is {problem.max_unavailable} and "
            f"{problem.down} {'node was' if problem.down == 1 else 'nodes were'} "
            "found down, so no running node may be stopped."
        ),
        nodes=tuple(mover.name for mover in stopped),
        hint=(
            "Start the stopped nodes, or plan with --start-stopped, or with "
            "--assume-down for a node that is gone for good."
        ),
    )


def _id_stays_taken(problem: Problem) -> NoOrder | None:
    for mover in problem.movers:
        holder = _holder(problem, mover)
        if holder is not None:
            return NoOrder(
                rule=(
                    f"{mover.name} is to have id {mover.after.low_id}, which "
                    f"{holder} holds and keeps."
                ),
                nodes=(mover.name,),
                hint=f"Let {holder} change too, or give one of them another id.",
            )
    return None


def _holder(problem: Problem, mover: Mover) -> "NodeName | str | None":
    wanted = mover.after.low_id
    for name, view in problem.fixed.items():
        if view.low_id == wanted:
            return name
    return "a node that was not read" if wanted in problem.taken else None
