"""What a server would run with: id, hostname, coordinator, its part of each role."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stalplan.stalwart import releases
from stalplan.stalwart.macros import NeverEnds, expand_env
from stalplan.stalwart.releases import ROLE_PREFIX, Release, roles_of
from stalplan.stalwart.spelling import IdTable, RoleList, role_list, unsigned

if TYPE_CHECKING:
    from stalplan.stalwart.parse import Entry, FlatConfig

DEFAULT_NODE_ID: Final = 1  # from 0.11.2 on

# Where a store of each type that coordinates says which servers it talks to.
_REACH: Final = ("urls", "address", "brokers")

# Store types that register as pub/sub. Official builds hold only the first two.
# Source: stalwart v0.15.5, crates/store/src/config.rs.
COORDINATING_TYPES: Final = ("nats", "redis", "kafka", "zenoh")
OFFICIAL_TYPES: Final = ("nats", "redis")


@dataclass(frozen=True, slots=True)
class On:
    """This server does the role's whole work, perhaps together with others."""


@dataclass(frozen=True, slots=True)
class Off:
    """This server leaves the role to others."""


@dataclass(frozen=True, slots=True)
class Shard:
    """This server does one part of the role's work: *index*, from 0, of *of*."""

    index: int
    of: int


RoleState = On | Off | Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What a file makes of a server of one release.

    *node_id* is what it runs with, whatever the file's text is; *node_id_error* tells
    that the text was no number. *hostname* None: the machine's own name is used.
    *coordinator_usable* says whether a store of that id has a type that can
    coordinate, None without a coordinator; *coordinator_reach* are the servers of that
    store as they are written, without credentials. *lists* are the role lists with
    anything in them, *tables* what every role's list says. *errors* are the keys whose
    texts can't be read, in byte order; *unread* the entries below `cluster.` that the
    release doesn't look at.
    """

    node_id: int
    node_id_text: str | None
    node_id_error: bool
    hostname: str | None
    hostname_key: str | None
    report_domain: str | None
    coordinator: str | None
    coordinator_type: str | None
    coordinator_usable: bool | None
    roles: Mapping[str, RoleState]
    tables: Mapping[str, IdTable | None]
    lists: Mapping[str, RoleList] = field(repr=False)
    errors: tuple[str, ...]
    unread: tuple["Entry", ...]
    coordinator_reach: tuple[str, ...] = field(default=(), repr=False)


def ascii_lower(text: str) -> str:
    """*text* with only the letters A to Z lower-cased, as store types are compared."""
    if text.isascii():
        return text.lower()
    return "".join(char.lower() if char.isascii() else char for char in text)


def part_of(table: IdTable | None, node_id: int) -> RoleState:
    """What the server *node_id* does of a role: the first shard with its id counts."""
    if table is None:
        return On()
    for index, ids in enumerate(table):
        if node_id in ids:
            return On() if len(table) == 1 else Shard(index, len(table))
    return Off()


def effective(
    config: "FlatConfig", release: Release, env: Mapping[str, str] | None = None
) -> Effective:
    """What a server of *release* would run with, had it read *config*.

    With *env*, the macros for variables are expanded as the server does at start; a
    variable that is not in it is unset. Without it every macro is plain text.

    Source: stalwart v0.11.8, v0.13.4, v0.14.1, v0.15.5,
    crates/common/src/config/network.rs and crates/common/src/config/mod.rs.
    """
    reader = _Reader(config, env)
    node_text = reader.text(releases.NODE_ID)
    node_id = None if node_text is None else unsigned(node_text)
    if node_text is not None and node_id is None:
        reader.errors.add(releases.NODE_ID)
    number = DEFAULT_NODE_ID if node_id is None else node_id
    hostname, hostname_key = reader.hostname()
    coordinator = kind = usable = None
    if releases.has_coordinator(release):
        coordinator = reader.text(releases.COORDINATOR)
    if coordinator is not None:  # the empty text too: `store..type` is a store
        kind = reader.text(f"store.{coordinator}.type")
        usable = kind is not None and ascii_lower(kind) in COORDINATING_TYPES
    every = {role: reader.list_of(role, release) for role in roles_of(release)}
    tables = {role: found.table for role, found in every.items()}
    return Effective(
        node_id=number,
        node_id_text=node_text,
        node_id_error=releases.NODE_ID in reader.errors,
        hostname=hostname,
        hostname_key=hostname_key,
        report_domain=reader.report_domain(),
        coordinator=coordinator,
        coordinator_type=kind,
        coordinator_usable=usable,
        roles={role: part_of(table, number) for role, table in tables.items()},
        tables=tables,
        lists={role: found for role, found in every.items() if found.entries},
        errors=tuple(sorted(reader.errors)),
        unread=unread(config, release),
        coordinator_reach=_reach(config, coordinator) if coordinator else (),
    )


def _reach(config: "FlatConfig", store: str) -> tuple[str, ...]:
    """The servers that *store* names, sorted. Users and passwords are cut off."""
    keys = [
        key for name in _REACH for key in config.keys_under(f"store.{store}.{name}")
    ]
    servers = {part for key in keys for part in config[key].split(",")}
    return tuple(sorted(server.rpartition("@")[2].strip() for server in servers))


def unread(config: "FlatConfig", release: Release) -> tuple["Entry", ...]:
    """The entries below `cluster.` that *release* does not look at."""
    keys = config.keys_under("cluster")
    return tuple(config.entry(key) for key in keys if not releases.reads(key, release))


class _Reader:
    """Reads single settings, expanded or not, and remembers what could not be read."""

    def __init__(self, config: "FlatConfig", env: Mapping[str, str] | None) -> None:
        self._config = config
        self._env = env
        self.errors: set[str] = set()

    def text(self, key: str) -> str | None:
        text = self._config.get(key)
        return None if text is None else self._expanded(key, text)

    def _expanded(self, key: str, text: str) -> str:
        if self._env is None:
            return text
        try:
            expanded, missing = expand_env(text, self._env)
        except NeverEnds:
            self.errors.add(key)
            return text
        if missing:
            self.errors.add(key)
        return expanded

    def hostname(self) -> tuple[str | None, str | None]:
        """The name and the key it comes from. Only the old key is lower-cased."""
        for key in (releases.HOSTNAME, releases.OLD_HOSTNAME):
            if (name := self.text(key)) is not None:
                return name if key == releases.HOSTNAME else name.lower(), key
        return None, None

    def report_domain(self) -> str | None:
        for key in (releases.REPORT_DOMAIN, releases.OLD_DOMAIN):
            if (name := self.text(key)) is not None:
                return name.lower()
        return None

    def list_of(self, role: str, release: Release) -> RoleList:
        """The role's list; bad is also an entry with a macro that yields nothing."""
        entries = self._config.under(ROLE_PREFIX + role)
        texts = [(entry, self._expanded(entry.key, entry.text)) for entry in entries]
        found = role_list(texts, release)
        self.errors.update(entry.key for entry in found.bad)
        bad = tuple(entry for entry in found.entries if entry.key in self.errors)
        return RoleList(found.table, bad, found.entries)
