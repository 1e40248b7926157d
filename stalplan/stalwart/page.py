"""A text with its outline, cut into sections, and small pieces of it to replace."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from stalplan.stalwart.outline import Header, Outline, Statement
from stalplan.stalwart.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_COMPARED: Final = 100_000  # pairs of splices; above that a new page is cheaper

_COMMENT_LINE: Final = re.compile(r"[ \t\r]*#")


class EditRefused(Exception):
    """The edit can't be made so that the server reads what is wanted.

    Nothing was changed. *line* counts from 1 in the text before the edit; 0 where no
    line is to blame.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line
        self.message = message


class Splice(NamedTuple):
    """Replace the characters from *start* to *end* by *text*.

    *reach* is the stretch that must not change otherwise for the splice to be right.
    *line_of* is the key that a new line is for: new lines at one place do not disturb
    each other, and stand in the order of *rank*.
    """

    start: int
    end: int
    text: str
    reach: tuple[int, int]
    line_of: str = ""
    rank: str = ""

    def __repr__(self) -> str:  # the text may be secret
        return f"Splice({self.start}, {self.end})"


def splice(
    start: int, end: int, text: str, reach: tuple[int, int] | None = None
) -> Splice:
    """A splice that reaches no further than its own place, unless told."""
    return Splice(start, end, text, reach or (start, end))


def clash(ours: "Sequence[Splice]", theirs: "Sequence[Splice]") -> bool:
    """Whether two sets of splices touch, so that one was made on a false page.

    Very many are not compared one by one, and count as touching.
    """
    return len(ours) * len(theirs) > MOST_COMPARED or any(
        mine.reach[0] <= other.reach[1]
        and other.reach[0] <= mine.reach[1]
        and not (mine.line_of and other.line_of and mine.start == other.start)
        for other in theirs
        for mine in ours
    )


@dataclass(slots=True)
class Section:
    """A header and what stands below it; the first one has no header.

    *name* is the prefix without its last dot; *end* is where the next header's line
    begins.
    """

    header: Header | None
    name: str
    start: int
    end: int
    statements: list[Statement] = field(default_factory=list, repr=False)

    @property
    def body(self) -> int:
        """Where the section's own lines begin."""
        return self.header.end if self.header else self.start


@dataclass(slots=True)
class Page:
    """A text that the server reads, ready for edits."""

    outline: Outline = field(repr=False)
    sections: list[Section] = field(repr=False)
    lenient_keys: bool

    @classmethod
    def of(cls, text: str, *, lenient_keys: bool) -> Self:
        """Raises Unreadable where the server would refuse *text*."""
        outline = scan(text, lenient_keys=lenient_keys)
        sections = [Section(None, "", 0, len(text))]
        page = cls(outline, sections, lenient_keys)
        for block in outline.blocks:
            if isinstance(block, Statement):
                sections[-1].statements.append(block)
            else:
                sections[-1].end = start = page.line_start(block.start)
                sections.append(Section(block, block.name, start, len(text)))
        return page

    @property
    def text(self) -> str:
        """The whole text."""
        return self.outline.text

    def with_splices(self, splices: "Iterable[Splice]") -> str:
        """The text with *splices* applied; they must not overlap."""
        parts: list[str] = []
        at = 0
        for one in sorted(splices, key=lambda one: (one.start, one.end, one.rank)):
            parts += self.text[at : one.start], one.text
            at = one.end
        return "".join([*parts, self.text[at:]])

    def line_number(self, offset: int) -> int:
        """The line, from 1, of a character."""
        return self.text.count("\n", 0, offset) + 1

    def line_start(self, offset: int) -> int:
        """Where the line of a character begins."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line after the one of a character begins, or the text ends."""
        return self.text.find("\n", offset) + 1 or len(self.text)

    def indent(self, offset: int) -> str:
        """What stands before a character on its line."""
        return self.text[self.line_start(offset) : offset]

    def stands_first(self, offset: int) -> bool:
        """Whether only blanks stand before a character on its line."""
        return not self.indent(offset).strip(" \t\r")

    @property
    def eol(self) -> str:
        """How the text ends its lines: as its first line does."""
        first = self.text.find("\n")
        return "\r\n" if self.text[max(0, first - 1) : first] == "\r" else "\n"

    def above_comments(self, offset: int, floor: int) -> int:
        """Where the comment lines begin that stand right above a line.

        *offset* is the line's beginning; the search stops at *floor*.
        """
        while offset > floor:
            above = self.line_start(offset - 1)
            if above < floor or not _COMMENT_LINE.match(self.text, above):
                break
            offset = above
        return offset
