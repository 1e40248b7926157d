"""Rules about role lists, which every node holds its own copy of."""

from collections import defaultdict
from typing import TYPE_CHECKING

from stalplan.findings import Finding, found
from stalplan.model.cluster import Cluster, Member, listed
from stalplan.model.wishes import Nobody
from stalplan.names import Role
from stalplan.stalwart.effective import Off
from stalplan.stalwart.releases import roles_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stalplan.stalwart.spelling import IdTable


def roles_are_held(cluster: Cluster) -> "Iterator[Finding]":
    """Every role, and every shard of it, has a node that runs it."""
    if cluster.elsewhere or not cluster.members:
        return  # a node that wasn't read may run it
    for role in _roles(cluster):
        if isinstance(cluster.wishes.get(role), Nobody):
            continue
        if all(_is_off(member, role) for member in cluster.members):
            yield _finding(cluster, "SP201", role, f"No node runs {role}.")
            continue
        missing = sorted(_missing_shards(cluster, role))
        if missing:
            numbers = listed([str(index + 1) for index in missing])
            text = f"No node runs shard {numbers} of {role}: that part is never done."
            yield _finding(cluster, "SP201", role, text)


def roles_have_lists(cluster: Cluster) -> "Iterator[Finding]":
    """A role without a list is run by every node: worth knowing, once for all."""
    plain = [
        role
        for role in _roles(cluster)
        if not any(member.config.keys_under(role.key) for member in cluster.members)
    ]
    if plain and cluster.members:
        text = "has no list: every node runs it"
        if len(plain) > 1:
            text = "have no list: every node runs them"
        yield found("SP202", cluster.scope, f"{listed(plain)} {text}.")


def lists_name_nodes(cluster: Cluster) -> "Iterator[Finding]":
    """A list that names an id without a node: part of the work may never be done."""
    known = {*cluster.ids, *cluster.away}
    for role in _roles(cluster):
        if isinstance(cluster.wishes.get(role), Nobody):
            continue
        strangers: defaultdict[int, list[Member]] = defaultdict(list)
        for table, agreed in cluster.tables(role).items():
            for node_id in {i for shard in table or () for i in shard} - known:
                strangers[node_id] += agreed
        for node_id, members in sorted(strangers.items()):
            members.sort(key=lambda member: member.name)
            where = listed([member.name for member in members])
            yield _finding(
                cluster,
                "SP203",
                role,
                f"{role} names id {node_id} on {where}, and no node has it.",
                place=members[0],
            )


def tables_agree(cluster: Cluster) -> "Iterator[Finding]":
    """All nodes have the same table; else work is done twice, or by nobody.

    Source: stalwart v0.15.5, crates/services/src/task_manager/mod.rs.
    """
    taken = cluster.ids.keys()
    for role in _roles(cluster):
        tables: defaultdict[IdTable | None, list[Member]] = defaultdict(list)
        for table, members in cluster.tables(role).items():
            tables[_meaning(table, taken)] += members
        if len(tables) < 2:  # noqa: PLR2004 - one table is agreement
            continue
        groups = [sorted(members, key=lambda m: m.name) for members in tables.values()]
        groups.sort(key=lambda members: (len(members), members[0].name))
        said = "; ".join(
            f"{listed([member.name for member in members])}: "
            f"{_shown(members[0].table(role))}"
            for members in groups
        )
        text = f"The nodes don't agree who runs {role}. {said}."
        yield _finding(cluster, "SP204", role, text, place=groups[0][0])


def _roles(cluster: Cluster) -> tuple[Role, ...]:
    return tuple(Role(role) for role in roles_of(cluster.release))


def _is_off(member: Member, role: Role) -> bool:
    return isinstance(member.effective.roles.get(role), Off)


def _missing_shards(cluster: Cluster, role: Role) -> set[int]:
    tables = cluster.tables(role)
    if len(tables) != 1:
        return set()  # they don't even agree how many there are
    (table,) = tables
    taken = cluster.ids.keys()
    return {
        index
        for index, shard in enumerate(table or ())
        if not any(node_id in taken for node_id in shard)
    }


def _meaning(table: "IdTable | None", taken: "Collection[int]") -> "IdTable | None":
    """Tables that name nobody mean the same, whichever ids they name."""
    if table is None or any(i in taken for shard in table for i in shard):
        return table
    return ()


def _shown(table: "IdTable | None") -> str:
    if table is None:
        return "every node"
    return " | ".join(
        f"id{'s' if len(shard) > 1 else ''} {listed(map(str, shard))}"
        for shard in table
    )


def _finding(
    cluster: Cluster, code: str, role: Role, text: str, place: Member | None = None
) -> Finding:
    place = place or next(
        (m for m in cluster.members if m.config.keys_under(role.key)), None
    )
    return found(
        code,
        cluster.scope,
        text,
        node=place.name if place else None,
        file=place.path if place else None,
        line=place.line(role.key) if place else None,
        key=role.key,
    )
