"""What stands where in a config file: statements, table headers and values.

Offsets count characters of the decoded text, from 0; an end is one past the last.
Texts of values may be secrets, so no repr shows them.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Kind(Enum):
    """How a value is written."""

    TEXT = "text"  # a bare word or a string
    ARRAY = "array"  # [ ... ]
    INLINE = "inline"  # { ... }
    MEMBER = "member"  # a key of an inline set, without a value
    HOLE = "hole"  # nothing where a value could stand: [1,,2], {a = , b = 1}


@dataclass(slots=True, eq=False)
class Value:
    """One value as written, between *start* and *end*.

    *key_start* is where its own key begins inside an inline table, else *start*.
    *inside* holds the parts of an array or inline table, or finds them when they are
    asked for: few readers want them, and a list may have half a million.
    """

    key: str
    kind: Kind
    text: str = field(repr=False)
    start: int
    end: int
    key_start: int
    inside: "Sequence[Value] | Callable[[Value], Sequence[Value]]" = field(
        default=(), repr=False
    )

    @property
    def parts(self) -> "Sequence[Value]":
        """What an array or inline table holds, holes included."""
        if callable(self.inside):
            self.inside = self.inside(self)
        return self.inside

    def leaves(self) -> "Iterator[Value]":
        """The values that the server sees in it, in the order they are written."""
        if self.kind is Kind.TEXT or self.kind is Kind.MEMBER:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(slots=True, eq=False)
class Statement:
    """`key = value` with everything on its lines but blanks before the key.

    *key_end* is where the written key ends, blanks and equals sign excluded; *end*
    is after the newline, or the end of the text. *table* is the prefix in force,
    without its last dot.
    """

    table: str
    key_start: int
    key_end: int
    value: Value
    end: int

    @property
    def key(self) -> str:
        """The flat key it gives a value to."""
        return self.value.key


@dataclass(slots=True, eq=False)
class Header:
    """`[name]` or `[[name]]` with the rest of its line, which the server ignores.

    *name* is the prefix for the keys below it; for an entry of an array of tables it
    ends in the entry's number.
    """

    name: str
    start: int
    end: int
    array: bool


class Outline:
    """A whole text: its statements and headers in order, and its texts by flat key."""

    def __init__(
        self, text: str, blocks: list[Statement | Header], texts: dict[str, str]
    ) -> None:
        self.text = text
        self.blocks = blocks
        self.texts = texts
        self._by_key: dict[str, list[Value]] | None = None

    def value(self, key: str) -> Value:
        """The value that gives the flat map its *key*. Raises KeyError."""
        if self._by_key is None:
            self._by_key = {}
            for block in self.blocks:
                if isinstance(block, Statement):
                    self._by_key.setdefault(block.key, []).append(block.value)
        end = len(key)
        while end > 0:
            for value in self._by_key.get(key[:end], ()):
                found = next((leaf for leaf in value.leaves() if leaf.key == key), None)
                if found:
                    return found
            end = key.rfind(".", 0, end)
        raise KeyError(key)
