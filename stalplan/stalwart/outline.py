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
        self._texts: dict[str, Value] | None = None  # of statements with one text
        self._others: dict[str, list[Value]] = {}
        self._leaves: dict[str, dict[str, Value]] = {}
        self._lengths: list[int] = []

    def value(self, key: str) -> Value:
        """The value that gives the flat map its *key*. Raises KeyError."""
        if self._texts is None:
            self._texts = {}
            self._index(self._texts)
        if found := self._texts.get(key):
            return found
        for length in self._lengths:
            if length < len(key) and key[length] == ".":
                found = self._leaves_of(key[:length]).get(key)
                if found:
                    return found
        raise KeyError(key)

    def _index(self, texts: dict[str, Value]) -> None:
        """Note by key what the statements hold, one text or several."""
        for block in self.blocks:
            if not isinstance(block, Statement):
                continue
            if block.value.kind is Kind.TEXT:
                texts[block.key] = block.value
            else:
                self._others.setdefault(block.key, []).append(block.value)
        # A long key has more prefixes than there are lengths of keys to compare with.
        self._lengths = sorted({len(key) for key in self._others})

    def _leaves_of(self, key: str) -> dict[str, Value]:
        """All texts in the arrays and inline tables at *key*, by their own keys."""
        if key not in self._leaves and key in self._others:
            values = self._others[key]
            leaves = (leaf for value in values for leaf in value.leaves())
            self._leaves[key] = {leaf.key: leaf for leaf in leaves}
        return self._leaves.get(key, {})
