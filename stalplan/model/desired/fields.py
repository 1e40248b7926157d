"""What single values of the desired file may be, and the reading of whole tables.

A reader takes a value as TOML has it and returns it as the model wants it, or
raises Unfit with a phrase that continues "KEY …".
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from stalplan.model.desired.mistakes import dotted, quoted
from stalplan.model.inventory import Manager
from stalplan.names import NODE_IDS

if TYPE_CHECKING:
    from stalplan.model.desired.mistakes import Mistakes
    from stalplan.model.desired.places import Path

T = TypeVar("T")
Reader = Callable[[object], Any]
Table = dict[str, Any]

_YEAR = 365 * 86_400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WORD = re.compile(r"[^\s\"'`\\]+")
UNIT = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*")
HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


class Unfit(Exception):
    """A value is not what its key wants. *inside* leads to the part that is not.

    With a *code* it also is a finding. *more* is what else is wrong with the value.
    """

    def __init__(
        self, what: str, *inside: str, code: str = "", more: "tuple[Unfit, ...]" = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.inside = inside
        self.code = code
        self.more = more

    def within(self, phrase: str, step: str) -> "Unfit":
        """The same of a value of which this one is a part: *step* leads to it."""
        return Unfit(
            f"{phrase} {self.what}",
            step,
            *self.inside,
            code=self.code,
            more=tuple(each.within(phrase, step) for each in self.more),
        )


def kind(value: object) -> str:
    """What *value* is, in words that don't give it away."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def text(value: object) -> str:
    """Text of one line that isn't empty."""
    if not isinstance(value, str):
        raise Unfit(f"must be text in quotes, not {kind(value)}")
    if not value:
        raise Unfit("must not be empty")
    if _CONTROL.search(value):
        raise Unfit("must be one line without control characters")
    return value


def word(value: object) -> str:
    """Text without blanks, quotes and backslashes.

    The server's file could not carry some of these unchanged, and no host name or
    store id has them. A macro is expanded on the node, so it never equals itself.

    Source: stalwart v0.15.5, crates/utils/src/config/parser.rs.
    """
    found = text(value)
    if not _WORD.fullmatch(found):
        raise Unfit("must have no blanks, quotes or backslashes")
    if "%{" in found:
        raise Unfit("must be the value itself, not a macro of the server")
    return found


def argument(value: object) -> str:
    """Text that ssh could not take for an option."""
    found = text(value)
    if found.startswith("-"):
        raise Unfit('must not begin with "-"')
    return found


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Unfit(f"must be true or false, not {kind(value)}")
    return value


def whole(value: object) -> int:
    """A whole number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        quoted_number = isinstance(value, str) and value.isdecimal()
        raise Unfit(
            "must be a whole number without quotes"
            if quoted_number
            else f"must be a whole number, not {kind(value)}"
        )
    return value


def at_least(least: int) -> Reader:
    """A reader of whole numbers from *least*."""

    def read(value: object) -> int:
        number = whole(value)
        if number < least:
            raise Unfit(f"must be {least} or more, not {_short(number)}")
        return number

    return read


def port(value: object) -> int:
    """A TCP port."""
    number = whole(value)
    if not 1 <= number <= 65535:  # noqa: PLR2004 - the range of ports
        raise Unfit(f"must be a port from 1 to 65535, not {_short(number)}")
    return number


def node_id(value: object) -> int:
    """An id in 0..511."""
    number = whole(value)
    if not 0 <= number < NODE_IDS:
        raise Unfit(f"must be from 0 to 511, not {_short(number)}")
    return number


def _short(number: int) -> str:
    shown = str(number)
    return shown if len(shown) <= 20 else "a number that long"  # noqa: PLR2004 - one line


def duration(*, least: float = 0.001) -> Reader:
    """A reader of durations from *least* seconds to a year; it returns seconds."""

    def read(value: object) -> float:
        found = DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise Unfit(
                'must be a number and ms, s, m, h or d in quotes, such as "10s"'
            )
        seconds = float(found[1]) * _UNITS[found[2]]
        if seconds < least:
            raise Unfit(
                f"must be at least {least:g}s" if least >= 1 else "must be over 0"
            )
        if seconds > _YEAR:
            raise Unfit("must be at most 365d")
        return seconds

    return read


def items(
    value: list[object], reader: Callable[[object], T], *, phrase: str
) -> tuple[T, ...]:
    """Every item as *reader* reads it; *phrase* leads from the list to an item's fault.

    Raises:
        Unfit: with all items that are.
    """
    found: list[T] = []
    wrong: list[Unfit] = []
    for number, item in enumerate(value):
        try:
            found.append(reader(item))
        except Unfit as error:
            wrong.append(error.within(phrase, str(number)))
    if wrong:
        first, *others = (one for each in wrong for one in (each, *each.more))
        first.more = tuple(others)
        raise first
    return tuple(found)


def argv(value: object) -> tuple[str, ...]:
    """A command: the program and its arguments, each its own text."""
    if not isinstance(value, list):
        raise Unfit(
            f'must be a list of the program and its arguments, such as ["ls", "-l"], '
            f"not {kind(value)}"
        )
    if not value:
        raise Unfit("must name a program; leave the key out for none")
    words = items(value, _word_of_a_command, phrase="must hold")
    if not words[0]:
        raise Unfit("must begin with the program's name", "0")
    return words


def _word_of_a_command(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit(f"text in quotes, not {kind(value)}")
    if "\x00" in value or "\n" in value:
        raise Unfit("text of one line")
    return value


def absolute_path(value: object) -> str:
    """A path on the node, from its root."""
    found = text(value)
    if not found.startswith("/"):
        raise Unfit("must be a path on the node that begins with /")
    return found


def address(value: object) -> str:
    """A host name or IP address that ssh can take, without user and port."""
    found = argument(value)
    if not _WORD.fullmatch(found):
        raise Unfit("must be a host name or an IP address")
    if "@" in found:
        raise Unfit("must be the host alone; the user stands in ssh.user")
    if "[" in found or found.count(":") == 1:
        raise Unfit("must be the host alone, without brackets; the port is ssh.port")
    return found


def host_key(value: object) -> str:
    """A key's fingerprint as `ssh-keygen -l` prints it."""
    found = text(value)
    if not HOST_KEY.fullmatch(found):
        raise Unfit(
            'must be "SHA256:" and 43 letters and digits, as `ssh-keygen -lf` prints'
        )
    return found.rstrip("=")


def unit(value: object) -> str:
    """A systemd unit's or a container's name."""
    found = text(value)
    if not UNIT.fullmatch(found):
        raise Unfit("must be the name of a systemd unit or of a container")
    return found


def manager(value: object) -> str:
    """What runs the server on the node."""
    found = text(value)
    if found not in get_args(Manager):
        raise Unfit(f"must be {' or '.join(map(quoted, get_args(Manager)))}")
    return found


def health(value: object) -> str | Literal[False]:
    """The URL that the node asks itself, or false."""
    if value is False:
        return False
    if not isinstance(value, str):
        raise Unfit(
            f"must be a URL in quotes, or false for no check, not {kind(value)}"
        )
    found = text(value)
    try:
        parts = urlsplit(found)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not _WORD.fullmatch(found) or parts.scheme != "http":
        raise Unfit('must be a URL such as "http://127.0.0.1:8080/healthz/ready"')
    return found


def is_table(mistakes: "Mistakes", path: "Path", value: object) -> bool:
    """Whether *value* is a table; if not, that is a mistake."""
    if isinstance(value, dict):
        return True
    mistakes.at_value(path, f"{dotted(path)} must be a table, not {kind(value)}")
    return False


def read_field(
    mistakes: "Mistakes", path: "Path", value: object, reader: Callable[[object], T]
) -> T | None:
    """The value as *reader* reads it, or None and a mistake."""
    try:
        return reader(value)
    except Unfit as error:
        for each in (error, *error.more):
            what, where = f"{dotted(path)} {each.what}", (*path, *each.inside)
            if each.code:
                mistakes.coded(each.code, where, what, key=".".join(path))
            else:
                mistakes.at_value(where, what)
        return None


def read_table(
    mistakes: "Mistakes",
    path: "Path",
    content: object,
    readers: Mapping[str, Reader],
    *,
    known: tuple[str, ...] = (),
) -> Table:
    """What *content* sets, read; every other key of it is a mistake.

    *known* are keys that the caller reads.
    """
    if not is_table(mistakes, path, content):
        return {}
    assert isinstance(content, dict)
    result: Table = {}
    for key, value in content.items():
        here = (*path, key)
        if key in readers:
            found = read_field(mistakes, here, value, readers[key])
            if found is not None:
                result[key] = found
        elif key not in known:
            unknown_key(mistakes, here, (*readers, *known))
    return result


def unknown_key(
    mistakes: "Mistakes", path: "Path", known: tuple[str, ...], advice: str = ""
) -> None:
    """The key at *path* means nothing here."""
    advice = advice or mistakes.near(path[-1], known)
    mistakes.at_key(path, f"unknown key {dotted(path)}{advice}")
