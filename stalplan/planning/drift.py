"""What nodes say now against what was last applied to them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from stalplan.model.stores import SENSITIVE
from stalplan.names import NodeName, Role
from stalplan.planning.changes import (
    Change,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    SetCoordinator,
    SetHostname,
    SetId,
)
from stalplan.planning.facts import Value, facts, node_address
from stalplan.planning.look import Known, Lost, look
from stalplan.planning.values import managed_values, store_of, values_as_file
from stalplan.stalwart.effective import Effective, effective
from stalplan.stalwart.parse import FlatConfig, parse
from stalplan.stalwart.releases import HOSTNAME, NODE_ID, roles_of
from stalplan.stalwart.rewrite import rewritten

if TYPE_CHECKING:
    from stalplan.model.live import Seen
    from stalplan.model.records import RecordedNode, State
    from stalplan.model.wishes import Desired
    from stalplan.planning.plan import Plan
    from stalplan.stalwart.releases import Release
    from stalplan.stalwart.spelling import IdTable

T = TypeVar("T")

_List = tuple["IdTable | None", bool]

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that is no longer as it was applied, on one node or on several.

    *path* is where the desired file asks for it; () where it can't. A role's values
    are "all", or node names by shard. *unreadable*: the nodes' list has entries that
    mean nothing to the server, which plan takes out.
    """

    address: str
    path: Path
    before: Value  # as applied, or as desired where nothing was recorded
    after: Value  # as the node has it
    nodes: tuple[NodeName, ...]
    unreadable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """When a node's file was last written, and what tells by whom.

    *in_effect* is None where nothing tells whether the server runs with it.
    """

    since: datetime  # UTC, the node's clock
    owner: str
    server_form: bool  # as the server itself writes it
    in_effect: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """All drift of a cluster. *recorded*: against the state, else against the file.

    *elsewhere* are nodes whose file changed in settings that stalplan does not
    manage, or in secrets, where *masked* says that some are managed: no record holds
    one. *unrecorded* have no record although others do; *lost* could not be read.
    """

    recorded: bool
    drifts: tuple[Drift, ...]
    touched: Mapping[NodeName, Touched]
    elsewhere: tuple[NodeName, ...] = ()
    masked: bool = False
    unrecorded: tuple[NodeName, ...] = ()
    lost: Mapping[NodeName, str] = field(default_factory=dict)


def drift_of(
    desired: "Desired", seen: "Sequence[Seen]", state: "State | None", plan: "Plan"
) -> DriftReport:
    """What differs from the state; from the desired file where nothing is recorded.

    *plan* is what the same look at the nodes yields.
    """
    records = state.nodes if state else {}
    by_name = {each.node: each for each in seen}
    looks = [
        look(node, by_name[node.name], desired, records.get(node.name))
        for node in desired.nodes
        if node.name in by_name
    ]
    known = {each.node.name: each for each in looks if isinstance(each, Known)}
    lost = {each.node.name: each.error for each in looks if isinstance(each, Lost)}
    against = {name: records[name] for name in known if name in records}
    if against:
        drifts = tuple(_against_records(desired, known, against))
    else:
        drifts = tuple(_against_plan(plan))
    return DriftReport(
        recorded=bool(against),
        drifts=tuple(sorted(drifts, key=lambda each: (each.address, each.nodes))),
        touched={name: _touched(entry) for name, entry in sorted(known.items())},
        elsewhere=_elsewhere(known, against, drifts),
        masked=any(
            SENSITIVE in texts
            for record in against.values()
            for texts in record.values.values()
        ),
        unrecorded=tuple(sorted(set(known) - set(against))) if against else (),
        lost=lost,
    )


def _elsewhere(
    known: Mapping[NodeName, Known],
    against: "Mapping[NodeName, RecordedNode]",
    drifts: Sequence[Drift],
) -> tuple[NodeName, ...]:
    drifted = {name for drift in drifts for name in drift.nodes}
    changed = (
        name
        for name, record in against.items()
        if record.digest != known[name].file.digest
    )
    return tuple(sorted(set(changed) - drifted))


def _touched(known: Known) -> Touched:
    process = known.process
    return Touched(
        since=known.file.changed_at,
        owner=known.file.owner,
        server_form=rewritten(known.config) == known.file.data,
        in_effect=None if process.unknown or not process.up else not process.pending,
    )


def _against_plan(plan: "Plan") -> Iterator[Drift]:
    """A plan's changes the other way round: what the nodes have instead."""
    for change in plan.changes:
        if isinstance(change, Restart | Leave):
            continue
        told = facts(change)
        yield Drift(
            address=told.address,
            path=_path(change),
            before=told.after,
            after=told.before,
            nodes=told.nodes,
        )


def _path(change: Change) -> Path:
    match change:
        case SetId(node=node) | Renumber(node=node):
            return ("nodes", node, "id")
        case SetHostname(node=node):
            return ("nodes", node, "hostname")
        case SetCoordinator():
            return ("cluster", "coordinator")
        case MoveRole(role=role):
            return ("roles", role)
        case _:
            return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One node as it was recorded and as it is."""

    name: NodeName
    was: FlatConfig
    had: Effective
    now: FlatConfig
    has: Effective


def _against_records(
    desired: "Desired",
    known: Mapping[NodeName, Known],
    records: "Mapping[NodeName, RecordedNode]",
) -> Iterator[Drift]:
    release = desired.release
    pairs = [
        _pair(release, known[name], record)
        for name, record in sorted(records.items())
        if record.digest != known[name].file.digest
    ]
    ids_then = _holders({name: record.node_id for name, record in records.items()})
    ids_now = _holders({name: each.starts.node_id for name, each in known.items()})
    for pair in pairs:
        yield from _own(pair)
    yield from _coordinator(pairs)
    for role in map(Role, roles_of(release)):
        yield from _role(pairs, role, ids_then, ids_now)
    for pair in pairs:
        yield from _stores(desired, pair, records[pair.name])


def _pair(release: "Release", known: Known, record: "RecordedNode") -> _Pair:
    was = parse(values_as_file(record.values), known.version)
    env = known.report.unit_environment
    return _Pair(
        name=known.node.name,
        was=was,
        had=effective(was, release, env),
        now=known.config,
        has=known.starts,
    )


def _holders(ids: Mapping[NodeName, int]) -> Mapping[int, tuple[str, ...]]:
    holders: defaultdict[int, list[str]] = defaultdict(list)
    for name, node_id in sorted(ids.items()):
        holders[node_id].append(name)
    return {node_id: tuple(names) for node_id, names in holders.items()}


def _own(pair: _Pair) -> Iterator[Drift]:
    """What is a node's alone: its id and its name."""
    address, path = node_address(pair.name), ("nodes", pair.name)
    if _as_read(pair.was.get(NODE_ID), pair.had) != _as_read(
        pair.now.get(NODE_ID), pair.has
    ):
        yield _scalar(pair, NODE_ID, f"{address}.id", (*path, "id"))
    if pair.had.hostname != pair.has.hostname:
        yield _scalar(pair, HOSTNAME, f"{address}.hostname", (*path, "hostname"))


def _scalar(pair: _Pair, key: str, address: str, path: Path) -> Drift:
    before, after = pair.was.get(key), pair.now.get(key)
    if key == HOSTNAME:  # which may stand under its old name
        before, after = pair.had.hostname, pair.has.hostname
    else:  # what is read as a number may be written in many ways
        before, after = _as_read(before, pair.had), _as_read(after, pair.has)
    return Drift(
        address=address, path=path, before=before, after=after, nodes=(pair.name,)
    )


def _as_read(text: str | None, runs: Effective) -> str | None:
    return text if text is None or runs.node_id_error else str(runs.node_id)


def _coordinator(pairs: Sequence[_Pair]) -> Iterator[Drift]:
    """What all nodes share: those that drifted alike are one drift.

    As in a plan, a macro that yields what was there before changes nothing.
    """

    def values(pair: _Pair) -> tuple[str | None, str | None]:
        return pair.had.coordinator, pair.has.coordinator

    for (before, after), nodes in _grouped(pairs, values).items():
        if before != after:
            yield Drift(
                address="cluster.coordinator",
                path=("cluster", "coordinator"),
                before=before,
                after=after,
                nodes=nodes,
            )


def _role(
    pairs: Sequence[_Pair],
    role: Role,
    then: Mapping[int, tuple[str, ...]],
    now: Mapping[int, tuple[str, ...]],
) -> Iterator[Drift]:
    def lists(pair: _Pair) -> "tuple[_List, _List]":
        return _list(pair.had, role), _list(pair.has, role)

    for (had, has), nodes in _grouped(pairs, lists).items():
        if had != has:
            yield Drift(
                address=f"roles.{role}",
                path=("roles", role),
                before=_named(had[0], then),
                after=_named(has[0], now),
                nodes=nodes,
                unreadable=has[1],
            )


def _list(reads: Effective, role: Role) -> "_List":
    """What a role's list means, and whether some of it means nothing."""
    found = reads.lists.get(role)
    if found is None:
        return None, False
    return found.table, bool(found.bad) or found.table is None


def _named(table: "IdTable | None", holders: Mapping[int, tuple[str, ...]]) -> Value:
    """A table in node names; `id 7` for an id that no node has."""
    if table is None:
        return "all"
    return tuple(
        tuple(
            name
            for node_id in shard
            for name in holders.get(node_id, (f"id {node_id}",))
        )
        for shard in table
    )


def _stores(desired: "Desired", pair: _Pair, record: "RecordedNode") -> Iterator[Drift]:
    """Settings of managed stores; of a sensitive one only that it came or went."""
    now = managed_values(pair.now, desired.release, tuple(desired.stores))
    for key in sorted(record.values.keys() | now.keys()):
        store = store_of(key)
        if store is not None and record.values.get(key) != now.get(key):
            yield Drift(
                address=f'{node_address(pair.name)}."{key}"',
                path=(),
                before=_texts(record.values.get(key)),
                after=_texts(now.get(key)),
                nodes=(pair.name,),
            )


def _texts(texts: tuple[str, ...] | None) -> Value:
    return None if texts is None else ", ".join(texts)


def _grouped(
    pairs: Sequence[_Pair], by: Callable[[_Pair], T]
) -> Mapping[T, tuple[NodeName, ...]]:
    groups: defaultdict[T, list[NodeName]] = defaultdict(list)
    for pair in pairs:
        groups[by(pair)].append(pair.name)
    return {value: tuple(names) for value, names in groups.items()}
