"""A sound order made better, a few neighbours at a time."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.planning.order import Move, Mover, Problem
from stalplan.planning.search import best_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.names import NodeName
    from stalplan.planning.moments import View

WINDOW = 4
STRIDE = 2


def improved(problem: Problem, moves: "Sequence[Move]") -> list[Move]:
    """*moves* with each run of a few neighbours in its best order; never a worse one.

    Runs of nodes that change alike, or hold a spare id, are left as they are. Time is
    linear in the moves.
    """
    result = list(moves)
    movers = {mover.name: mover for mover in problem.movers}
    now: dict[NodeName, View | None] = {m.name: m.before for m in problem.movers}
    crew = problem.at_first()
    for start in range(0, len(result), STRIDE):
        window = result[start : start + WINDOW]
        inner = [
            replace(movers[move.name], before=now[move.name], passing=None)
            for move in sorted(window)
        ]
        if _worth(window, inner):
            outside = crew.copy()
            for mover in inner:
                if mover.before is not None:
                    outside.add(mover.before, -1)
            asleep = (name for name, view in now.items() if view is None)
            others = {*asleep} - {mover.name for mover in inner}
            down = (*problem.down, *sorted(others))
            part = replace(problem, movers=tuple(inner), down=down)
            result[start : start + WINDOW] = best_order(part, outside) or window
        for move in result[start : start + STRIDE]:
            before, mover = now[move.name], movers[move.name]
            after = mover.passing if move.passing else mover.after
            assert after is not None, "a node is moved so only where it has a spare id"
            if before is not None:
                crew.add(before, -1)
            crew.add(after)
            now[move.name] = after
    return result


def _worth(window: "Sequence[Move]", inner: "Sequence[Mover]") -> bool:
    """Whether an order of its own could make a difference."""
    names = {move.name for move in window}
    if len(names) < len(window) or any(move.passing for move in window):
        return False
    return len({_kind(mover) for mover in inner}) > 1


def _kind(mover: Mover) -> tuple[object, ...]:
    before = mover.before
    after = tuple(sorted(mover.after.parts.items()))
    if before is None:
        return (after,)
    same_id = before.low_id == mover.after.low_id
    return after, tuple(sorted(before.parts.items())), before.coordinator, same_id
