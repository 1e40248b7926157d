"""The part of a proof that looks at lines: what is not planned stays, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stalplan.stalwart.outline import Header, Kind, Outline, Statement, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

Difference = tuple[int, str]  # a line, from 1, and a sentence


class Wanted(Protocol):
    """Which keys may differ."""

    def planned(self, key: str) -> bool:
        """Whether *key* may differ."""

    def into(self, table: str) -> bool:
        """Whether a planned key belongs into *table*."""


@dataclass(slots=True)
class Line:
    """One line; *header* is the table it opens, *owned* that planned keys own it.

    *alone*: it opens a table for planned keys that the other file lacks. *unended*: the
    text ends with it, and no line end follows, though others have one with a carriage
    return.
    """

    number: int
    text: str = field(repr=False)
    owned: bool = False
    header: str | None = None
    alone: bool = False
    unended: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing stands on it."""
        return not self.text.strip()


class Lines:
    """A file's lines, and which of them planned keys own."""

    def __init__(self, outline: Outline, wanted: Wanted) -> None:
        self.outline = outline
        self.wanted = wanted
        texts = outline.text.split("\n")
        if not texts[-1]:
            texts.pop()
        self.lines = [Line(number, text) for number, text in enumerate(texts, 1)]
        if self.lines:
            unended = not outline.text.endswith("\n")
            self.lines[-1].unended = unended and "\r\n" in outline.text
        self.owned: list[Statement] = []
        at, line = 0, 0
        for block in outline.blocks:
            if isinstance(block, Header):
                start = block.start
            elif self._owns(block.value):
                start = block.key_start
            else:
                continue
            line += outline.text.count("\n", at, start)
            at = start
            if isinstance(block, Header):
                self.lines[line].header = block.name
                self.lines[line].owned = wanted.planned(block.name)
                continue
            self.owned.append(block)
            last = line + outline.text.count("\n", at, block.end - 1)
            for owned in self.lines[line : last + 1]:
                owned.owned = True

    def _owns(self, value: Value) -> bool:
        if self.wanted.planned(value.key):
            return True
        if value.kind is Kind.TEXT or not self.wanted.into(value.key):
            return False
        if value.kind is Kind.INLINE:
            return True  # the key may be in one of the files only
        return any(self._owns(part) for part in value.parts)

    def headers(self) -> set[str]:
        """The names of all tables."""
        return {line.header for line in self.lines if line.header is not None}

    def compare_with(self, known: set[str]) -> None:
        """Mark the tables for planned keys that the other file, with *known*, lacks."""
        for line in self.lines:
            name = line.header
            if name is not None and name not in known:
                line.alone = line.owned or self.wanted.into(name)

    def unplanned_values(self) -> "Iterator[tuple[str, str]]":
        """As written, the values that share a statement with planned ones."""
        for statement in self.owned:
            for leaf in statement.value.leaves():
                if not self.wanted.planned(leaf.key):
                    yield leaf.key, self.outline.text[leaf.start : leaf.end]


def same_lines(before: Lines, after: Lines) -> Difference | None:
    """The first unplanned line that differs, if any does."""
    before.compare_with(after.headers())
    after.compare_with(before.headers())
    old, new = _gaps(before), _gaps(after)
    for ours, theirs in zip(old, new, strict=False):
        if not _same_blanks(ours, theirs, ends=ours is old[-1]):
            number = (theirs.blanks or [theirs.line])[0].number
            return number, "a blank line came or went unasked"
        if not _same(ours.line, theirs.line):
            return theirs.line.number, "the line changed unasked"
    if len(old) > len(new):
        return old[len(new)].line.number, "the line is lost"
    if len(new) > len(old):
        return new[len(old)].line.number, "the line was not there before"
    return None


class _Gap(NamedTuple):
    """An unplanned line that is not blank, and what lies before it.

    *blanks* are the blank lines, *outside* those of them that stand in no table that
    the other file lacks; *tables* counts such tables, and *in_table* tells whether the
    gap ends in one.
    """

    line: Line
    blanks: Sequence[Line] = ()
    outside: Sequence[Line] = ()
    tables: int = 0
    in_table: bool = False


def _gaps(lines: Lines) -> list[_Gap]:
    """A file as gaps; its end counts as a line."""
    result: list[_Gap] = []
    between: list[Line] = []
    for line in lines.lines:
        if line.owned or line.blank or line.alone:
            between.append(line)
        elif between:
            result.append(_gap(line, between))
            between = []
        else:
            result.append(_Gap(line))
    return [*result, _gap(Line(max(1, len(lines.lines)), "\x00"), between)]


def _gap(line: Line, between: list[Line]) -> _Gap:
    """The gap before *line*; *between* are blank, or belong to planned keys."""
    blanks: list[Line] = []
    outside: list[Line] = []
    tables, in_table = 0, False
    for one in between:
        if one.header is not None:
            in_table = one.alone
            tables += one.alone
        elif not one.owned:
            blanks.append(one)
            if not in_table:
                outside.append(one)
    return _Gap(line, blanks, outside, tables, in_table)


def _same(old: Line, new: Line) -> bool:
    """Equal lines; a carriage return may join a line that had no end."""
    return new.text == old.text or (old.unended and new.text == f"{old.text}\r")


def _same_blanks(old: _Gap, new: _Gap, *, ends: bool) -> bool:
    """Whether the blank lines of a gap are the same; *ends*: no line follows it.

    A table that goes takes those in it along, and at the end of the file those before
    it may go too; a new one may bring one that is empty.
    """
    if not old.blanks and not new.blanks:
        return True
    kept = brought = 0
    for line in new.blanks:
        if kept < len(old.outside) and _same(old.outside[kept], line):
            kept += 1
        elif line.text in {"", "\r"}:
            brought += 1
        else:
            return False
    may_go = ends and old.in_table
    return brought <= new.tables and (may_go or kept == len(old.outside))


def same_tails(before: Lines, after: Lines) -> Difference | None:
    """The first edited statement that lost its comment, or whose neighbours changed."""
    if list(before.unplanned_values()) != list(after.unplanned_values()):
        return 1, "a value beside a planned one changed unasked"
    tails: dict[str, set[_Tail]] = {}
    for statement in before.owned:
        tails.setdefault(statement.key, set()).add(_tail(before, statement))
    for statement in after.owned:
        if statement.value.kind is Kind.ARRAY:
            continue  # it may have become one, or have its end on another line
        ours, tail = tails.get(statement.key), _tail(after, statement)
        # The text of a list in one piece may have become its first line.
        whole = tails.get(statement.key.rpartition(".")[0], ())
        divided = any(tail == one._replace(key=tail.key) for one in whole)
        if ours is not None and tail not in ours and not divided:
            line = after.outline.text.count("\n", 0, statement.key_start) + 1
            return line, "the rest of an edited line changed"
    return None


class _Tail(NamedTuple):
    """What stands around a statement's value, and its key as it is written."""

    indent: str
    key: str
    equals: str
    rest: str


def _tail(lines: Lines, statement: Statement) -> _Tail:
    text, value = lines.outline.text, statement.value
    start = text.rfind("\n", 0, statement.key_start) + 1
    return _Tail(
        text[start : statement.key_start],
        text[statement.key_start : statement.key_end],
        text[statement.key_end : value.start],
        text[value.end : statement.end].rstrip("\r\n"),
    )
