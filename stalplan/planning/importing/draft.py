"""A desired file in the making, and its text: tables, comments, what is left out."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from stalplan.model.desired.mistakes import dotted, quoted
from stalplan.model.desired.places import Path
from stalplan.model.rewriting.writing import Value, written
from stalplan.names import NodeName

WIDTH = 88

# A TOML comment may hold no control character but the tab.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Out:
    """A value that can't be asked for, or isn't sure: it is written as a comment."""

    value: Value


Table = dict[Path, Value | Out]


@dataclass(slots=True, kw_only=True)
class Draft:
    """What will be written. *remarks* stand at a key, a table, or (), the top.

    Nodes in *out* are written as comments.
    """

    cluster: Table
    nodes: dict[NodeName, Table]
    out: frozenset[NodeName] = frozenset()
    roles: Table = field(default_factory=dict)
    ssh: Table = field(default_factory=dict)
    service: Table = field(default_factory=dict)
    remarks: dict[Path, list[str]] = field(default_factory=dict)

    def remark(self, path: Path, text: str) -> None:
        """Say *text* at *path*, once."""
        said = self.remarks.setdefault(path, [])
        if text not in said:
            said.append(text)

    def has(self, path: Path) -> bool:
        """Whether *path* is asked for, or written as a comment."""
        if path[0] == "nodes":
            table = self.nodes.get(NodeName(path[1]))
            return table is not None and (len(path) == 2 or path[2:] in table)  # noqa: PLR2004 - nodes and a name
        return path[1:] in (self.cluster if path[0] == "cluster" else self.roles)

    def text(self) -> str:
        """The whole file."""
        blocks = [[*self._above(()), "format = 1"]]
        blocks.append(self._table(("cluster",), self.cluster))
        for name, table in self.nodes.items():
            block = self._table(("nodes", name), table, out=name in self.out)
            blocks.append(block)
        last = {"roles": self.roles, "ssh": self.ssh, "service": self.service}
        blocks += [self._table((key,), table) for key, table in last.items() if table]
        return "\n".join("\n".join([*block, ""]) for block in blocks)

    def _table(self, path: Path, table: Table, *, out: bool = False) -> list[str]:
        mark = "# " if out else ""
        lines = [*self._above(path), f"{mark}[{dotted(path)}]"]
        for key, value in table.items():
            commented = out or isinstance(value, Out)
            plain = value.value if isinstance(value, Out) else value
            name = quoted(key[0]) if path == ("roles",) else dotted(key)
            line = f"{'# ' if commented else ''}{name} = {written(plain)}"
            lines += self._with_remarks((*path, *key), line)
        return lines

    def _with_remarks(self, path: Path, line: str) -> Iterator[str]:
        """A short remark goes behind its line, the others above it."""
        said = self.remarks.get(path, [])
        if len(said) == 1:
            whole = f"{line} # {_plain(said[0])}"
            if len(whole) <= WIDTH:
                yield whole
                return
        yield from self._above(path)
        yield line

    def _above(self, path: Path) -> Iterator[str]:
        for text in self.remarks.get(path, ()):
            yield from textwrap.wrap(
                _plain(text),
                WIDTH,
                initial_indent="# ",
                subsequent_indent="# ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def _plain(text: str) -> str:
    return _CONTROL.sub("?", text)
