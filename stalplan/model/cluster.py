"""A cluster as its files make it: what rules that compare nodes look at."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.names import NODE_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalplan.findings import Scope
    from stalplan.model.wishes import RoleWish
    from stalplan.names import NodeName, Role
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release
    from stalplan.stalwart.spelling import IdTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One node and what its file makes of it at its next start."""

    name: "NodeName"
    path: str
    config: "FlatConfig" = field(repr=False)
    effective: "Effective" = field(repr=False)

    @property
    def low_id(self) -> int:
        """The id as messages and mail know it."""
        return self.effective.node_id % NODE_IDS

    def line(self, key: str) -> int | None:
        """Where *key*, or the first key below it, stands in the file."""
        entries = self.config.under(key)
        return min((entry.first_line for entry in entries), default=None)

    def table(self, role: "Role") -> "IdTable | None":
        """The ids that hold *role*, by shard, as this node sees it; None: all."""
        return self.effective.tables.get(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The nodes that could be read, by name, and the ids of those that couldn't.

    *away* are the ids of nodes that count as down: nobody holds anything by them, and
    still they are no strangers. *wishes* are the desired file's: what it says on
    purpose is no fault.
    """

    scope: "Scope"
    release: "Release"
    members: tuple[Member, ...]
    elsewhere: "Mapping[NodeName, int]" = field(default_factory=dict)
    away: frozenset[int] = frozenset()
    wishes: "Mapping[Role, RoleWish]" = field(default_factory=dict)
    hostnames_wished: bool = False

    @property
    def ids(self) -> dict[int, tuple["NodeName", ...]]:
        """Which nodes have an id, by the whole number; unread nodes count."""
        holders: defaultdict[int, list[NodeName]] = defaultdict(list)
        for member in self.members:
            holders[member.effective.node_id].append(member.name)
        for name, node_id in self.elsewhere.items():
            holders[node_id].append(name)
        return {node_id: tuple(sorted(names)) for node_id, names in holders.items()}

    def tables(self, role: "Role") -> "dict[IdTable | None, tuple[Member, ...]]":
        """The different tables of *role*, each with the nodes whose file says so."""
        found: defaultdict[IdTable | None, list[Member]] = defaultdict(list)
        for member in self.members:
            found[member.table(role)].append(member)
        return {table: tuple(members) for table, members in found.items()}


def listed(names: "Iterable[str]") -> str:
    """Names for people: `mx1`, `mx1 and mx2`, `mx1, mx2 and mx3`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
