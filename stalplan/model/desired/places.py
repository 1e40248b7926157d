"""Where every key and value of a TOML text stands.

Neither tomllib nor tomlkit tells positions, so this walks the text beside them. It
knows only as much TOML as it takes to step over a value; whether the text is TOML
at all is for tomllib to say.
"""

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field

from stalplan.model.wishes import Place

Path = tuple[str, ...]

DEEPEST = 24  # keys and values nest no deeper; the format itself needs six

_BLANKS = re.compile(r"[ \t]*+")
_BETWEEN = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_REST = re.compile(r"[ \t]*+(?:#[^\n]*+)?+(?:\n|\Z)")
_KEY = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'""")
_LONG_TEXT = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}' + r"|'''(?:[^']++|'(?!''))*+'{3,5}",
    re.DOTALL,
)
_SCALAR = re.compile(
    r""""(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'|[^\s,\]}#"'\[{][^,\]}#\n]*+"""
)


class TooDeep(Exception):
    """The text nests deeper than any desired file does; readers would recurse."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"line {place.line}")
        self.place = place


class _NotToml(Exception):
    """The walk met what it can't step over; tomllib will say what is wrong."""


@dataclass(slots=True)
class Places:
    """The places of one text. Elements of lists are counted from "0" in paths.

    After a syntax error only what stands before it has a place. *spans* has the
    offsets of each written value in the text, first and one past the last; *headers*
    where `[table]` lines stand. *again* is the second place of what stands twice, the
    first such.
    """

    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)
    headers: dict[Path, Place] = field(default_factory=dict)
    end: Place = field(default_factory=lambda: Place(1, 1))
    again: tuple[Path, Place] | None = None

    def key(self, path: Path) -> Place:
        """Where *path* is named, else what holds it, else the first line."""
        return _nearest(self.keys, path)

    def value(self, path: Path) -> Place:
        """Where the value of *path* begins, else where it is named."""
        return self.values.get(path) or self.key(path)


def _nearest(places: dict[Path, Place], path: Path) -> Place:
    while path:
        if path in places:
            return places[path]
        path = path[:-1]
    return Place(1, 1)


def find_places(text: str) -> Places:
    """The places in *text*, whose lines end in a bare newline.

    Takes time linear in the text. Raises TooDeep.
    """
    walk = _Walk(text)
    with suppress(_NotToml):  # the places so far serve tomllib's message
        walk.document()
    return walk.places


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [found.start() for found in re.finditer("\n", text)]
        self.places = Places()
        self.places.end = self.place(len(text))
        self.listed: dict[Path, int] = {}  # [[tables]] met so far, by path

    def place(self, offset: int) -> Place:
        line = bisect_right(self.newlines, offset - 1)
        start = self.newlines[line - 1] + 1 if line else 0
        return Place(line + 1, offset - start + 1)

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _NotToml
        self.at = found.end()
        return found[0]

    def skip(self, literal: str) -> bool:
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        return False

    def require(self, literal: str) -> None:
        if not self.skip(literal):
            raise _NotToml

    def document(self) -> None:
        table: Path = ()
        self.take(_BETWEEN)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.take(_REST)
            self.take(_BETWEEN)

    def header(self) -> Path:
        """`[a.b]` or `[[a.b]]`; returns the path of the table it opens."""
        closing = "]]" if self.skip("[[") else "]"
        if closing == "]":
            self.require("[")
        start = self.at
        path: Path = ()
        for part, offset in self.dotted():
            if path in self.listed:
                path = (*path, str(self.listed[path] - 1))
            path = (*path, part)
            self.places.keys.setdefault(path, self.place(offset))
        self.require(closing)
        if closing == "]]":
            count = self.listed.get(path, 0)
            self.listed[path] = count + 1
            path = (*path, str(count))
            self.places.keys.setdefault(path, self.place(start))
        elif path in self.places.headers:
            self.repeated(path, start)
        self.places.headers.setdefault(path, self.place(start))
        self.places.values.setdefault(path, self.place(start))
        return path

    def dotted(self) -> list[tuple[str, int]]:
        """The parts of a key, each with its offset."""
        parts: list[tuple[str, int]] = []
        while not parts or self.skip("."):
            self.take(_BLANKS)
            if len(parts) == DEEPEST:
                raise TooDeep(self.place(self.at))
            offset = self.at
            parts.append((_unquoted(self.take(_KEY)), offset))
            self.take(_BLANKS)
        return parts

    def pair(self, table: Path) -> None:
        path = table
        start = self.at
        for part, offset in self.dotted():
            path = (*path, part)
            self.places.keys.setdefault(path, self.place(offset))
        self.require("=")
        self.take(_BLANKS)
        if path in self.places.values:
            self.repeated(path, start)
        self.value(path)

    def repeated(self, path: Path, offset: int) -> None:
        if self.places.again is None:
            self.places.again = (path, self.place(offset))

    def value(self, path: Path) -> None:
        if len(path) > 2 * DEEPEST:
            raise TooDeep(self.place(self.at))
        self.places.values.setdefault(path, self.place(self.at))
        start = self.at
        self.any_value(path)
        written = self.text[start : self.at].rstrip()
        self.places.spans.setdefault(path, (start, start + len(written)))

    def any_value(self, path: Path) -> None:
        if self.skip("["):
            self.elements(path)
        elif self.skip("{"):
            self.inline_table(path)
        elif self.text.startswith(('"""', "'''"), self.at):
            self.take(_LONG_TEXT)
        else:
            self.take(_SCALAR)

    def elements(self, path: Path) -> None:
        count = 0
        self.take(_BETWEEN)
        while not self.skip("]"):
            self.value((*path, str(count)))
            count += 1
            self.take(_BETWEEN)
            if not self.skip(","):
                self.require("]")
                return
            self.take(_BETWEEN)

    def inline_table(self, path: Path) -> None:
        self.take(_BLANKS)
        while not self.skip("}"):
            self.pair(path)
            self.take(_BLANKS)
            if not self.skip(","):
                self.require("}")
                return
            self.take(_BLANKS)


def _unquoted(part: str) -> str:
    """A key part without its quotes and escapes."""
    if part[0] not in "\"'":
        return part
    if part[0] == "'" or "\\" not in part:
        return part[1:-1]
    try:
        text: str = tomllib.loads(f"key = {part}")["key"]
    except tomllib.TOMLDecodeError as error:
        raise _NotToml from error
    return text
