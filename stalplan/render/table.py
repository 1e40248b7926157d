"""Who runs what before and after: the cluster as rows of nodes, columns of roles."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.planning.changes import Join, Leave
from stalplan.stalwart.effective import Off, On

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.names import NodeName, Role
    from stalplan.planning.plan import Plan, PlannedNode
    from stalplan.stalwart.effective import RoleState

JOINS, LEAVES, NOT_READ = "joins", "leaves", "not read"
MOST_ROWS = 16  # nodes that have a row each; of more, equal ones share one


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One node's part of one role. Both None: the node's file could not be read."""

    before: "RoleState | None"
    after: "RoleState | None"

    @property
    def changes(self) -> bool:
        """Whether the plan gives the node another part."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Nodes of which the same is to be said, in their order.

    *ids* are theirs before and after; None where there is none, or it is not known.
    *steps* are the numbers of all steps of any of them.
    """

    nodes: tuple["NodeName", ...]
    ids: tuple[tuple[str | None, str | None], ...]
    cells: tuple[Cell, ...]
    note: str
    steps: tuple[int, ...]

    @property
    def changes(self) -> bool:
        """Whether anything in the line changes."""
        new_id = any(before != after for before, after in self.ids)
        return new_id or any(cell.changes for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """*roles* head the columns; every node runs those *by_all*, before and after."""

    roles: tuple["Role", ...]
    by_all: tuple["Role", ...]
    lines: tuple[Line, ...]


def table(plan: "Plan") -> Table:
    """The cluster of *plan*; what changes comes first where equal nodes share lines."""
    roles = sorted({role for node in plan.nodes for role in _both(node)})
    differing = tuple(role for role in roles if not _is_everywhere(plan, role))
    lines = [*_lines(plan, differing), *_leaving(plan, differing)]
    if len(lines) > MOST_ROWS:
        lines = sorted(_shared(lines), key=lambda line: not line.changes)
    return Table(
        roles=differing,
        by_all=tuple(role for role in roles if role not in differing),
        lines=tuple(lines),
    )


def _both(node: "PlannedNode") -> set["Role"]:
    return {role for runs in (node.before, node.after) if runs for role in runs.roles}


def _is_everywhere(plan: "Plan", role: "Role") -> bool:
    return all(
        isinstance(runs.roles.get(role), On)
        for node in plan.nodes
        for runs in (node.before, node.after)
        if runs is not None
    )


def _lines(plan: "Plan", roles: tuple["Role", ...]) -> "Iterator[Line]":
    steps: dict[NodeName, list[int]] = {}
    for step in plan.steps:
        for node in step.nodes:
            steps.setdefault(node, []).append(step.number)
    joining = {change.node for change in plan.changes if isinstance(change, Join)}
    for planned in plan.nodes:
        before, after = planned.before, planned.after
        joins = planned.name in joining
        first = str(before.node_id) if before and not joins else None
        yield Line(
            nodes=(planned.name,),
            ids=((first, str(after.node_id) if after else None),),
            cells=tuple(
                Cell(
                    before=None if before is None else before.roles[role],
                    after=None if after is None else after.roles[role],
                )
                for role in roles
            ),
            note=JOINS if joins else "" if after else NOT_READ,
            steps=tuple(steps.get(planned.name, ())),
        )


def _leaving(plan: "Plan", roles: tuple["Role", ...]) -> "Iterator[Line]":
    """Nodes that the plan takes out; what they run until they stop is unknown."""
    for change in plan.changes:
        if isinstance(change, Leave):
            yield Line(
                nodes=(change.node,),
                ids=((change.before, None),),
                cells=tuple(Cell(before=None, after=None) for _ in roles),
                note=LEAVES,
                steps=(),
            )


def _shared(lines: list[Line]) -> list[Line]:
    """One line for all nodes that keep their ids and are alike in all else."""
    alike: dict[object, list[Line]] = {}
    for index, line in enumerate(lines):
        ((before, after),) = line.ids
        own = None if before == after and not line.note else index
        alike.setdefault((own, line.cells), []).append(line)
    return [_merged(each) for each in alike.values()]


def _merged(lines: list[Line]) -> Line:
    return Line(
        nodes=tuple(node for line in lines for node in line.nodes),
        ids=tuple(pair for line in lines for pair in line.ids),
        cells=lines[0].cells,
        note=lines[0].note,
        steps=tuple(sorted(number for line in lines for number in line.steps)),
    )


def symbol(state: "RoleState | None") -> str:
    """A part of a role in one or a few characters; shards are counted from 1."""
    if state is None:
        return "?"
    if isinstance(state, On):
        return "\u25cf"
    return "\u2013" if isinstance(state, Off) else f"{state.index + 1}/{state.of}"


def words(cell: Cell) -> str:
    """The same for who listens."""
    if not cell.changes:
        return _part(cell.before)
    if isinstance(cell.before, Off):
        return f"begins, {_part(cell.after)}"
    if isinstance(cell.after, Off):
        return f"ends, {_part(cell.before)} today"
    return f"{_part(cell.before)} today, {_part(cell.after)} then"


def _part(state: "RoleState | None") -> str:
    if state is None:
        return "not known"
    if isinstance(state, On):
        return "runs it"
    if isinstance(state, Off):
        return "does not run it"
    return f"runs part {state.index + 1} of {state.of}"
