"""Nodes to be changed -> the order in which no moment breaks a rule.

Few nodes are ordered by an exact search, many by rules; either way the sequence is
then run on the model of the cluster, which has the last word.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.planning.moments import Crew, View, Watch, collisions
from stalplan.planning.plan import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stalplan.names import NodeName

RISKS = (Risk.DOUBLE, Risk.UNCOVERED, Risk.SPLIT, Risk.PARTED)
"""What to keep short, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A node that is stopped and started, or one found down that is started.

    *before* is None where it was found down. *passing* is what it is with a spare
    id, or None where it can't have one.
    """

    name: "NodeName"
    before: View | None
    after: View
    passing: View | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that the order depends on.

    *fixed* are the running nodes that stay as they are, *taken* the ids of nodes
    that weren't read and may run. *down* are the nodes that were found down and stay
    so, *startable* those of them that have something to start for. *first* names the
    canaries.
    """

    movers: tuple[Mover, ...]  # by name
    fixed: "Mapping[NodeName, View]"
    taken: frozenset[int] = frozenset()
    down: tuple["NodeName", ...] = ()
    startable: tuple["NodeName", ...] = ()
    max_unavailable: int = 1
    first: tuple["NodeName", ...] = ()
    watch: Watch

    def background(self) -> Crew:
        """Everyone whose part in the cluster never changes here."""
        crew = Crew()
        for view in self.fixed.values():
            crew.add(view)
        return crew

    def at_first(self) -> Crew:
        """Everyone that runs before the first step."""
        crew = self.background()
        for mover in self.movers:
            if mover.before is not None:
                crew.add(mover.before)
        return crew

    def held_up(self) -> "dict[NodeName, NodeName]":
        """Nodes found down that wait for an id, and the running node that has it."""
        holders: dict[int, NodeName] = {}
        for mover in self.movers:
            if mover.before is not None:
                holders.setdefault(mover.before.low_id, mover.name)
        return {
            mover.name: holders[mover.after.low_id]
            for mover in self.movers
            if mover.before is None and mover.after.low_id in holders
        }


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """One start: of a node's final file, or of the one with a spare id."""

    name: "NodeName"
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOrder:
    """The rule that stands in the way, in a sentence, and its nodes."""

    rule: str
    nodes: tuple["NodeName", ...]
    hint: str = ""


Cost = tuple[int, ...]


def judged(problem: Problem, crew: Crew, pending: "Sequence[NodeName]") -> Cost:
    """How bad a moment between two steps is: what to add up and keep least.

    Canaries that wait come first, then doubled ids, then the risks.
    """
    waiting = (int(name in pending) for name in problem.first)
    risks = [risk for _, risk in problem.watch.risks(crew)]
    return (*waiting, collisions(crew), *(risks.count(risk) for risk in RISKS))


def may_start(problem: Problem, crew: Crew, before: View | None, after: View) -> bool:
    """Whether a start adds no doubled id; *crew* still counts *before* in."""
    if before is not None and before.low_id == after.low_id:
        return True
    return after.low_id not in crew.ids and after.low_id not in problem.taken


def run(problem: Problem, moves: "Sequence[Move]") -> "Iterator[tuple[Move, Crew]]":
    """Carry out *moves* on the model; the crew after each, one object reused.

    Raises:
        ValueError: a move breaks a hard rule. An order that does is a mistake here,
            never a finding.
    """
    movers = {mover.name: mover for mover in problem.movers}
    now: dict[NodeName, View | None] = {m.name: m.before for m in problem.movers}
    crew = problem.at_first()
    down = len(problem.down) + [*now.values()].count(None)
    for move in moves:
        mover, before = movers[move.name], now[move.name]
        after = mover.passing if move.passing else mover.after
        assert after is not None, "only nodes with a passing view are moved so"
        if before is not None and down >= problem.max_unavailable:
            raise ValueError(f"{move.name} would be one node too many down")
        if not may_start(problem, crew, before, after):
            raise ValueError(f"{move.name} would double id {after.low_id}")
        if before is not None:
            crew.add(before, -1)
        else:
            down -= 1
        crew.add(after)
        now[move.name] = after
        yield move, crew
    if collisions(crew):
        raise ValueError("an id would stay doubled")
