"""One machine as somebody named it: on a command line, in a list, in an inventory."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from stalplan.errors import StalplanError
from stalplan.model.desired.fields import Reader, Unfit, address, argument, port
from stalplan.model.rewriting.writing import Value
from stalplan.names import NodeName

_PLACE = re.compile(
    r"(?:(?P<user>[^@]+)@)?"
    r"(?:\[(?P<bracketed>[^]]+)\](?::(?P<port6>[^:]*))?"
    r"|(?P<host>[^:]+)(?::(?P<port>[^:]*))?"
    r"|(?P<bare6>[^@]*:[^@]*:[^@]*))"
)
_NOTHING: Mapping[str, Value] = MappingProxyType({})


class InventoryWrong(StalplanError):
    """A list of machines can't be read, or names one in a way that no node can have."""

    summary = "The inventory can't be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A node to import: its name, where it is, and what holds for it alone.

    *ssh* are keys of the desired file's [ssh]. *labels* are the groups it is in.
    """

    name: NodeName
    address: str
    ssh: Mapping[str, Value] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


def asked(name: str, place: str, *, ssh: Mapping[str, Value] = _NOTHING) -> Asked:
    """A node at `[user@]host[:port]`; an IPv6 address with a port is in brackets.

    What *ssh* says besides holds where the place doesn't say it. Raises ValueError
    with a sentence for people.
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(f"{place!r} is no [user@]host[:port].")
    own: dict[str, Value] = {}
    if found["user"]:
        own["user"] = checked(argument, found["user"], "the user")
    number = found["port"] if found["port"] is not None else found["port6"]
    if number is not None:
        own["port"] = _port(number)
    host = found["host"] or found["bracketed"] or found["bare6"]
    return Asked(
        name=NodeName(name),
        address=checked(address, host, repr(host)),
        ssh={**ssh, **own},
    )


def node_name(text: str) -> NodeName:
    """*text* as a node may be named: lower-case, with dashes for underscores.

    Raises ValueError with a sentence for people.
    """
    return NodeName(text.lower().replace("_", "-"))


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004 - 65535 has five digits
    try:
        port(number)
    except Unfit:
        raise ValueError(f"{text!r} is no port from 1 to 65535.") from None
    return number


def checked(reader: Reader, value: str, what: str) -> str:
    """*value*, which *reader* takes. Raises ValueError that begins with *what*."""
    try:
        reader(value)
    except Unfit as error:
        raise ValueError(f"{what} {error.what}.") from None
    return value
