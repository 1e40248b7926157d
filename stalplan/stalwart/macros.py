"""The server's macros: `%{env:NAME}%`, `%{file:/path}%`, `%{cfg:key}%`.

The server expands values once, at start: first all env macros, then file, then cfg.
There is no way to escape one.

Source: stalwart v0.15.5, crates/utils/src/config/mod.rs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

MacroClass = Literal["env", "file", "cfg"]
CLASSES: Final[tuple[MacroClass, ...]] = ("env", "file", "cfg")

MAX_EXPANDED: Final = 2**26  # characters of all values; a real file has some thousand

_CLOSE: Final = "}%"
_MARK: Final = re.compile(r"%\{(env|file|cfg):")


class NeverEnds(Exception):
    """The server would loop for ever at start, at the value of *key*."""

    why: ClassVar[str] = (
        "An unfinished macro stands behind a closing mark: the server never gets past"
        " its start."
    )

    def __init__(self, key: str) -> None:
        super().__init__(f"the macros of {key} make the server loop for ever at start")
        self.key = key


class Overgrown(NeverEnds):
    """The macros copy one another until more is there than is held here."""

    why = (
        f"Its macros grow to more than {MAX_EXPANDED:,} characters: the server may run"
        " out of memory before it has started."
    )


@dataclass(frozen=True, slots=True)
class Expanded:
    """The flat map with its macros replaced, and the keys with a complaint."""

    keys: Mapping[str, str] = field(repr=False)
    errors: tuple[str, ...]


def macros_in(text: str) -> list[tuple[MacroClass, str]]:
    """The complete macros of *text* in order: class and name, as they are written."""
    found: list[tuple[MacroClass, str]] = []
    at = 0
    while mark := _MARK.search(text, at):
        end = text.find(_CLOSE, mark.end())
        if end < 0:
            break
        kind = next(kind for kind in CLASSES if kind == mark[1])
        found.append((kind, text[mark.end() : end]))
        at = end + len(_CLOSE)
    return found


def is_one_macro(text: str) -> bool:
    """Whether *text* is one complete macro and nothing else."""
    mark = _MARK.match(text)
    if not mark:
        return False
    end = text.find(_CLOSE, mark.end())
    return end >= 0 and end + len(_CLOSE) == len(text)


def never_ends(text: str, kind: MacroClass) -> bool:
    """Whether the pass for *kind* would not come to an end on *text*.

    It does not where `%{kind:` is left unfinished and a closing mark stands anywhere
    before it; one that the macro before it has used up with its percent sign, as in
    `%{env:A}%{env:B`, is none. Files count as readable.
    """
    try:
        _expand_text(text, kind, lambda _name: "")
    except NeverEnds:
        return True
    return False


def expand(
    config: Mapping[str, str],
    *,
    env: Mapping[str, str],
    files: Callable[[str], str | None] = lambda _path: None,
) -> Expanded:
    """Every value as the server holds it once it has started.

    *files* gives the text of a file; None where it is missing, unreadable or not
    UTF-8, and the value then stays as it is. An unset variable or an unknown key
    leaves nothing in its place.

    Raises NeverEnds; Overgrown where the values would not stop growing in time.
    """
    keys = dict(config)
    errors: set[str] = set()
    readers: dict[MacroClass, Callable[[str], str | None]] = {
        "env": lambda name: env.get(name) if name else None,
        "file": lambda name: files(name.removeprefix("//")),
        "cfg": keys.get,  # earlier keys are expanded by then, later ones are not
    }
    room = MAX_EXPANDED
    for kind in CLASSES:
        for key in sorted(keys):
            if f"%{{{kind}:" in keys[key]:
                try:
                    text, complaint = _expand_text(keys[key], kind, readers[kind])
                except NeverEnds as error:
                    raise type(error)(key) from None
                room -= len(text)
                if room < 0:
                    raise Overgrown(key)
                keys[key] = text
                if complaint:
                    errors.add(key)
    return Expanded(keys, tuple(sorted(errors)))


def expand_env(text: str, env: Mapping[str, str]) -> tuple[str, bool]:
    """*text* after the pass for env, and whether a variable was missing.

    Raises NeverEnds, with an empty key.
    """
    return _expand_text(text, "env", lambda name: env.get(name) if name else None)


def _expand_text(
    text: str, kind: MacroClass, read: Callable[[str], str | None]
) -> tuple[str, bool]:
    """One pass over *text*, and whether the server would complain.

    A file that can't be read leaves the whole text as it is, with all its macros.
    """
    if _CLOSE not in text:
        return text, False
    mark, parts, at, complaint = f"%{{{kind}:", list[str](), 0, False
    room = MAX_EXPANDED
    while (start := text.find(mark, at)) >= 0:
        end = text.find(_CLOSE, start + len(mark))
        if end < 0:
            raise NeverEnds("")
        value = read(text[start + len(mark) : end])
        if value is None:
            complaint = True
            if kind == "file":
                return text, True
        parts += text[at:start], value or ""
        room -= len(value or "")
        if room < 0:
            raise Overgrown("")
        at = end + len(_CLOSE)
    return "".join([*parts, text[at:]]), complaint
