"""The mistakes of one file, gathered so that all of them are told at once."""

import json
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from stalplan.errors import DesiredFileWrong
from stalplan.findings import Finding, Scope, found
from stalplan.model.desired.toml import again

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalplan.model.desired.places import Path, Places
    from stalplan.model.wishes import Place
    from stalplan.names import NodeName

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60
_MOST_LISTED = 8
_MOST_SUGGESTIONS = 20  # comparing every word with every other would take seconds


def dotted(path: "Iterable[str]") -> str:
    """*path* as a TOML key, quoted where it must be."""
    return ".".join(part if _BARE.fullmatch(part) else quoted(part) for part in path)


def quoted(text: str) -> str:
    """*text* in double quotes on one line, shortened when long."""
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    return json.dumps(text, ensure_ascii=False)


def listed(names: "Iterable[str]") -> str:
    """`a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def few(names: "Sequence[str]") -> str:
    """As `listed`, but of many only the first ones and how many more there are."""
    if len(names) <= _MOST_LISTED:
        return listed(names)
    return f"{', '.join(names[:_MOST_LISTED])} and {len(names) - _MOST_LISTED} more"


@dataclass(slots=True)
class Mistakes:
    """What is wrong with *file* so far. The same thing twice counts once."""

    file: str
    places: "Places"
    told: "dict[tuple[Place, str], Finding | None]" = field(default_factory=dict)
    suggested: int = 0

    def at_key(self, path: "Path", what: str) -> None:
        """*what* is wrong where *path* is named, or where it is missing."""
        self.told.setdefault((self.places.key(path), what), None)

    def at_value(self, path: "Path", what: str) -> None:
        """*what* is wrong with the value of *path*."""
        self.told.setdefault((self.places.value(path), what), None)

    def coded(
        self,
        code: str,
        path: "Path",
        what: str,
        *,
        key: str,
        node: "NodeName | None" = None,
    ) -> None:
        """As `at_value`, for what also is a finding with a code, about *key*."""
        place = self.places.value(path)
        finding = found(
            code,
            Scope.DESIRED,
            what if what.endswith("?") else f"{what}.",
            node=node,
            file=self.file,
            line=place.line,
            key=key,
        )
        self.told[place, what] = finding

    def near(self, word: str, known: "Iterable[str]") -> str:
        """`; did you mean "id"?` where one of *known* is close to *word*, else ""."""
        if self.suggested == _MOST_SUGGESTIONS or len(word) > _LONGEST_SHOWN:
            return ""
        self.suggested += 1
        close = get_close_matches(word, sorted(known), n=1)
        return f"; did you mean {quoted(close[0])}?" if close else ""

    def raise_if_any(self) -> None:
        """Raises one DesiredFileWrong that lists all of them by line."""
        if not self.told:
            return
        told = sorted(
            self.told.items(),
            key=lambda each: (each[0][0].line, each[0][0].column, each[0][1]),
        )
        lines = [
            f"{self.file}:{place.line}:{place.column}: {what}"
            for (place, what), _ in told
        ]
        raise DesiredFileWrong(
            "\n".join(lines),
            hint=again(self.file),
            findings=[finding for _, finding in told if finding is not None],
        )
