"""The server's own grammar: from a text to its outline.

The server's reader is not a TOML reader. Every rule here was checked against cases
that the releases' own code had read.

Source: stalwart v0.15.5, crates/utils/src/config/parser.rs; v0.13.0 for the older
keys.
"""

import re
from typing import Final, NoReturn

from stalplan.stalwart import grammar
from stalplan.stalwart.outline import Header, Kind, Outline, Statement, Value

MAX_NESTED: Final = 10  # a value inside ten brackets is one too many
MAX_KEYS: Final = 2**26  # characters of all flat keys; a real file has some thousand
MAX_SHOWN: Final = 200  # characters of a key in an error

_NOTHING: Final = Value("", Kind.HOLE, "", 0, 0, 0)  # one for all holes of arrays


class Unreadable(Exception):
    """The text is not one the server reads; *offset* is where it gives up."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.what = what
        self.offset = offset


class TooMuch(Unreadable):
    """The server may read the text, at a price in memory that is not paid here."""


def _given_twice(key: str) -> str:
    shown = key if len(key) <= MAX_SHOWN else f"{key[:MAX_SHOWN]}…"
    return f"the key {shown!r} is given twice"


def scan(text: str, *, lenient_keys: bool) -> Outline:
    """The outline of *text*, in time linear in its length.

    *lenient_keys*: bare keys may hold any character, as from 0.13.1 on.

    Raises Unreadable where the server would refuse the text.
    """
    return _Scanner(text, lenient_keys=lenient_keys).run()


class _Scanner:
    """One walk through a text; *_at* is the next character."""

    def __init__(self, text: str, *, lenient_keys: bool) -> None:
        self._text = text
        self._at = 0
        self._lenient_keys = lenient_keys
        self._table = ""
        self._array_name = ""
        self._array_count = 0
        self._blocks: list[Statement | Header] = []
        self._values: dict[str, Value] = {}
        self._key_size = 0

    def run(self) -> Outline:
        text = self._text
        while True:
            if simple := grammar.SIMPLE.match(text, self._at):
                self._simple(simple)
                continue
            self._at = self._after(grammar.SPACE)
            if self._at == len(text):
                return Outline(text, self._blocks, self._values)
            first = text[self._at]
            if first == "[":
                self._header()
            elif first == '"' or (first.isascii() and first.isalnum()):
                self._statement()
            elif first == "\ufeff":
                self._refuse("a byte order mark stands at the beginning of a line")
            elif first == "'":
                self._refuse("a line begins with a single-quoted key")
            else:
                self._refuse("a line begins with a character that begins no key")

    def _after(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        return found.end() if found else self._at

    def _refuse(self, what: str, at: int | None = None) -> NoReturn:
        raise Unreadable(what, self._at if at is None else at)

    def _too_early(self) -> Unreadable:
        return Unreadable("the file ends too early", len(self._text))

    def _keep(self, value: Value) -> None:
        """Take *value* into the flat map, where each key may stand once."""
        if value.key in self._values:
            self._refuse(_given_twice(value.key))
        self._values[value.key] = value
        self._key_size += len(value.key)
        if self._key_size > MAX_KEYS:
            raise TooMuch("the keys repeat a long name too often", self._at)

    def _simple(self, found: re.Match[str]) -> None:
        key = f"{self._table}.{found[1]}" if self._table else found[1]
        if (text := found[2]) is None:
            text = found[3]
            start, end = found.span(3)
        else:
            start, end = found.start(2) - 1, found.end(2) + 1
        value = Value(key, Kind.TEXT, text, start, end, start)
        self._at = end
        self._keep(value)
        self._at = found.end()
        self._blocks.append(Statement(self._table, *found.span(1), value, self._at))

    def _statement(self) -> None:
        start = self._at
        key, key_end = self._key(inline=False)
        self._at += 1
        value, _ = self._value(f"{self._table}.{key}" if self._table else key, "\n", 0)
        self._blocks.append(Statement(self._table, start, key_end, value, self._at))

    def _header(self) -> None:
        start = self._at
        if simple := grammar.SIMPLE_HEADER.match(self._text, start):
            self._table = simple[1] + simple[2].lower()
            self._at = simple.end()
            self._blocks.append(Header(self._table, start, self._at, array=False))
            return
        self._at += 1
        first = self._header_character(quoted=False)
        array = first == "["
        self._table = self._header_name("" if array else first, array=array)
        self._at = self._after(grammar.REST_OF_LINE)
        self._blocks.append(Header(self._table, start, self._at, array=array))

    def _header_character(self, *, quoted: bool) -> str:
        """The next character of a header; blanks count only in quotes."""
        text = self._text
        while self._at < len(text):
            character = text[self._at]
            if character == "\n":
                self._refuse("a table header is not closed on its line")
            self._at += 1
            if character != "\r" and (quoted or character not in " \t"):
                return character
        raise self._too_early()

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
                self._refuse("a table header holds a character that it can't")
            last = character

    def _entry_of(self, name: str) -> str:
        """The prefix of the next entry of the array of tables *name*.

        The server counts only while the same name repeats.
        """
        if not name:
            self._refuse("a table header names no table")
        self._array_count = self._array_count + 1 if name == self._array_name else 0
        self._array_name = name
        return f"{name}.{self._array_count:04}"

    def _key(self, *, inline: bool) -> tuple[str, int]:
        """A key as the server joins it, and where its written form ends.

        Ends before the equals sign, or before the comma or brace that ends a member
        of an inline set.
        """
        if not self._lenient_keys:
            run = grammar.PLAIN
        else:
            run = grammar.LENIENT_INLINE if inline else grammar.LENIENT
        text, key, end = self._text, "", self._at
        ends = "=,}" if inline else "="
        while self._at < len(text):
            character = text[self._at]
            if character in ends:
                if not key:
                    self._refuse("a key has no name")
                return key, end
            if found := run.match(text, self._at):
                key += found[0]
                self._at = end = found.end()
            elif character == '"':
                key += self._quoted_key()
                end = self._at
            elif character == "\n" and key:
                self._refuse("a key has no equals sign on its line")
            elif character in " \t\r\n":
                self._at += 1
            else:
                self._refuse("a key holds a character that it can't")
        raise self._too_early()

    def _quoted_key(self) -> str:
        """A quoted part; a backslash goes, and keeps a quote from ending it."""
        text = self._text
        self._at += 1
        start = self._at
        while found := grammar.QUOTED_KEY_MARK.search(text, self._at):
            if found[0] == "\n":
                self._refuse("a quoted key is not closed on its line", found.start())
            self._at = found.end()
            if found[0] == '"':
                return text[start : found.start()].replace("\\", "")
            self._at = end = self._after(grammar.BACKSLASHES)
            if text[end : end + 1] == '"':
                self._at += 1
        raise self._too_early()

    def _value(self, key: str, ends: str, depth: int) -> tuple[Value, str]:
        """A value, and which of *ends* ended it; reads on after that one.

        *depth* counts the brackets around it, so there are at most ten calls at once.
        """
        if depth == MAX_NESTED:
            self._refuse("arrays and inline tables are nested more than nine deep")
        start = self._at = self._after(grammar.BLANKS)
        if start == len(self._text):
            raise self._too_early()
        first = self._text[start]
        if first == "\n":
            self._refuse("a value is missing")
        self._at += 1
        if first == "[":
            value = self._array(key, depth)
        elif first == "{":
            value = self._inline(key, depth)
        elif first in "\"'":
            value = Value(key, Kind.TEXT, self._string(first), start, self._at, start)
            self._keep(value)
        elif word := self._word(start):
            value = Value(key, Kind.TEXT, word, start, self._at, start)
            self._keep(value)
        elif first in ends:
            return Value(key, Kind.HOLE, "", start, start, start), first
        else:
            self._refuse("a value begins with a character that needs quotes", start)
        value.end = self._at
        return value, self._value_end(ends)

    def _value_end(self, ends: str) -> str:
        """What follows a value: the end of the line for a statement, else of *ends*."""
        self._at = self._after(grammar.BLANKS if ends == "\n" else grammar.SPACE)
        if self._at == len(self._text):
            raise self._too_early()
        character = self._text[self._at]
        if character == "#" and ends == "\n":
            self._at = self._after(grammar.REST_OF_LINE)
            return "\n"
        if character not in ends:
            self._refuse("a value is followed by text that belongs to nothing")
        self._at += 1
        return character

    def _word(self, start: int) -> str:
        """The bare word at *start*, empty if there is none."""
        text = self._text
        word = grammar.WORD.match(text, start)
        end = word.end() if word else start
        if end < len(text) and not text[end].isascii():
            word = grammar.any_word().match(text, start)
        if not word:
            return ""
        self._at = word.end()
        return word[0]

    def _string(self, quote: str) -> str:
        """What the string means whose first quote was just read."""
        text = self._text
        if not text.startswith(quote, self._at):
            return self._quoted(quote)
        self._at += 1
        if not text.startswith(quote, self._at):
            return ""
        self._at += 2 if text.startswith("\n", self._at + 1) else 1
        end = grammar.TRIPLE_END[quote].search(text, self._at)
        if not end:
            raise self._too_early()
        start, self._at = self._at, end.end()
        return text[start : end.start()].replace("\r", "")

    def _quoted(self, quote: str) -> str:
        text, start = self._text, self._at
        while found := grammar.STRING_MARK[quote].search(text, self._at):
            self._at = found.end()
            if found[0] == quote:
                return grammar.unescape(text[start : found.start()])
            self._at = (
                self._after(grammar.MORE_BACKSLASHES) + 1
            )  # with what they escape
        raise self._too_early()

    def _array(self, key: str, depth: int) -> Value:
        start = self._at - 1
        parts: list[Value] = []
        ended = ","
        while ended == ",":
            nested = depth + 1 < MAX_NESTED
            if nested and (
                simple := grammar.SIMPLE_ELEMENT.match(self._text, self._at)
            ):
                parts.append(self._simple_element(f"{key}.{len(parts):04}", simple))
                continue
            if nested and (hole := grammar.HOLE.match(self._text, self._at)):
                self._at = hole.end()
                parts.append(_NOTHING)
                continue
            self._at = self._after(grammar.SPACE)
            part, ended = self._value(f"{key}.{len(parts):04}", ",]", depth + 1)
            parts.append(part)
        return Value(key, Kind.ARRAY, "", start, self._at, start, parts)

    def _simple_element(self, key: str, found: re.Match[str]) -> Value:
        start, end = found.span(2)
        if start < 0:
            start, end = found.start(1) - 1, found.end(1) + 1
        value = Value(key, Kind.TEXT, found[found.lastindex or 1], start, end, start)
        self._at = end
        self._keep(value)
        self._at = found.end()
        return value

    def _inline(self, key: str, depth: int) -> Value:
        start = self._at - 1
        parts: list[Value] = []
        ended = ","
        while ended == ",":
            at, (name, end) = self._at, self._key(inline=True)
            at += len(self._text[at:end]) - len(self._text[at:end].lstrip(" \t\r\n"))
            ended = self._text[self._at]
            self._at += 1
            if ended == "=":
                self._at = self._after(grammar.SPACE)
                part, ended = self._value(f"{key}.{name}", ",}", depth + 1)
                part.key_start = at
                if ended == ",":
                    self._at = self._after(grammar.SPACE)
            else:
                part = Value(f"{key}.{name}", Kind.MEMBER, "", at, end, at)
                self._keep(part)
            parts.append(part)
        return Value(key, Kind.INLINE, "", start, self._at, start, parts)
