"""Reading single pieces of a config file: keys, strings, bare words, what ends them.

Source: stalwart v0.15.5, crates/utils/src/config/parser.rs; v0.13.0 for the older
keys.
"""

import re
from typing import Final, NoReturn

from stalplan.stalwart import grammar

MAX_KEYS: Final = 2**26  # characters of all flat keys; a real file has some thousand
MAX_SHOWN: Final = 200  # characters of a key in an error


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


class Reader:
    """A place in a text, *at*, and the flat map of what was read before it.

    *lenient_keys*: bare keys may hold any character, as from 0.13.1 on. Every method
    reads on from *at*; all of them raise Unreadable where the server would refuse.
    """

    def __init__(self, text: str, *, lenient_keys: bool, at: int = 0) -> None:
        self.text = text
        self.at = at
        self.lenient_keys = lenient_keys
        self.texts: dict[str, str] = {}
        self._key_size = 0

    def after(self, pattern: re.Pattern[str]) -> int:
        """Where *pattern* ends here; here, if it doesn't match."""
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def refuse(self, what: str, at: int | None = None) -> NoReturn:
        """Say what the server would stumble over."""
        raise Unreadable(what, self.at if at is None else at)

    def too_early(self, why: str = "") -> Unreadable:
        """The refusal of a text that ends where more must follow."""
        what = "the file ends too early"
        return Unreadable(f"{what}: {why}" if why else what, len(self.text))

    def keep(self, key: str, text: str) -> None:
        """Take a text into the flat map, where each key may stand once."""
        if key in self.texts:
            self.refuse(_given_twice(key))
        self.texts[key] = text
        self._key_size += len(key)
        if self._key_size > MAX_KEYS:
            raise TooMuch("the keys repeat a long name too often", self.at)

    @property
    def room(self) -> int:
        """How many characters of keys the flat map may still take."""
        return MAX_KEYS - self._key_size

    def keep_all(self, texts: dict[str, str]) -> bool:
        """Take *texts* into the flat map, if each key is new; else none of them.

        There must be room for the keys.
        """
        if not self.texts.keys().isdisjoint(texts):
            return False
        self.texts.update(texts)
        self._key_size += sum(map(len, texts))
        return True

    def key(self, *, inline: bool) -> tuple[str, int]:
        """A key as the server joins it, and where its written form ends.

        Ends before the equals sign, or before the comma or brace that ends a member
        of an inline set.
        """
        if not self.lenient_keys:
            run = grammar.PLAIN
        else:
            run = grammar.LENIENT_INLINE if inline else grammar.LENIENT
        text, key, end = self.text, "", self.at
        ends = "=,}" if inline else "="
        while self.at < len(text):
            character = text[self.at]
            if character in ends:
                if not key:
                    self.refuse("a key has no name")
                return key, end
            if found := run.match(text, self.at):
                key += found[0]
                self.at = end = found.end()
            elif character == '"':
                key += self._quoted_key()
                end = self.at
            elif character == "\n" and key:
                self.refuse("a key has no equals sign on its line")
            elif character in " \t\r\n":
                self.at += 1
            else:
                self.refuse("a key holds a character that it can't")
        raise self.too_early()

    def _quoted_key(self) -> str:
        """A quoted part; a backslash goes, and keeps a quote from ending it."""
        text = self.text
        self.at += 1
        start = self.at
        while found := grammar.QUOTED_KEY_MARK.search(text, self.at):
            if found[0] == "\n":
                self.refuse("a quoted key is not closed on its line", found.start())
            self.at = found.end()
            if found[0] == '"':
                return text[start : found.start()].replace("\\", "")
            self.at = end = self.after(grammar.BACKSLASHES)
            if text[end : end + 1] == '"':
                self.at += 1
        raise self.too_early()

    def leaf(self) -> str | None:
        """What a string or bare word means; None where neither begins here."""
        if self.text[self.at] in "\"'":
            self.at += 1
            return self._string(self.text[self.at - 1])
        text, start = self.text, self.at
        word = grammar.WORD.match(text, start)
        end = word.end() if word else start
        if end < len(text) and not text[end].isascii():
            word = grammar.any_word().match(text, start)
        if not word:
            return None
        self.at = word.end()
        return word[0]

    def _string(self, quote: str) -> str:
        """What the string means whose first quote was just read."""
        text = self.text
        if not text.startswith(quote, self.at):
            return self._quoted(quote)
        self.at += 1
        if not text.startswith(quote, self.at):
            return ""
        self.at += 2 if text.startswith("\n", self.at + 1) else 1
        end = grammar.TRIPLE_END[quote].search(text, self.at)
        if not end:
            raise self.too_early()
        start, self.at = self.at, end.end()
        return text[start : end.start()].replace("\r", "")

    def _quoted(self, quote: str) -> str:
        text, start = self.text, self.at
        while found := grammar.STRING_MARK[quote].search(text, self.at):
            self.at = found.end()
            if found[0] == quote:
                return grammar.unescape(text[start : found.start()])
            # with what they escape
            self.at = self.after(grammar.MORE_BACKSLASHES) + 1
        raise self.too_early()

    def ending(self, ends: str) -> str:
        """What follows a value: the end of the line for a statement, else of *ends*."""
        self.at = self.after(grammar.BLANKS if ends == "\n" else grammar.SPACE)
        if self.at == len(self.text):
            raise self.too_early("its last line has no line end" * (ends == "\n"))
        character = self.text[self.at]
        if character == "#" and ends == "\n":
            self.at = self.after(grammar.REST_OF_LINE)
            return "\n"
        if character not in ends:
            self.refuse("a value is followed by text that belongs to nothing")
        self.at += 1
        return character
