"""The exact order for a few nodes: the cheapest way through all moments."""

from functools import cache
from typing import TYPE_CHECKING

from stalplan.planning.moments import Crew, View
from stalplan.planning.order import Cost, Move, Mover, Problem, judged, may_start

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE, PASSING, AFTER = range(3)

Phases = tuple[int, ...]
"""By mover: not begun, on its spare id, done. What was done first doesn't matter."""


def best_order(problem: Problem, background: Crew | None = None) -> list[Move] | None:
    """The moves with the fewest starts, then the least risk; None: there is no way.

    Among equals the one whose nodes come first by name. Time grows with two to the
    power of the movers. *background* is the problem's, where it is at hand.
    """
    search = _Search(problem, background or problem.background())
    state: Phases = tuple(BEFORE for _ in problem.movers)
    moves: list[Move] = []
    while any(phase != AFTER for phase in state):
        found = search.best(state)
        if found is None:
            return None
        _, move, state = found
        moves.append(move)
    return moves


class _Search:
    def __init__(self, problem: Problem, background: Crew) -> None:
        self.problem = problem
        self.background = background
        self.best = cache(self._best)
        self.crew = cache(self._crew)

    def _best(self, state: Phases) -> tuple[Cost, Move, Phases] | None:
        """The cheapest next move and what it and all after it cost."""
        found: tuple[Cost, Move, Phases] | None = None
        for move, after in self._moves(state):
            cost = self._cost(after)
            if cost is not None and (found is None or cost < found[0]):
                found = cost, move, after
        return found

    def _cost(self, state: Phases) -> Cost | None:
        """One start, the moment that follows, and the rest of the way."""
        if all(phase == AFTER for phase in state):
            return (1,)
        rest = self.best(state)
        if rest is None:
            return None
        pending = [
            mover.name
            for mover, phase in zip(self.problem.movers, state, strict=True)
            if phase != AFTER
        ]
        here = (1, *judged(self.problem, self.crew(state), pending))
        return tuple(map(sum, _padded(here, rest[0])))

    def _moves(self, state: Phases) -> "Iterator[tuple[Move, Phases]]":
        crew = self.crew(state)
        views = self._views(state)
        down = len(self.problem.down) + views.count(None)
        room = down < self.problem.max_unavailable
        spare_is_free = PASSING not in state
        for index, mover in enumerate(self.problem.movers):
            before = views[index]
            if state[index] == AFTER or (before is not None and not room):
                continue
            if may_start(self.problem, crew, before, mover.after):
                yield Move(mover.name), _with(state, index, AFTER)
            elif state[index] == BEFORE and mover.passing and spare_is_free:
                # the spare id is free among all, so this start doubles nothing
                yield Move(mover.name, passing=True), _with(state, index, PASSING)

    def _views(self, state: Phases) -> list[View | None]:
        movers = self.problem.movers
        return [_view(mover, phase) for mover, phase in zip(movers, state, strict=True)]

    def _crew(self, state: Phases) -> Crew:
        crew = self.background.copy()
        for view in self._views(state):
            if view is not None:
                crew.add(view)
        return crew


def _view(mover: Mover, phase: int) -> View | None:
    return (mover.before, mover.passing, mover.after)[phase]


def _with(state: Phases, index: int, phase: int) -> Phases:
    return (*state[:index], phase, *state[index + 1 :])


def _padded(one: Cost, other: Cost) -> "Iterator[tuple[int, int]]":
    length = max(len(one), len(other))
    for index in range(length):
        yield (
            one[index] if index < len(one) else 0,
            other[index] if index < len(other) else 0,
        )
