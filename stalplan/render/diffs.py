"""What each file gets, drawn from the plan's edits and never from a file's lines."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.planning.shown import as_written, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalplan.names import NodeName
    from stalplan.planning.plan import FileEdit, Plan


@dataclass(frozen=True, slots=True)
class Diff:
    """Lines that some nodes' files at the same path lose and get, alike."""

    nodes: tuple["NodeName", ...]
    path: str
    lines: tuple[str, ...]


def diffs(plan: "Plan") -> list[Diff]:
    """One diff for all nodes whose files change alike, by their first node."""
    paths = {node.name: visible(node.path or "") for node in plan.nodes}
    by_node: dict[NodeName, list[FileEdit]] = {}
    for edit in plan.edits:
        by_node.setdefault(edit.node, []).append(edit)
    alike: dict[tuple[str, tuple[str, ...]], list[NodeName]] = {}
    for node, edits in by_node.items():
        alike.setdefault((paths[node], lines(edits)), []).append(node)
    return [
        Diff(nodes=tuple(nodes), path=path, lines=changed)
        for (path, changed), nodes in alike.items()
    ]


def lines(edits: "Iterable[FileEdit]") -> tuple[str, ...]:
    """`- key = before` and `+ key = after` of each edit, with the line it is at."""
    found = []
    for edit in edits:
        place = f"  (line {edit.line})" if edit.line is not None else ""
        if edit.before is not None:
            found.append(f"- {visible(edit.key)} = {as_written(edit.before)}{place}")
        if edit.after is not None:
            found.append(f"+ {visible(edit.key)} = {as_written(edit.after)}")
    return tuple(found)
