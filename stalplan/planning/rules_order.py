"""A good order for many nodes, by rules: canaries, doubled ids, roles, names."""

from collections import defaultdict
from typing import TYPE_CHECKING

from stalplan.planning.order import Move, Mover, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalplan.names import NodeName


def order_by_rules(problem: Problem) -> list[Move] | None:
    """The moves, each node as early as its rule says and its id allows.

    What `impossible` finds must have been looked for. None where ids go in circles and
    no spare one breaks them. Time is linear in nodes and their roles.
    """
    placing = _Placing(problem)
    for name in _wishes(problem):
        if not placing.place(name):
            return None
    return placing.moves


class _Placing:
    def __init__(self, problem: Problem) -> None:
        self.movers = {mover.name: mover for mover in problem.movers}
        self.moves: list[Move] = []
        self.done: set[NodeName] = set()
        self.passing: NodeName | None = None
        self.holders: defaultdict[int, set[NodeName]] = defaultdict(set)
        for mover in problem.movers:
            if mover.before is not None:
                self.holders[mover.before.low_id].add(mover.name)

    def place(self, name: "NodeName") -> bool:
        """Put *name* into the order, and before it whoever holds its id."""
        if name in self.done:
            return True
        waiting = [name]
        while waiting:
            mover = self.movers[waiting[-1]]
            blocker = self._blocker(mover)
            if blocker is None:
                self._start(mover, passing=False)
                waiting.pop()
            elif blocker not in waiting:
                waiting.append(blocker)
            elif self._make_room(waiting[waiting.index(blocker) :]):
                waiting = [name]  # whoever waited for the way to be free goes first
            else:
                return False
        # The spare id is free again before the next circle needs it.
        return self.passing is None or self.place(self.passing)

    def _blocker(self, mover: Mover) -> "NodeName | None":
        """Who still runs with the id that *mover* is to have and hasn't yet."""
        holders = self.holders[mover.after.low_id]
        return None if mover.name in holders else min(holders, default=None)

    def _make_room(self, circle: "Sequence[NodeName]") -> bool:
        """Break a circle: the first of its nodes that can goes through the spare id."""
        able = [name for name in circle if self.movers[name].passing is not None]
        if not able or self.passing is not None:
            return False
        self._start(self.movers[able[0]], passing=True)
        return True

    def _start(self, mover: Mover, *, passing: bool) -> None:
        after = mover.passing if passing else mover.after
        assert after is not None, "a node is moved so only where it has a spare id"
        for names in (self.holders[low] for low in self._ids(mover)):
            names.discard(mover.name)
        self.holders[after.low_id].add(mover.name)
        self.moves.append(Move(mover.name, passing=passing))
        if passing:
            self.passing = mover.name
        else:
            self.done.add(mover.name)
            if self.passing == mover.name:
                self.passing = None

    def _ids(self, mover: Mover) -> "Iterator[int]":
        if mover.before is not None:
            yield mover.before.low_id
        if mover.passing is not None:
            yield mover.passing.low_id


def _wishes(problem: Problem) -> "Iterator[NodeName]":
    """Every mover at least once, in the order the rules would like."""
    movers = problem.movers
    names = {mover.name for mover in movers}
    down = [mover.name for mover in movers if mover.before is None]
    if len(problem.down) + len(down) >= problem.max_unavailable:
        # Nothing may be stopped, not even a canary, before these have started.
        held_up = problem.held_up()
        yield from (name for name in down if name not in held_up)
    yield from (name for name in problem.first if name in names)
    yield from down
    holders = problem.at_first().ids
    for mover in movers:
        before = mover.before
        if before is None or before.low_id == mover.after.low_id:
            continue
        if holders[before.low_id] > 1:
            yield mover.name
    yield from _by_roles(problem)
    yield from sorted(names)


def _by_roles(problem: Problem) -> "Iterator[NodeName]":
    """Per shard of a role: who ends running it, then at once who begins."""
    ends: defaultdict[object, list[NodeName]] = defaultdict(list)
    begins: defaultdict[object, list[NodeName]] = defaultdict(list)
    for mover in problem.movers:
        before = mover.before.parts if mover.before is not None else {}
        for role in problem.watch.roles:
            then, now = before.get(role), mover.after.parts.get(role)
            if then == now:
                continue
            if then is not None:
                ends[role, then].append(mover.name)
            if now is not None:
                begins[role, now].append(mover.name)
    for moved in sorted(ends.keys() & begins.keys(), key=str):
        yield from ends[moved]
        yield from begins[moved]
