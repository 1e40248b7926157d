"""Trees in, differences out.

Trees are plain dicts of canonical leaves, so a difference is never one of spelling.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    *live* lacks are absent there.
    """
    return sorted(
        Difference(node, key, now, leaf)
        for node, leaves in wanted.items()
        for key, leaf in leaves.items()
        if (now := live.get(node, {}).get(key)) != leaf
    )
