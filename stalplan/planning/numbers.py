"""Which id every node has now and in the end, and what that makes of role lists."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.model.wishes import Nobody
from stalplan.names import NODE_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalplan.model.records import RecordedNode, State
    from stalplan.model.wishes import Desired
    from stalplan.names import NodeName
    from stalplan.planning.look import Known
    from stalplan.stalwart.spelling import IdTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The ids of a cluster. *live* is by the files, not by what runs.

    *gone* are the ids of recorded nodes that left the desired file, as far as no
    other node has them. *nobody* is an id that no node has or had, for lists that
    name nobody; *spare* one for a node to hold while ids are swapped. Both are None
    where all ids are taken.
    """

    live: "Mapping[NodeName, int]"
    final: "Mapping[NodeName, int]"
    gone: "Mapping[int, NodeName]"
    nobody: int | None
    spare: int | None
    overtaken: frozenset[int] = frozenset()
    owners: "Mapping[int, NodeName]" = field(repr=False)  # by final id
    _holders: "Mapping[int, tuple[NodeName, ...]]" = field(repr=False)

    def follow(self, table: "IdTable | None", *, leaving: bool) -> "IdTable | None":
        """What *table* must say in the end to mean what it means now.

        An entry stays with the node that keeps the id, else it follows its node.
        With *leaving*, ids of nodes that left go, and shards that only they held;
        a table that would then name nobody stays, since an empty one means all.
        """
        if table is None:
            return None
        moved = tuple(
            tuple(sorted({new for old in shard for new in self._becomes(old)}))
            for shard in table
        )
        if not leaving:
            return moved
        kept = tuple(tuple(i for i in shard if i not in self.gone) for shard in moved)
        return tuple(shard for shard in kept if shard) or moved

    def names(self, table: "IdTable") -> tuple[tuple[str, ...], ...]:
        """A live table in node names; `id 7` for an id that no node has today."""
        return tuple(
            tuple(name for node_id in shard for name in self._named(node_id))
            for shard in table
        )

    def _named(self, node_id: int) -> "Iterable[str]":
        if node_id not in self._holders:
            return (f"id {node_id}",)
        return [self.owners[after] for after in sorted(self._becomes(node_id))]

    def names_nobody(self, table: "IdTable") -> bool:
        """Whether no node has, or will have, any of the table's ids."""
        return not any(
            node_id in self.owners or node_id in self._holders
            for shard in table
            for node_id in shard
        )

    def _becomes(self, node_id: int) -> "Iterable[int]":
        holders = self._holders.get(node_id, ())
        if not holders:
            if node_id in self.overtaken and self.nobody is not None:
                return (self.nobody,)
            return (node_id,)
        after = {self.final[name] for name in holders}
        return (node_id,) if node_id in after else after


def number(
    desired: "Desired",
    known: "Mapping[NodeName, Known]",
    movable: "frozenset[NodeName]",
    state: "State | None",
    *,
    leaving: bool,
) -> Numbers:
    """Work out all ids. *movable* nodes take their desired one.

    A node that wasn't read has its last recorded id, else the desired one. Without
    *leaving*, recorded nodes that are no longer desired keep their places in lists.
    """
    recorded = state.nodes if state else {}
    live, final = _now_and_then(desired, known, movable, recorded)
    holders: defaultdict[int, list[NodeName]] = defaultdict(list)
    for name, node_id in live.items():
        holders[node_id].append(name)
    used = {*live.values(), *final.values()}
    gone = {
        entry.node_id: name
        for name, entry in recorded.items()
        if leaving and name not in live and entry.node_id not in used
    }
    taken = {node_id % NODE_IDS for node_id in used}
    taken |= {entry.node_id % NODE_IDS for entry in recorded.values()}
    taken |= {node.node_id.value for node in desired.nodes}
    taken |= {entry.process.runs.node_id % NODE_IDS for entry in known.values()}
    overtaken = _overtaken(live, final, holders, known)
    nobody = _highest_free(taken)
    unfit = taken | _listed(known.values())
    if nobody is not None and (overtaken or Nobody() in desired.roles.values()):
        unfit.add(nobody)
    spare = desired.apply.spare_id
    if spare is None:
        spare = _highest_free(unfit)
    elif spare in unfit:
        spare = None
    return Numbers(
        live=live,
        final=final,
        gone=gone,
        nobody=nobody,
        spare=spare,
        overtaken=overtaken,
        owners={final[name]: name for name in sorted(final, reverse=True)},
        _holders={node_id: tuple(names) for node_id, names in holders.items()},
    )


def _now_and_then(
    desired: "Desired",
    known: "Mapping[NodeName, Known]",
    movable: "frozenset[NodeName]",
    recorded: "Mapping[NodeName, RecordedNode]",
) -> tuple[dict["NodeName", int], dict["NodeName", int]]:
    live: dict[NodeName, int] = {}
    final: dict[NodeName, int] = {}
    for node in desired.nodes:
        name, wanted = node.name, node.node_id.value
        if name in known:
            live[name] = known[name].starts.node_id
        else:
            live[name] = recorded[name].node_id if name in recorded else wanted
        final[name] = wanted if name in movable else live[name]
    return live, final


def _highest_free(taken: "set[int]") -> int | None:
    return next((i for i in reversed(range(NODE_IDS)) if i not in taken), None)


def _listed(known: "Iterable[Known]") -> set[int]:
    return {
        node_id % NODE_IDS
        for entry in known
        for view in (entry.starts, entry.process.runs)
        for table in view.tables.values()
        for shard in table or ()
        for node_id in shard
    }


def _overtaken(
    live: "Mapping[NodeName, int]",
    final: "Mapping[NodeName, int]",
    holders: "Mapping[int, list[NodeName]]",
    known: "Mapping[NodeName, Known]",
) -> frozenset[int]:
    """Ids nobody has that a node with a good id of its own moves to.

    A list that names such an id names nobody by it. One that names the coming id of
    a node without a good one was written for that node.
    """
    return frozenset(
        after
        for name, after in final.items()
        if after not in holders
        and len(holders[live[name]]) == 1
        and name in known
        and not known[name].starts.node_id_error
        and known[name].starts.node_id_text is not None
    )
