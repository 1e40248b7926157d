"""A model of the running cluster: what is true, and at risk, at one moment.

A server reads its file once, at its start, so a running node is what the file it
began with makes of it: its id, and by its own role lists what it runs.
"""

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from stalplan.model.stores import SENSITIVE
from stalplan.names import NODE_IDS, Role
from stalplan.planning.plan import Risk
from stalplan.stalwart.effective import On, Shard, ascii_lower
from stalplan.stalwart.macros import macros_in

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.spelling import IdTable

Part = tuple[int, int]
"""Shard i of n; (0, 1) where a role isn't cut into shards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one running server is, for as long as its process lives."""

    low_id: int
    coordinator: str | None
    kind: str | None = None  # the type of the coordinator's store
    reach: frozenset[str] = field(default=frozenset(), repr=False)
    parts: "Mapping[Role, Part]"  # the roles it runs
    tables: "Mapping[Role, IdTable | None]" = field(repr=False)

    @property
    def bus(self) -> "Bus":
        """What it talks over; nodes hear each other only over the same."""
        return self.coordinator, self.kind, self.reach


Bus = tuple[str | None, str | None, frozenset[str]]
"""A store's id, its type, and its servers, as far as they count."""


def view_of(
    effective: "Effective", roles: "Iterable[Role]", reach: frozenset[str] = frozenset()
) -> View:
    """What a server that starts with such a file will be, as far as *roles* go.

    *reach* are the servers that its coordinator's store names, masked or not.
    """
    parts: dict[Role, Part] = {}
    tables: dict[Role, IdTable | None] = {}
    for role in roles:
        match effective.roles.get(role):
            case On():
                parts[role] = (0, 1)
            case Shard(index=index, of=of):
                parts[role] = (index, of)
            case _:
                pass
        tables[role] = effective.tables.get(role)
    return View(
        low_id=effective.node_id % NODE_IDS,
        coordinator=effective.coordinator,
        kind=effective.coordinator_type and ascii_lower(effective.coordinator_type),
        reach=reach,
        parts=parts,
        tables=tables,
    )


@dataclass(slots=True)
class Crew:
    """Everyone that runs at a moment, summed up so that one more is quickly added."""

    # Plain dicts: a Counter takes many times as long to copy and to count in.
    ids: dict[int, int] = field(default_factory=dict)
    buses: dict[Bus, int] = field(default_factory=dict)
    parts: dict[Role, dict[Part, int]] = field(default_factory=dict)
    tables: "dict[Role, dict[IdTable | None, int]]" = field(default_factory=dict)

    def copy(self) -> "Crew":
        """The same crew, to be changed without changing this one."""
        return Crew(
            ids=self.ids.copy(),
            buses=self.buses.copy(),
            parts={role: count.copy() for role, count in self.parts.items()},
            tables={role: count.copy() for role, count in self.tables.items()},
        )

    def add(self, view: View, sign: int = 1) -> None:
        """Count *view* in, or with -1 out again."""
        _count(self.ids, view.low_id, sign)
        _count(self.buses, view.bus, sign)
        for role, part in view.parts.items():
            _count(self.parts.setdefault(role, {}), part, sign)
        for role, table in view.tables.items():
            _count(self.tables.setdefault(role, {}), table, sign)


def _count(numbers: "dict[Any, int]", key: "Hashable", sign: int) -> None:
    number = numbers.get(key, 0) + sign
    if number:
        numbers[key] = number
    else:
        del numbers[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Which risks count: *single* roles have one holder per shard in the end."""

    roles: tuple[Role, ...]
    single: frozenset[Role]

    def risks(self, crew: Crew) -> "set[tuple[Role | None, Risk]]":
        """What is at risk while exactly *crew* runs."""
        found: set[tuple[Role | None, Risk]] = set()
        for role in self.roles:
            found |= {(role, risk) for risk in self._of_role(role, crew)}
        if len(crew.buses) > 1 and _parted(crew.buses):
            found.add((None, Risk.PARTED))
        return found

    def _of_role(self, role: Role, crew: Crew) -> "Iterator[Risk]":
        tables = crew.tables.get(role, {})
        if len(tables) > 1 and any(table and len(table) > 1 for table in tables):
            yield Risk.SPLIT
            return
        parts = crew.parts.get(role)
        if not parts or len(parts) < next(iter(parts))[1]:
            yield Risk.UNCOVERED
        if parts and role in self.single and max(parts.values()) > 1:
            yield Risk.DOUBLE


def _parted(buses: "Iterable[Bus]") -> bool:
    """Whether nodes on some two of *buses* can't hear each other.

    Two lists of servers that share one lead to the same cluster of them.
    """
    return any(
        (one[0], one[1]) != (other[0], other[1])
        or (one[2] != other[2] and not _share(one[2], other[2]))
        for one, other in combinations(buses, 2)
    )


def _share(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether some server may be in both: that is not known of masks and macros."""
    if not one or not other:
        return False
    return not one.isdisjoint(other) or any(map(_may_be_any, one | other))


def _may_be_any(text: str) -> bool:
    return text == SENSITIVE or bool(macros_in(text))


def collisions(crew: Crew) -> int:
    """How many running nodes have an id that another one has."""
    return sum(count - 1 for count in crew.ids.values() if count > 1)
