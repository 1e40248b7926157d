"""Bytes of a config.toml to the flat map of texts that the server makes of them."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from stalplan.stalwart.outline import Outline, Value
from stalplan.stalwart.reader import TooMuch, Unreadable
from stalplan.stalwart.releases import ServerVersion
from stalplan.stalwart.scan import scan


class ConfigRefused(Exception):
    """The server would not start from this file, or not even try to read it.

    *line* counts from 1. *kind* is "not-utf8" where the server treats the file like
    one that it can't read: it starts without settings and ends with status 0 (0.11:
    status 1). Otherwise the server ends with status 1.
    """

    def __init__(
        self, message: str, line: int, kind: Literal["syntax", "not-utf8"] = "syntax"
    ) -> None:
        super().__init__(f"line {line}: {message}")
        self.message = message
        self.line = line
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the flat map, and the lines (from 1) its value stands on."""

    key: str
    text: str = field(repr=False)
    first_line: int
    last_line: int


class FlatConfig(Mapping[str, str]):
    """What the server reads: key to text, in the byte order of the keys.

    Types do not exist: `1`, `"1"`, and `true` are texts. Elements of a list are keys
    that end in `.0000`, `.0001`, and so on. Never changes.
    """

    __slots__ = ("_keys", "_lines", "outline")

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        # Code points sort as their UTF-8 bytes do.
        self._keys = sorted(outline.texts)
        self._lines: list[int] | None = None

    def __getitem__(self, key: str) -> str:
        return self.outline.texts[key]

    def __contains__(self, key: object) -> bool:
        return key in self.outline.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"FlatConfig({len(self)} keys)"

    def line_at(self, offset: int) -> int:
        """The line, from 1, of a character of the text."""
        if self._lines is None:
            parts = self.outline.text.split("\n")
            self._lines, start = [], 0
            for part in parts:
                self._lines.append(start)
                start += len(part) + 1
        return bisect_right(self._lines, offset)

    def entry(self, key: str) -> Entry:
        """The key with its lines. Raises KeyError."""
        return self._entry(self.outline.value(key))

    def _entry(self, value: Value) -> Entry:
        first = self.line_at(value.start)
        last = self.line_at(max(value.start, value.end - 1))
        return Entry(value.key, value.text, first, last)

    def is_bare(self, key: str) -> bool:
        """Whether the value of *key* is written without quotes. Raises KeyError."""
        return self.outline.text[self.outline.value(key).start] not in "\"'"

    def keys_under(self, key: str) -> list[str]:
        """*key* itself and every key below `key.`, in byte order."""
        keys, prefix = self._keys, f"{key}."
        found = [key] if key in self.outline.texts else []
        at = bisect_right(keys, prefix)
        at -= at > 0 and keys[at - 1] == prefix
        while at < len(keys) and keys[at].startswith(prefix):
            found.append(keys[at])
            at += 1
        return found

    def under(self, key: str) -> list[Entry]:
        """*key* itself and every key below `key.`, as the server collects a list.

        Source: stalwart v0.15.5, crates/utils/src/config/utils.rs (`properties`).
        """
        return [self.entry(name) for name in self.keys_under(key)]


def parse(data: bytes, version: ServerVersion) -> FlatConfig:
    """What a server of *version* reads from a file that holds *data*.

    Raises ConfigRefused and nothing else.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigRefused(
            "the file is not UTF-8; the server would treat it as unreadable,"
            " start without settings and end at once",
            line,
            "not-utf8",
        ) from None  # the original holds the bytes, and they may be secret
    return parse_text(text, version)


def parse_text(text: str, version: ServerVersion) -> FlatConfig:
    """As `parse`, for a text that is decoded already."""
    try:
        return FlatConfig(scan(text, lenient_keys=version.lenient_keys))
    except Unreadable as error:
        line = text.count("\n", 0, error.offset) + 1
        verdict = "the server would not start"
        if isinstance(error, TooMuch):
            verdict = "the server might not start"
        raise ConfigRefused(
            f"{verdict}: {error.what}", line
        ) from None  # its frames hold the text, and that may be secret
