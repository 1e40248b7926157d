"""Reading arrays and inline tables, with all that they hold, however it is nested.

The texts go into the reader's flat map. Where the parts are wanted too, with their
places, the same walk is made once more over that one value.
"""

import re
from dataclasses import dataclass

from stalplan.stalwart import grammar
from stalplan.stalwart.outline import Kind, Value
from stalplan.stalwart.plain_arrays import MAX_NESTED, elements, plain_array
from stalplan.stalwart.reader import Reader


@dataclass(slots=True)
class _Level:
    """A bracket that is not closed yet, *count* commas behind it.

    *value* is what it begins where parts are wanted, and *parts* what it holds. *hasty*
    until many parts at once could not be taken: trying again at each would take a time
    that grows with the square of their number.
    """

    key: str
    closing: str
    ends: str
    value: Value | None
    parts: list[Value]
    count: int = 0
    hasty: bool = True


def parts_of(value: Value, text: str, *, lenient_keys: bool) -> list[Value]:
    """The parts of *value*, which the server has read in *text*."""
    whole = Value(value.key, value.kind, "", value.start, value.end, value.key_start)
    reader = Reader(text, lenient_keys=lenient_keys, at=value.start)
    Nests(reader).read(value.key, whole)
    return list(whole.parts)


class Nests:
    """Reads arrays and inline tables, one after the other."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._levels: list[_Level] = []
        self._elements = grammar.ELEMENTS
        self._plain = True

    def read(self, key: str, value: Value | None = None) -> None:
        """Read on from an opening bracket to behind the one that closes it.

        Where there is a *value* for it, it gets its parts.
        """
        levels, self._plain = self._levels, True
        if not value and self._take(key):
            return
        self._open(key, value)
        while levels:
            level = levels[-1]
            ended = self._element(level) if level.closing == "]" else self._pair(level)
            while levels and ended == levels[-1].closing:
                ended = self._close()

    def _take(self, key: str) -> bool:
        """Read the whole value that begins here, if it is a plain array.

        Not tried again after one that is none: its parts would be read once for each
        bracket around them.
        """
        reader = self._reader
        if not self._plain or reader.text[reader.at] != "[":
            return False
        depth = len(self._levels)
        found = plain_array(reader.text, reader.at, key, depth, reader.room)
        self._plain = found is not None and reader.keep_all(found[0])
        if found and self._plain:
            reader.at = found[1]
        return self._plain

    def _open(self, key: str, value: Value | None) -> None:
        """Go into the bracket that stands here."""
        reader = self._reader
        closing = "]" if reader.text[reader.at] == "[" else "}"
        reader.at += 1
        level = _Level(key, closing, f",{closing}", value, [])
        if value:
            value.inside = level.parts
        self._levels.append(level)
        if closing == "]" and len(self._levels) == MAX_NESTED:
            reader.at = reader.after(grammar.SPACE)
            self._too_deep()

    def _too_deep(self) -> None:
        self._reader.refuse("arrays and inline tables are nested more than nine deep")

    def _close(self) -> str:
        """Leave the innermost bracket; what ended its part of the one around it."""
        reader, closed = self._reader, self._levels.pop()
        if closed.value:
            closed.value.end = reader.at
        if not self._levels:
            return ""
        level = self._levels[-1]
        ended = reader.ending(level.ends)
        if ended == ",":
            self._next(level)
        return ended

    def _next(self, level: _Level) -> None:
        """Go to the next part, behind a comma."""
        level.count += 1
        if level.closing == "}":
            self._reader.at = self._reader.after(grammar.SPACE)

    def _ended(self, level: _Level, ended: str) -> str:
        """Go on behind a text or hole that *ended* so; more of them may follow."""
        if ended == ",":
            self._next(level)
            if not level.value:
                self._many(level)
        return ended

    def _element(self, level: _Level) -> str:
        """Read an element of an array; what ended it, "" where it opened a bracket."""
        reader = self._reader
        key = f"{level.key}.{level.count:04}"
        found = grammar.ELEMENT.match(reader.text, reader.at)
        if found and found[1]:
            self._leaf(level, key, found.start(1), found, 1)
            return self._ended(level, found[2])
        reader.at = found.end() if found else reader.after(grammar.SPACE)
        return self._value(level, key, reader.at)

    def _pair(self, level: _Level) -> str:
        """Read a pair or member of an inline table, as `_element` does."""
        if len(self._levels) == MAX_NESTED:
            return self._odd_pair(level)  # a member may stand here, a value may not
        reader = self._reader
        found = grammar.PAIR.match(reader.text, reader.at)
        if not found:
            return self._odd_pair(level)
        key = f"{level.key}.{found[1]}"
        if found[3]:
            self._leaf(level, key, found.start(1), found, 3)
            return self._ended(level, found[4])
        reader.at = found.end()
        if found[2]:
            return self._member(level, key, *found.span(1))
        return self._value(level, key, found.start(1))

    def _leaf(
        self, level: _Level, key: str, key_start: int, found: re.Match[str], group: int
    ) -> None:
        """Take the simple text that a pattern *found*."""
        reader, text = self._reader, grammar.meaning(found[group])
        reader.at = found.end(group)
        reader.keep(key, text)
        if level.value:
            place = key_start, *found.span(group)
            self._part(level, Kind.TEXT, key, place, text)
        reader.at = found.end()

    def _odd_pair(self, level: _Level) -> str:
        reader = self._reader
        reader.at = key_start = reader.after(grammar.BLANK)
        name, end = reader.key(inline=True)
        key = f"{level.key}.{name}"
        reader.at += 1
        if reader.text[reader.at - 1] != "=":
            return self._member(level, key, key_start, end)
        reader.at = reader.after(grammar.SPACE)
        if len(self._levels) == MAX_NESTED:
            self._too_deep()
        return self._value(level, key, key_start)

    def _member(self, level: _Level, key: str, start: int, end: int) -> str:
        """Take a member of a set, with the character that ended it."""
        self._reader.keep(key, "")
        ended = self._reader.text[self._reader.at - 1]
        if level.value:
            self._part(level, Kind.MEMBER, key, (start, start, end))
        elif ended == ",":
            self._many(level)
        return ended

    def _value(self, level: _Level, key: str, key_start: int) -> str:
        """Read any value; what ended it, "" where it opened a bracket."""
        reader, start = self._reader, self._reader.at
        if start == len(reader.text):
            raise reader.too_early()
        first = reader.text[start]
        place = key_start, start, start
        if first in "[{":
            if not level.value and self._take(key):
                return self._ended(level, reader.ending(level.ends))
            kind = Kind.ARRAY if first == "[" else Kind.INLINE
            self._open(key, self._part(level, kind, key, place))
            return ""
        if first in level.ends:
            self._part(level, Kind.HOLE, key, place)
            reader.at += 1
            return self._ended(level, first)
        if not first.isascii():
            self._elements = grammar.any_elements()
        text = reader.leaf()
        if text is None:
            reader.refuse("a value begins with a character that needs quotes", start)
        reader.keep(key, text)
        self._part(level, Kind.TEXT, key, (key_start, start, reader.at), text)
        return self._ended(level, reader.ending(level.ends))

    def _part(
        self,
        level: _Level,
        kind: Kind,
        key: str,
        place: tuple[int, int, int],
        text: str = "",
    ) -> Value | None:
        """Note a part of what stands in *level*, where parts are wanted."""
        if not level.value:
            return None
        key_start, start, end = place
        part = Value(key, kind, text, start, end, key_start)
        level.parts.append(part)
        return part

    def _many(self, level: _Level) -> None:
        """Read the simple parts that come next, all at once, or none of them."""
        if not level.hasty:
            return
        if level.closing == "]":
            self._many_elements(level)
        elif len(self._levels) < MAX_NESTED:
            self._many_pairs(level)

    def _many_elements(self, level: _Level) -> None:
        reader = self._reader
        found = elements(
            reader.text, reader.at, level.key, level.count, self._elements, reader.room
        )
        if not found:
            return
        level.hasty = found.end > reader.at and reader.keep_all(found.texts)
        if level.hasty:
            reader.at, level.count = found.end, found.number

    def _many_pairs(self, level: _Level) -> None:
        reader = self._reader
        found = grammar.PAIRS.whole.match(reader.text, reader.at)
        if not found:
            return
        parts = grammar.PAIRS.part.findall(reader.text, reader.at, found.end())
        if len(parts) * (len(level.key) + 1) + len(found[0]) > reader.room:
            level.hasty = False
            return
        parts = [part for part in parts if part[2] or not part[1]]  # no holes
        keys = [f"{level.key}.{name}" for name, _, _ in parts]
        texts = [grammar.meaning(token) if token else "" for _, _, token in parts]
        fresh = dict(zip(keys, texts, strict=True))
        level.hasty = len(fresh) == len(keys) and reader.keep_all(fresh)
        if level.hasty:
            reader.at = found.end()
