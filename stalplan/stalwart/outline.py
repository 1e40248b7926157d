"""What stands where in a config file: statements, table headers and values.

Offsets count characters of the decoded text, from 0; an end is one past the last.
Texts of values may be secrets, so no repr shows them.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Kind(Enum):
    """How a value is written."""

    TEXT = "text"  # a bare word or a string
    ARRAY = "array"  # [ ... ]
    INLINE = "inline"  # { ... }
    MEMBER = "member"  # a key of an inline set, without a value
    HOLE = "hole"  # nothing where a value could stand: [1,,2], {a = , b = 1}


@dataclass(slots=True)
class Value:
    """One value as written, between *start* and *end*; its *parts* if it is nested.

    *key_start* is where its own key begins inside an inline table, else *start*.
    """

    key: str
    kind: Kind
    text: str = field(repr=False)
    start: int
    end: int
    key_start: int
    parts: "Sequence[Value]" = ()

    def leaves(self) -> "Iterator[Value]":
        """The values that the server sees in it, in the order they are written."""
        if self.kind in {Kind.TEXT, Kind.MEMBER}:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(slots=True)
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


@dataclass(slots=True)
class Header:
    """`[name]` or `[[name]]` with the rest of its line, which the server ignores.

    *name* is the prefix for the keys below it; for an entry of an array of tables it
    ends in the entry's number.
    """

    name: str
    start: int
    end: int
    array: bool


@dataclass(slots=True)
class Outline:
    """A whole text: its statements and headers in order, and its values by flat key."""

    text: str = field(repr=False)
    blocks: list[Statement | Header] = field(repr=False)
    values: dict[str, Value] = field(repr=False)
