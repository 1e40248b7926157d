"""The one module that knows deepdiff: trees in, differences out.

Trees are plain dicts of canonical leaves, so a difference is never one of spelling.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deepdiff.model import DiffLevel  # noqa: TID251 - as above

Leaf = str | None
"""A text, or None where the key is absent."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One leaf that differs: what is at *node* under *key*, and what should be."""

    node: str
    key: str
    live: Leaf = field(compare=False, repr=False)
    wanted: Leaf = field(compare=False, repr=False)


def differences(
    live: "Mapping[str, Mapping[str, Leaf]]", wanted: "Mapping[str, Mapping[str, Leaf]]"
) -> list[Difference]:
    """All leaves that differ, by node and key.

    Only keys of *wanted* are ours: those only in *live* are skipped, those that
    *live* lacks are absent there. Nodes that are equal are not walked.
    """
    left = {
        node: {key: live.get(node, {}).get(key) for key in keys}
        for node, keys in wanted.items()
    }
    uneven = [node for node, keys in wanted.items() if left[node] != keys]
    if not uneven:
        return []
    # Loaded here: where nothing differs, and for help, its 50 ms would be felt.
    from deepdiff import DeepDiff  # noqa: PLC0415, TID251 - the one place that does

    found = DeepDiff(
        {node: left[node] for node in uneven},
        {node: wanted[node] for node in uneven},
        view="tree",
    )
    changed = [*found.get("values_changed", ()), *found.get("type_changes", ())]
    return sorted(map(_difference, changed))


def load() -> None:
    """Load deepdiff now, where there is time for it."""
    import deepdiff  # noqa: F401, PLC0415, TID251 - as above


def _difference(item: "DiffLevel") -> Difference:
    node, key = item.path(output_format="list")
    return Difference(node, key, item.t1, item.t2)
