"""An order -> steps as a reviewer reads them: who, at what risk, and why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.planning.improve import improved
from stalplan.planning.order import Move, NoOrder, Problem, run
from stalplan.planning.plan import Exposure, Risk
from stalplan.planning.rules_order import order_by_rules
from stalplan.planning.search import best_order
from stalplan.planning.stuck import impossible, stuck

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from stalplan.names import NodeName, Role
    from stalplan.planning.moments import Crew, Part, View

EXACT = 8
"""So many nodes are ordered by search, which judges at most 256 moments for them."""

Risks = set[tuple["Role | None", Risk]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One start in its place, and the risks until the next one has ended.

    *shared* are the running nodes that had the same id until now.
    """

    move: Move
    before: "View | None"
    after: "View"
    exposure: tuple[Exposure, ...]
    shared: tuple["NodeName", ...]


def in_order(problem: Problem) -> "tuple[Moment, ...] | NoOrder":
    """The moves in a sound order, run on the model; or what makes one impossible."""
    why_not = impossible(problem)
    if why_not is not None:
        return why_not
    moves = _order(problem)
    return stuck(problem) if moves is None else tuple(_moments(problem, moves))


def _order(problem: Problem) -> list[Move] | None:
    if len(problem.movers) <= EXACT:
        return best_order(problem)
    moves = order_by_rules(problem)
    return None if moves is None else improved(problem, moves)


def together(problem: Problem, moments: "Sequence[Moment]") -> list[list[Moment]]:
    """Moments that may happen at once, as far as `max_unavailable` has room.

    Canaries, starts with a spare id and nodes found down stay alone, and those that
    are to start later count as down until then. Within a group no order of starts and
    stops doubles an id.
    """
    groups: list[list[Moment]] = []
    waiting = {mover.name for mover in problem.movers if mover.before is None}
    for moment in moments:
        alone = moment.move.name in problem.first or moment.before is None
        waiting.discard(moment.move.name)
        last = groups[-1] if groups else []
        down = len(problem.down) + len(waiting) + len(last)
        room = down < problem.max_unavailable
        if last and room and not alone and _fits(problem, last, moment):
            last.append(moment)
        else:
            groups.append([moment])
    return groups


def _fits(problem: Problem, group: "Sequence[Moment]", moment: Moment) -> bool:
    everyone = [*group, moment]
    if any(m.move.passing or m.before is None for m in everyone):
        return False
    if any(m.move.name in problem.first for m in everyone):
        return False
    if len({m.move.name for m in everyone}) < len(everyone):
        return False
    return not any(
        one.after.low_id in {other.after.low_id, other.before.low_id}
        for one in everyone
        for other in everyone
        if other is not one and other.before is not None
    )


def _moments(problem: Problem, moves: "Sequence[Move]") -> "Iterator[Moment]":
    movers = {mover.name: mover for mover in problem.movers}
    now: dict[NodeName, View] = dict(problem.fixed)
    now.update({m.name: m.before for m in problem.movers if m.before is not None})
    begun = _Lasting(problem)
    for move, crew in run(problem, moves):
        mover = movers[move.name]
        before = now.get(move.name)
        after = mover.passing if move.passing else mover.after
        assert after is not None, "the model has just started it"
        shared: tuple[NodeName, ...] = ()
        if before is not None and before.low_id != after.low_id:
            shared = _shared(now, move.name, before)
        now[move.name] = after
        yield Moment(
            move=move,
            before=before,
            after=after,
            exposure=begun.exposure(crew, now),
            shared=shared,
        )


def _shared(
    now: "Mapping[NodeName, View]", name: "NodeName", before: "View"
) -> tuple["NodeName", ...]:
    return tuple(
        sorted(
            other
            for other, view in now.items()
            if other != name and view.low_id == before.low_id
        )
    )


class _Lasting:
    """Which risks are the plan's: not those of the end, nor doubles of today."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.end = self._at_the_end()
        self.old: Risks = {
            (role, risk)
            for role, risk in problem.watch.risks(problem.at_first())
            if risk is Risk.DOUBLE
        }

    def exposure(
        self, crew: "Crew", now: "Mapping[NodeName, View]"
    ) -> tuple[Exposure, ...]:
        """What is at risk while *crew* runs."""
        risks = self.problem.watch.risks(crew)
        self.old &= risks
        return tuple(
            Exposure(role=role, what=risk, nodes=self._nodes(role, risk, crew, now))
            for role, risk in sorted(
                risks - self.end - self.old,
                key=lambda item: (list(Risk).index(item[1]), item[0] or ""),
            )
        )

    def _at_the_end(self) -> Risks:
        crew = self.problem.background()
        for mover in self.problem.movers:
            crew.add(mover.after)
        return self.problem.watch.risks(crew)

    def _nodes(
        self,
        role: "Role | None",
        risk: Risk,
        crew: "Crew",
        now: "Mapping[NodeName, View]",
    ) -> tuple["NodeName", ...]:
        if role is None or risk not in {Risk.DOUBLE, Risk.UNCOVERED}:
            return ()
        parts = crew.parts.get(role, {})
        if risk is Risk.DOUBLE:
            many = {part for part, count in parts.items() if count > 1}
            return _running(role, many, now)
        end = {mover.name: mover.after for mover in self.problem.movers}
        lacking = {view.parts.get(role) for view in end.values()} - set(parts)
        return _running(role, lacking - {None}, end)


def _running(
    role: "Role", parts: "Collection[Part | None]", views: "Mapping[NodeName, View]"
) -> tuple["NodeName", ...]:
    return tuple(
        sorted(name for name, view in views.items() if view.parts.get(role) in parts)
    )
