"""A node's file for a snapshot: the lines that planning looks at, and no other text.

Every line keeps its number, so that findings point where they would; what the same
reader, rules and editor look at is written as it was. Comments, keys and values that
are not kept leave blank lines, or a number where something must stand.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stalplan.planning.snapshot_keys import HIDDEN, MANAGED, AsWritten, Kept, is_managed
from stalplan.stalwart.outline import Header, Kind, Outline, Statement, Value
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse
from stalplan.stalwart.writing import written_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.stalwart.releases import ServerVersion

_COMMENT: Final = re.compile(r"#[^\n]*")
_NO_STRUCTURE: Final = re.compile(r"[^\[\]{},= \t\n]")
_PLAIN_SEGMENT: Final = re.compile(r"[a-z0-9_-]+")
_CLUSTER: Final = "cluster"
NAMELESS: Final = "hidden-"
"""What the keys begin with that only tell that something stands there."""


class NotSnapshotable(Exception):
    """The file is too odd for a copy that reads alike. Tells no text of it."""


def without_secrets(config: FlatConfig, kept: Kept, version: "ServerVersion") -> bytes:
    """A file in which a server of *version* reads the *kept* keys, on their lines.

    Raises NotSnapshotable, before anything was written anywhere.
    """
    data = _Writer(config.outline, kept).text().encode()
    try:
        copy = parse(data, version)
    except ConfigRefused as refused:
        raise NotSnapshotable(f"line {refused.line}") from None
    if problem := _differs(config, copy, kept):
        raise NotSnapshotable(problem)
    return data


def _differs(config: FlatConfig, copy: FlatConfig, kept: Kept) -> str | None:
    """A line where the copy says more or less than it should."""
    for key, text in kept.items():
        wanted = config[key] if text is AsWritten else text
        line = config.entry(key).first_line
        if copy.get(key) != wanted or copy.entry(key).first_line != line:
            return f"line {line}"
    for key in copy:
        if key not in kept and NAMELESS not in key and key != _CLUSTER:
            return f"line {copy.entry(key).first_line}"
    return None


@dataclass(slots=True)
class _Writer:
    """Writes the copy, block by block, and counts what has lost its name."""

    outline: Outline = field(repr=False)
    kept: Kept = field(repr=False)
    nameless: int = 0

    def text(self) -> str:
        source, parts, at = self.outline.text, list[str](), 0
        for block, shown in self._blocks():
            start = block.key_start if isinstance(block, Statement) else block.start
            lines = source.count("\n", start, block.end)
            body = shown + "\n" * (lines - shown.count("\n"))
            parts += "\n" * source.count("\n", at, start), body
            at = block.end
        parts.append("\n" * source.count("\n", at))
        text = "".join(parts)
        return text if text.endswith("\n") else f"{text}\n"

    def _blocks(self) -> "Iterator[tuple[Statement | Header, str]]":
        """Every statement and header with what stands for it, without its end."""
        headers: list[Header] = []
        section: list[Statement] = []
        for block in self.outline.blocks:
            if isinstance(block, Header):
                yield from self._section(headers, section)
                headers, section = [block], []
            else:
                section.append(block)
        yield from self._section(headers, section)

    def _section(
        self, headers: list[Header], statements: list[Statement]
    ) -> "Iterator[tuple[Statement | Header, str]]":
        told = [self._is_told(statement.value) for statement in statements]
        for header in headers:
            name = header.name
            if any(told) and not self._leads_to_known(name):
                name = _CLUSTER  # some key of the cluster that nobody knows
            yield header, f"[{_header(name)}]" if any(told) else ""
        for statement, shown in zip(statements, told, strict=True):
            yield statement, self._statement(statement) if shown else ""

    def _is_told(self, value: Value) -> bool:
        """Whether anything is to stand in place of *value*."""
        if value.key == _CLUSTER or value.key.startswith(f"{_CLUSTER}."):
            return True  # that a file speaks of a cluster at all
        return self._is_known(value)

    def _leads_to_known(self, table: str) -> bool:
        """Whether *table* is the beginning of a key that is no secret."""
        return any(key.startswith(f"{table}.") for key in (*MANAGED, *self.kept))

    def _statement(self, statement: Statement) -> str:
        value, source = statement.value, self.outline.text
        if not self._is_known(value):
            return f"{self._name()} = {_text(HIDDEN)}"
        key = source[statement.key_start : statement.key_end]
        return f"{key} = {self._value(value)}"

    def _is_known(self, value: Value) -> bool:
        in_it = any(leaf.key in self.kept for leaf in value.leaves())
        return in_it or is_managed(value.key)

    def _name(self) -> str:
        self.nameless += 1
        return f"{NAMELESS}{self.nameless}"

    def _value(self, value: Value) -> str:
        """What stands for *value*; it has as many line ends."""
        source = self.outline.text[value.start : value.end]
        if not self._is_known(value):
            return _text(HIDDEN) + "\n" * source.count("\n")
        if value.kind is Kind.TEXT:
            text = self.kept.get(value.key, AsWritten)
            if text is AsWritten:
                return source
            return _text(text) + "\n" * source.count("\n")
        return "".join(self._nested(value))

    def _nested(self, value: Value) -> "Iterator[str]":
        source, at = self.outline.text, value.start
        for part in value.parts:
            if value.kind is Kind.ARRAY:
                if part.kind is not Kind.HOLE:
                    yield from (_skeleton(source[at : part.start]), self._value(part))
                    at = part.end
                continue
            yield _skeleton(source[at : part.key_start])
            known = self._is_known(part)
            name = part.key[len(value.key) + 1 :]
            yield written_key(name) if known else self._name()
            if part.kind is not Kind.MEMBER:
                lines = source.count("\n", part.key_start, part.start)
                yield " = " + "\n" * lines
                yield "" if part.kind is Kind.HOLE else self._value(part)
            at = part.end
        yield _skeleton(source[at : value.end])


def _text(text: str) -> str:
    return f'"{text}"'


def _skeleton(gap: str) -> str:
    """What divides the parts of a list: blanks, line ends, commas and brackets."""
    return _NO_STRUCTURE.sub("", _COMMENT.sub("", gap))


def _header(name: str) -> str:
    """A table's name such that the server, which folds bare letters, reads it back."""
    first, *others = name.split(".")
    segments = [first]
    segments += [s if _PLAIN_SEGMENT.fullmatch(s) else f'"{s}"' for s in others]
    return ".".join(segments)
