"""Differences -> changes: many files that differ alike are one change."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.model.stores import MASKS
from stalplan.model.wishes import Everyone, Nobody, Shards
from stalplan.names import NODE_IDS, NodeName, Role
from stalplan.planning import reasons
from stalplan.planning.changes import (
    Cause,
    Change,
    DropKey,
    Join,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    RoleHolders,
    SetCoordinator,
    SetHostname,
    SetId,
    SetStore,
)
from stalplan.planning.compare import Difference
from stalplan.planning.values import managed_values, store_of
from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    OLD_HOSTNAME,
    ROLE_PREFIX,
    roles_of,
)
from stalplan.stalwart.spelling import spell
from stalplan.stalwart.stores import STORE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from stalplan.model.records import State
    from stalplan.model.wishes import Desired
    from stalplan.planning.goals import Goal
    from stalplan.planning.numbers import Numbers

Shown = str | tuple[str, ...] | None

CAUSES = (Cause.DRIFT, Cause.NEW, Cause.DESIRED)
"""Worst first: a change of many nodes has the worst cause of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What differences are explained with."""

    desired: "Desired"
    goals: "Mapping[NodeName, Goal]" = field(repr=False)
    numbers: "Numbers"
    state: "State | None" = field(repr=False)
    leaving: bool = True  # whether nodes that left are taken out now
    away: "Collection[NodeName]" = ()  # nodes that count as down


def detect(facts: Facts, found: "Sequence[Difference]") -> list[Change]:
    """All changes that *found* amounts to, unordered."""
    by_node: defaultdict[NodeName, list[Difference]] = defaultdict(list)
    for difference in found:
        by_node[NodeName(difference.node)].append(difference)
    joining = {name for name in by_node if _joins(facts, name)}
    changes: list[Change] = [_join(facts, name) for name in sorted(joining)]
    changes += _leaves(facts)
    rest = [d for name in by_node if name not in joining for d in by_node[name]]
    for difference in rest:
        if difference.key == NODE_ID:
            changes.append(_id(facts, difference))
        elif difference.key == HOSTNAME:
            changes.append(_hostname(facts, difference))
    changes += _coordinator(facts, [d for d in rest if d.key == COORDINATOR])
    changes += _stores(facts, [d for d in rest if d.key.startswith(STORE_PREFIX)])
    roles = [d for d in rest if d.key.startswith(ROLE_PREFIX)]
    changes += _roles(facts, [d for d in roles if not _says_the_same(facts, d)])
    changes += [_dropped(facts, d) for d in roles if _says_the_same(facts, d)]
    return changes


def restart(facts: Facts, name: NodeName, *, known: bool) -> Restart:
    """*name* is started anew without a change to its file."""
    return Restart(
        node=name,
        cause=Cause.DRIFT if known else Cause.NEW,
        reason=reasons.of_restart(facts.goals[name].known, known_values=known),
    )


def _joins(facts: Facts, name: NodeName) -> bool:
    recorded = facts.state is not None and name in facts.state.nodes
    return not recorded and not facts.goals[name].known.config.under("cluster")


def _join(facts: Facts, name: NodeName) -> Join:
    known = facts.goals[name].known
    return Join(
        node=name,
        after=known.node.node_id,
        cause=Cause.NEW,
        reason=reasons.of_join(known, _same_id(facts, name)),
    )


def _leaves(facts: Facts) -> "Iterator[Leave]":
    if facts.state is None or not facts.leaving:
        return
    wanted = {node.name for node in facts.desired.nodes}
    for name, entry in sorted(facts.state.nodes.items()):
        if name not in wanted:
            yield Leave(
                node=name,
                before=str(entry.node_id),
                cause=Cause.DESIRED,
                reason=reasons.of_leave(
                    name, entry, facts.desired.file, _following(facts, entry.node_id)
                ),
            )


def _id(facts: Facts, difference: Difference) -> SetId | Renumber:
    name = NodeName(difference.node)
    known = facts.goals[name].known
    cause = _cause(facts, name, NODE_ID)
    reason = reasons.of_id(known, _same_id(facts, name), cause, facts.desired.file)
    if follow := _following(facts, known.starts.node_id):
        reason += f" {reasons.of_lists(follow)}"
    after = known.node.node_id
    if after.value in facts.numbers.overtaken:
        lists = _following(facts, after.value)
        reason += reasons.of_overtaken(lists, after, facts.numbers.nobody)
    raw = known.config.get(NODE_ID)
    if raw is None:
        return SetId(node=name, after=after, cause=cause, reason=reason)
    return Renumber(node=name, before=raw, after=after, cause=cause, reason=reason)


def _same_id(facts: Facts, name: NodeName) -> tuple[NodeName, ...]:
    """Other nodes whose id counts as the one that *name* has today."""
    low = facts.goals[name].known.starts.node_id % NODE_IDS
    ids = facts.numbers.live.items()
    return tuple(sorted(n for n, i in ids if n != name and i % NODE_IDS == low))


def _following(facts: Facts, node_id: int) -> list[Role]:
    """Roles that aren't managed and whose lists name the node otherwise in the end."""
    return sorted(
        {
            role
            for goal in facts.goals.values()
            for role, entries in goal.lists.items()
            if role not in facts.desired.roles
            and goal.tables[role] != entries.table
            and any(node_id in shard for shard in entries.table or ())
        }
    )


def _hostname(facts: Facts, difference: Difference) -> SetHostname:
    name = NodeName(difference.node)
    config = facts.goals[name].known.config
    cause = _cause(facts, name, HOSTNAME)
    before = config.get(HOSTNAME, config.get(OLD_HOSTNAME))
    after = str(difference.wanted)
    return SetHostname(
        node=name,
        before=before,
        after=after,
        cause=cause,
        reason=reasons.of_hostname(before, cause, facts.desired.file),
    )


def _coordinator(
    facts: Facts, found: "Sequence[Difference]"
) -> "Iterator[SetCoordinator]":
    alike: defaultdict[tuple[str | None, str | None], list[NodeName]]
    alike = defaultdict(list)
    for difference in found:
        name = NodeName(difference.node)
        before = facts.goals[name].known.config.get(COORDINATOR)
        alike[before, difference.wanted].append(name)
    for (before, after), names in alike.items():
        cause = _worst(facts, names, COORDINATOR)
        yield SetCoordinator(
            nodes=tuple(sorted(names)),
            before=before,
            after=after,
            cause=cause,
            reason=reasons.of_coordinator(before, after, cause, facts.desired.file),
        )


def _stores(facts: Facts, found: "Sequence[Difference]") -> "Iterator[SetStore]":
    """By what can be shown of them: a plan doesn't tell which nodes share a secret."""
    alike: defaultdict[tuple[str, Shown, Shown], list[NodeName]] = defaultdict(list)
    for difference in found:
        name, key = NodeName(difference.node), difference.key
        stores = facts.goals[name].stores
        alike[key, stores.before[key], stores.after[key]].append(name)
    for (key, before, after), names in alike.items():
        _, store, rest = key.split(".", 2)
        cause = _worst(facts, names, key)
        yield SetStore(
            store=store,
            key=rest,
            nodes=tuple(sorted(names)),
            before=before,
            after=after,
            cause=cause,
            reason=reasons.of_store(before, after, cause, facts.desired.file),
        )


def _roles(facts: Facts, found: "Sequence[Difference]") -> "Iterator[MoveRole]":
    alike: defaultdict[tuple[Role, RoleHolders, RoleHolders], list[NodeName]]
    alike = defaultdict(list)
    for difference in found:
        name, role = _place(difference)
        alike[role, *_holders(facts, name, role)].append(name)
    for (role, before, after), names in alike.items():
        yield MoveRole(
            role=role,
            nodes=tuple(sorted(names)),
            before=before,
            after=after,
            cause=_worst(facts, names, role.key),
            reason=reasons.of_role(before, after, facts.numbers.gone, facts.away),
        )


def _dropped(facts: Facts, difference: Difference) -> DropKey:
    name, role = _place(difference)
    goal = facts.goals[name]
    table, release = goal.tables[role], facts.desired.release
    reason = reasons.of_dropped(goes=table is None)
    if role not in roles_of(release):
        reason = reasons.of_old_name(release)
    return DropKey(
        node=name,
        key=role.key,
        before=tuple(entry.text for entry in goal.lists[role].entries),
        after=None if table is None else spell(table, release),
        cause=_cause(facts, name, role.key),
        reason=reason,
    )


def _place(difference: Difference) -> tuple[NodeName, Role]:
    role = Role(difference.key.removeprefix(ROLE_PREFIX))
    return NodeName(difference.node), role


def _says_the_same(facts: Facts, difference: Difference) -> bool:
    """Whether the list means what it should and merely says too much."""
    name, role = _place(difference)
    goal = facts.goals[name]
    if role not in goal.lists:
        return False
    now = facts.numbers.follow(goal.lists[role].table, leaving=True)
    return now == goal.tables[role]


def _holders(
    facts: Facts, name: NodeName, role: Role
) -> tuple[RoleHolders, RoleHolders]:
    goal = facts.goals[name]
    entries = goal.lists.get(role)
    table = entries.table if entries else None
    before: RoleHolders = "all" if table is None else facts.numbers.names(table)
    match facts.desired.roles[role]:
        case Everyone():
            return before, "all"
        case Nobody():
            return before, "none"
        case Shards(shards=shards):
            return before, tuple(map(tuple, shards))


def _cause(facts: Facts, name: NodeName, key: str) -> Cause:
    recorded = facts.state.nodes.get(name) if facts.state else None
    if recorded is None:
        return Cause.NEW
    known = facts.goals[name].known
    stores = facts.desired.stores
    now = managed_values(known.config, facts.desired.release, stores).get(key, ())
    if store := store_of(key):
        if recorded.digest == known.file.digest:
            return Cause.DESIRED
        if MASKS & {*now} or store not in map(store_of, recorded.values):
            return Cause.NEW  # a secret is not recorded, and can't be compared
    return Cause.DESIRED if recorded.values.get(key, ()) == now else Cause.DRIFT


def _worst(facts: Facts, names: "Iterable[NodeName]", key: str) -> Cause:
    causes = {_cause(facts, name, key) for name in names}
    return next(cause for cause in CAUSES if cause in causes)
