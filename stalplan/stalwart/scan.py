"""The server's own grammar: from a text to its outline.

The server's reader is not a TOML reader. Every rule here was checked against cases
that the releases' own code had read.

Source: stalwart v0.15.5, crates/utils/src/config/parser.rs; v0.13.0 for the older
keys.
"""

import re
from functools import lru_cache, partial
from weakref import WeakValueDictionary

from stalplan.stalwart import grammar
from stalplan.stalwart.nests import Nests, parts_of
from stalplan.stalwart.outline import Header, Kind, Outline, Statement, Value
from stalplan.stalwart.reader import Reader

# What somebody still holds needs no second walk: the files of a cluster, which are
# read first and edited later.
_held: WeakValueDictionary[tuple[str, bool], Outline] = WeakValueDictionary()


@lru_cache(maxsize=2)  # an edit, its proof and its reading ask for the same two texts
def scan(text: str, *, lenient_keys: bool) -> Outline:
    """The outline of *text*, in time linear in its length. Nobody may change it.

    *lenient_keys*: bare keys may hold any character, as from 0.13.1 on.

    Raises Unreadable where the server would refuse the text.
    """
    outline = _held.get((text, lenient_keys))
    if outline is None:
        outline = _Scanner(Reader(text, lenient_keys=lenient_keys)).run()
        _held[text, lenient_keys] = outline
    return outline


class _Scanner:
    """One walk through a text: statements and table headers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._nests = Nests(reader)
        self._table = ""
        self._array_name = ""
        self._array_count = 0
        self._blocks: list[Statement | Header] = []
        self._parts_of = partial(
            parts_of, text=reader.text, lenient_keys=reader.lenient_keys
        )

    def run(self) -> Outline:
        reader, text = self._reader, self._reader.text
        while True:
            if simple := grammar.SIMPLE.match(text, reader.at):
                self._simple(simple)
                continue
            reader.at = reader.after(grammar.SPACE)
            if reader.at == len(text):
                return Outline(text, self._blocks, reader.texts)
            first = text[reader.at]
            if first == "[":
                self._header()
            elif first == '"' or (first.isascii() and first.isalnum()):
                self._statement()
            elif first == "\ufeff":
                reader.refuse("a byte order mark stands at the beginning of a line")
            elif first == "'":
                reader.refuse("a line begins with a single-quoted key")
            else:
                reader.refuse("a line begins with a character that begins no key")

    def _simple(self, found: re.Match[str]) -> None:
        """Take a statement whose value is a simple text, or begins with a bracket."""
        reader, token = self._reader, found[2]
        key = f"{self._table}.{found[1]}" if self._table else found[1]
        if token is None:
            reader.at = found.end()
            self._nested(key, *found.span(1))
            return
        text = grammar.meaning(token)
        start, reader.at = found.span(2)
        reader.keep(key, text)
        value = Value(key, Kind.TEXT, text, start, reader.at, start)
        reader.at = found.end()
        self._blocks.append(Statement(self._table, *found.span(1), value, reader.at))

    def _statement(self) -> None:
        reader = self._reader
        key_start = reader.at
        key, key_end = reader.key(inline=False)
        key = f"{self._table}.{key}" if self._table else key
        reader.at += 1
        start = reader.at = reader.after(grammar.BLANKS)
        if start == len(reader.text):
            raise reader.too_early()
        if reader.text[start] == "\n":
            reader.refuse("a value is missing")
        if reader.text[start] in "[{":
            self._nested(key, key_start, key_end)
            return
        text = reader.leaf()
        if text is None:
            reader.refuse("a value begins with a character that needs quotes", start)
        reader.keep(key, text)
        value = Value(key, Kind.TEXT, text, start, reader.at, start)
        reader.ending("\n")
        self._blocks.append(
            Statement(self._table, key_start, key_end, value, reader.at)
        )

    def _nested(self, key: str, key_start: int, key_end: int) -> None:
        """Take a statement whose value is the array or inline table that begins."""
        reader, start = self._reader, self._reader.at
        kind = Kind.ARRAY if reader.text[start] == "[" else Kind.INLINE
        self._nests.read(key)
        value = Value(key, kind, "", start, reader.at, start, self._parts_of)
        reader.ending("\n")
        self._blocks.append(
            Statement(self._table, key_start, key_end, value, reader.at)
        )

    def _header(self) -> None:
        reader, start = self._reader, self._reader.at
        if simple := grammar.SIMPLE_HEADER.match(reader.text, start):
            self._table = simple[1] + simple[2].lower()
            reader.at = simple.end()
            self._blocks.append(Header(self._table, start, reader.at, array=False))
            return
        if simple := grammar.SIMPLE_ARRAY_HEADER.match(reader.text, start):
            self._table = self._entry_of(simple[1].lower())
            reader.at = simple.end()
            self._blocks.append(Header(self._table, start, reader.at, array=True))
            return
        reader.at += 1
        first = self._header_character(quoted=False)
        array = first == "["
        self._table = self._header_name("" if array else first, array=array)
        reader.at = reader.after(grammar.REST_OF_LINE)
        self._blocks.append(Header(self._table, start, reader.at, array=array))

    def _header_character(self, *, quoted: bool) -> str:
        """The next character of a header; blanks count only in quotes."""
        reader, text = self._reader, self._reader.text
        while reader.at < len(text):
            character = text[reader.at]
            if character == "\n":
                reader.refuse("a table header is not closed on its line")
            reader.at += 1
            if character != "\r" and (quoted or character not in " \t"):
                return character
        raise reader.too_early()

    def _header_name(self, name: str, *, array: bool) -> str:
        """The name of a header, up to the bracket that ends it.

        Text between the two closing brackets of an array's header joins the name,
        behind the entry's number.
        """
        quoted, last = False, ""
        numbered = not array
        while True:
            character = self._header_character(quoted=quoted)
            if character == '"' and not (quoted and last == "\\"):
                quoted = not quoted
            elif quoted:
                name += "" if character == "\\" else character
            elif character == "]":
                if numbered:
                    return name
                name, numbered = self._entry_of(name), True
            elif grammar.header_letter().match(character):
                name += character.lower() if character.isascii() else character
            else:
                self._reader.refuse("a table header holds a character that it can't")
            last = character

    def _entry_of(self, name: str) -> str:
        """The prefix of the next entry of the array of tables *name*.

        The server counts only while the same name repeats.
        """
        if not name:
            self._reader.refuse("a table header names no table")
        self._array_count = self._array_count + 1 if name == self._array_name else 0
        self._array_name = name
        return f"{name}.{self._array_count:04}"
