"""Why no order exists: the rule in the way, the nodes, and what would help."""

from collections import defaultdict
from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.planning.order import Mover, NoOrder, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.names import NodeName


def impossible(problem: Problem) -> NoOrder | None:
    """A rule that no order can keep, seen without looking for one."""
    return (
        _too_many_down(problem)
        or _id_stays_taken(problem)
        or _id_stays_doubled(problem)
    )


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
    stopped = [mover.name for mover in problem.movers if mover.before is not None]
    held_up = problem.held_up()
    room = problem.max_unavailable - len(problem.down)
    if not stopped or room > len(held_up):
        return None
    if room > 0:
        return _held_up(problem, held_up)
    down = f"{listed(problem.down)} {'was' if len(problem.down) == 1 else 'were'}"
    start = ", or with --start-stopped" if problem.startable else ""
    return NoOrder(
        rule=(
            f"apply.max_unavailable is {problem.max_unavailable} and {down} found "
            "down, so no running node may be stopped."
        ),
        nodes=tuple(stopped),
        hint=(
            f"Start {'it' if len(problem.down) == 1 else 'them'}, or plan with "
            f"--assume-down for a node that is gone for good{start}."
        ),
    )


def _held_up(problem: Problem, held_up: "Mapping[NodeName, NodeName]") -> NoOrder:
    """Nodes that can't start before others stop, which may not stop before that."""
    down, holders = sorted(held_up), sorted({*held_up.values()})
    least = len(problem.down) + len(down) + 1
    return NoOrder(
        rule=(
            f"{listed(down)} can't start before {listed(holders)} "
            f"{'gives up its id' if len(holders) == 1 else 'give up their ids'}, and "
            f"nothing may be stopped before: apply.max_unavailable is "
            f"{problem.max_unavailable}."
        ),
        nodes=tuple(sorted({*down, *holders})),
        hint=f"Set apply.max_unavailable to {least}, or plan without --start-stopped.",
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


def _id_stays_doubled(problem: Problem) -> NoOrder | None:
    """Nodes that keep one id between them, as where a file can't be edited."""
    holders: defaultdict[int, list[NodeName]] = defaultdict(list)
    for name, view in problem.fixed.items():
        holders[view.low_id].append(name)
    names = sorted(name for same in holders.values() if len(same) > 1 for name in same)
    if not names:
        return None
    rule = f"{listed(names)} would still share an id in the end."
    return NoOrder(rule=rule, nodes=tuple(names))


def _holder(problem: Problem, mover: Mover) -> "NodeName | str | None":
    wanted = mover.after.low_id
    for name, view in problem.fixed.items():
        if view.low_id == wanted:
            return name
    return "a node that was not read" if wanted in problem.taken else None
