"""The part of a proof that looks at lines: what is not planned stays, byte for byte."""

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

    *unended*: the text ends with it, and no line end follows, though others have one
    with a carriage return.
    """

    number: int
    text: str = field(repr=False)
    owned: bool = False
    header: str | None = None
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

    def optional(self, known: set[str]) -> set[int]:
        """The lines that the other file may lack, whose tables are *known*.

        Headers of tables that planned keys belong into, and the blank lines that
        divide them from the rest.
        """
        found: set[int] = set()
        for at, line in enumerate(self.lines):
            name = line.header
            if name is None or name in known or not self.wanted.into(name):
                continue
            found.add(line.number)
            before = at - 1
            while before >= 0 and self.lines[before].blank:
                found.add(self.lines[before].number)
                before -= 1
            after = at + 1
            while after < len(self.lines) and (
                self.lines[after].owned or self.lines[after].blank
            ):
                found.add(self.lines[after].number)
                after += 1
        return found

    def unplanned_values(self) -> "Iterator[tuple[str, str]]":
        """As written, the values that share a statement with planned ones."""
        for statement in self.owned:
            for leaf in statement.value.leaves():
                if not self.wanted.planned(leaf.key):
                    yield leaf.key, self.outline.text[leaf.start : leaf.end]


def same_lines(before: Lines, after: Lines) -> Difference | None:
    """The first unplanned line that differs, if any does."""
    lost, joined = before.optional(after.headers()), after.optional(before.headers())
    old = _gaps(before, lost)
    new = _gaps(after, joined)
    for ours, theirs in zip(old, new, strict=False):
        if not _same_blanks(ours, theirs, lost, joined):
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
    """An unplanned line that is not blank, the blank lines, and tables, before it.

    *tables* counts the headers that the other file may lack.
    """

    line: Line
    blanks: list[Line]
    tables: int


def _gaps(lines: Lines, optional: set[int]) -> list[_Gap]:
    """A file as gaps; its end counts as a line."""
    result: list[_Gap] = []
    blanks: list[Line] = []
    tables = 0
    for line in lines.lines:
        if line.owned:
            continue
        if line.blank:
            blanks.append(line)
        elif line.number in optional:
            tables += 1
        else:
            result.append(_Gap(line, blanks, tables))
            blanks, tables = [], 0
    end = Line(max(1, len(lines.lines)), "\x00")
    return [*result, _Gap(end, blanks, tables)]


def _same(old: Line, new: Line) -> bool:
    """Equal lines; a carriage return may join a line that had no end."""
    return new.text == old.text or (old.unended and new.text == f"{old.text}\r")


def _same_blanks(ours: _Gap, theirs: _Gap, lost: set[int], joined: set[int]) -> bool:
    """Whether the blank lines of a gap are the same but for optional ones.

    A new table brings one at most.
    """
    old, new = ours.blanks, theirs.blanks
    if not old and not new:
        return True
    if len(new) > len(old) + theirs.tables:
        return False
    texts = {line.text for line in (*old, *new)}
    if len(texts) > 1:
        kept = [line.text for line in old if line.number not in lost]
        added = [line.text for line in new if line.number not in joined]
        return kept == added or [line.text for line in old] == added
    at_least = max(
        sum(line.number not in lost for line in old),
        sum(line.number not in joined for line in new),
    )
    return at_least <= min(len(old), len(new))


def same_tails(before: Lines, after: Lines) -> Difference | None:
    """The first edited statement that lost its comment, or whose neighbours changed."""
    if list(before.unplanned_values()) != list(after.unplanned_values()):
        return 1, "a value beside a planned one changed unasked"
    tails = {statement.key: _tail(before, statement) for statement in before.owned}
    for statement in after.owned:
        if statement.value.kind is Kind.ARRAY:
            continue  # it may have become one, or have its end on another line
        if tails.get(statement.key) not in {None, _tail(after, statement)}:
            line = after.outline.text.count("\n", 0, statement.key_start) + 1
            return line, "the rest of an edited line changed"
    return None


def _tail(lines: Lines, statement: Statement) -> tuple[str, str]:
    """What stands around a statement's value."""
    text, start = lines.outline.text, statement.key_start
    start = text.rfind("\n", 0, start) + 1
    head = text[start : statement.value.start]
    return head, text[statement.value.end : statement.end].rstrip("\r\n")
