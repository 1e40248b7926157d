"""Labels where they are evident: groups of an inventory, or what names begin with."""

import re
from collections.abc import Mapping, Sequence

from stalplan.model.inventories.asked import Asked
from stalplan.model.rewriting.writing import Value
from stalplan.names import NodeName

Labels = Mapping[NodeName, tuple[str, ...]]

_NUMBERED = re.compile(r"([a-z]+(?:-[a-z]+)*)-?[0-9]+(?:\..*)?")


def evident(nodes: Sequence[Asked]) -> Labels:
    """The labels of each node that has some.

    An inventory's groups are labels, unless all nodes are in one. Without groups,
    names such as front1, front2 and back1 say what the nodes are; mx1, mx2 and mx3
    don't.
    """
    groups = {label for node in nodes for label in node.labels}
    groups -= {label for label in groups if all(label in node.labels for node in nodes)}
    if groups:
        told = {
            node.name: tuple(label for label in node.labels if label in groups)
            for node in nodes
        }
        return {name: labels for name, labels in told.items() if labels}
    stems = {node.name: _NUMBERED.fullmatch(node.name) for node in nodes}
    found = {name: stem[1] for name, stem in stems.items() if stem}
    kinds = set(found.values())
    if len(found) < len(nodes) or not 1 < len(kinds) < len(nodes):
        return {}
    return {name: (stem,) for name, stem in found.items()}


def wish_of(
    shards: Sequence[Sequence[NodeName]],
    labels: Labels,
    ids: Mapping[NodeName, int],
) -> Value:
    """Who holds a role, as the desired file says it: by label where one fits."""
    rows = [sorted(shard, key=lambda name: ids[name]) for shard in shards]
    holders = {name for row in rows for name in row}
    for label in sorted({each for found in labels.values() for each in found}):
        named = {name for name, found in labels.items() if label in found}
        if named != holders or len(named) == 1:
            continue
        dealt = sorted(named, key=lambda name: ids[name])
        if [dealt[i :: len(rows)] for i in range(len(rows))] == rows:
            wish: dict[str, Value] = {"label": label}
            if len(rows) == len(named):
                return wish | {"shards": "each"}
            return wish if len(rows) == 1 else wish | {"shards": len(rows)}
    return rows[0] if len(rows) == 1 else rows
