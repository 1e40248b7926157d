"""Small values that are checked once, when they are made."""

import re
from dataclasses import dataclass
from typing import Self

NODE_IDS = 512  # the server keeps nine bits of an id

_NODE_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_RESERVED = frozenset({"all", "local"})
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class NodeName(str):
    """A node's name in the desired file, the same wherever the node is named.

    Lower-case letters, digits, dots and dashes; `all` and `local` are reserved,
    because commands use them.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Raises ValueError with a sentence for people."""
        if not _NODE_NAME.fullmatch(text):
            raise ValueError(f"{text!r} is no node name: use a-z, 0-9, dots and dashes")
        if text in _RESERVED:
            raise ValueError(f"{text!r} is reserved and can't name a node")
        return super().__new__(cls, text)


class Role(str):
    """A background role: the server's key path below `cluster.roles.`."""

    __slots__ = ()

    @property
    def key(self) -> str:
        """The role's key in a server's file."""
        return f"cluster.roles.{self}"


class Digest(str):
    """What identifies some bytes: `sha256:` and 64 hexadecimal digits."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Raises ValueError where *text* is of another form."""
        if not _DIGEST.fullmatch(text):
            raise ValueError(f"{text!r} is no sha256 digest")
        return super().__new__(cls, text)


class RunId(str):
    """One run of apply; also the id of every lock and lease it holds."""

    __slots__ = ()


@dataclass(frozen=True, order=True, slots=True)
class NodeId:
    """A node's number in its cluster, 0 to 511.

    Stalwart keeps only the low nine bits when it makes message ids, so 1 and 513
    would be one node. 0 is legal, whatever the manual says.

    Source: stalwart v0.15.5, crates/utils/src/snowflake.rs.
    """

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value < NODE_IDS:
            raise ValueError(f"node id {self.value} is not in 0..511")

    def __str__(self) -> str:
        return str(self.value)
