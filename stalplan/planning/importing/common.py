"""What most nodes have alike is said once for all, and only the rest of it by node."""

from collections import Counter
from collections.abc import Mapping

from stalplan.model.desired.places import Path
from stalplan.model.rewriting.writing import Value, written
from stalplan.names import NodeName

Tables = Mapping[NodeName, Mapping[str, Value]]


def common(tables: Tables) -> dict[str, Value]:
    """The keys that every node has, each with its commonest value.

    A key that one node lacks is none of them: a default can't be taken back. Of
    values that are equally common the first node's counts.
    """
    if not tables:
        return {}
    first, *others = tables.values()
    return {
        key: _commonest([table[key] for table in tables.values()])
        for key in first
        if all(key in other for other in others)
    }


def _commonest(values: list[Value]) -> Value:
    ((text, _),) = Counter(map(written, values)).most_common(1)
    return next(value for value in values if written(value) == text)


def own(
    table: Mapping[str, Value], shared: Mapping[str, Value], prefix: Path
) -> dict[Path, Value]:
    """What of a node's table differs from what is *shared*, below *prefix*."""
    return {
        (*prefix, key): value
        for key, value in table.items()
        if key not in shared or written(shared[key]) != written(value)
    }
