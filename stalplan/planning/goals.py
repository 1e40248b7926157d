"""What each node's file should say in the end, and both sides as trees to compare."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from stalplan.model.wishes import Everyone, Nobody, RoleWish, Shards
from stalplan.names import Role
from stalplan.planning.stores import StoreGoal, store_goal
from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    forerunner_of,
)
from stalplan.stalwart.spelling import RoleList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.model.secrets import Secrets
    from stalplan.model.wishes import Desired
    from stalplan.planning.compare import Leaf
    from stalplan.planning.look import Known
    from stalplan.planning.numbers import Numbers
    from stalplan.stalwart.spelling import IdTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One node's end: its tables as they must be written, and two trees to compare.

    *lists* are the live role lists with anything in them; *tables* what every role
    must say in the end, managed or not.
    """

    known: "Known" = field(repr=False)
    lists: "Mapping[Role, RoleList]" = field(repr=False)
    tables: "Mapping[Role, IdTable | None]"
    stores: StoreGoal
    live: "Mapping[str, Leaf]" = field(repr=False)
    wanted: "Mapping[str, Leaf]" = field(repr=False)


def goal_of(
    known: "Known", desired: "Desired", numbers: "Numbers", secrets: "Secrets | None"
) -> Goal:
    """What *known* should become. Keys in its trees are keys of its file."""
    lists = {
        Role(role): _settled_list(known, role, found)
        for role, found in known.starts.lists.items()
    }
    live: dict[str, Leaf] = {NODE_ID: _live_id(known)}
    wanted: dict[str, Leaf] = {NODE_ID: str(known.node.node_id)}
    if known.node.hostname is not None:
        live[HOSTNAME] = _settled(known, "hostname", HOSTNAME)
        wanted[HOSTNAME] = known.node.hostname
    if desired.coordinator is not None:
        live[COORDINATOR] = _settled(known, "coordinator", COORDINATOR)
        wanted[COORDINATOR] = desired.coordinator or None
    tables: dict[Role, IdTable | None] = {
        role: numbers.follow(entries.table, leaving=True)
        for role, entries in lists.items()
    }
    for role, wish in desired.roles.items():
        table = tables.get(role)
        live[role.key] = leaf(table, lists.get(role))
        tables[role] = wished(wish, table, numbers)
        wanted[role.key] = leaf(tables[role])
        if (old := _forerunner(known, role)) is not None:
            lists[old] = RoleList(None, (), tuple(known.config.under(old.key)))
            tables[old], live[old.key] = None, leaf(None, lists[old])
            wanted[old.key] = leaf(None)
    stores = store_goal(known.config, desired, secrets)
    return Goal(
        known=known,
        lists=lists,
        tables=tables,
        stores=stores,
        live={**live, **stores.live},
        wanted={**wanted, **stores.wanted},
    )


def wished(
    wish: RoleWish, live: "IdTable | None", numbers: "Numbers"
) -> "IdTable | None":
    """The table that makes *wish* true, given what the list says now.

    Where nobody should hold the role, a list that names nobody is good as it is.
    """
    match wish:
        case Everyone():
            return None
        case Nobody():
            names_nobody = live is not None and numbers.names_nobody(live)
            if names_nobody or numbers.nobody is None:  # SP607 tells the latter
                return live
            return ((numbers.nobody,),)
        case Shards(shards=shards):
            return tuple(
                tuple(sorted(numbers.final[name] for name in shard)) for shard in shards
            )
        case _:
            assert_never(wish)


def leaf(table: "IdTable | None", entries: RoleList | None = None) -> str:
    """One text for one meaning; entries that mean nothing make it another text."""
    if table is None:
        return "all, and says something" if entries is not None else "all"
    text = "|".join(",".join(map(str, shard)) for shard in table)
    return f"{text} and unreadable" if entries is not None and entries.bad else text


def _forerunner(known: "Known", role: Role) -> Role | None:
    """The role's old name, where the file still has a list by it that nobody reads."""
    old = forerunner_of(role)
    if old is None or not known.config.keys_under(Role(old).key):
        return None
    return Role(old)


def _settled_list(known: "Known", role: str, found: RoleList) -> RoleList:
    """The list; nothing in it counts as readable where two environments differ."""
    if found.table == known.same_env.tables[role]:
        return found
    return replace(found, bad=found.entries)


def _live_id(known: "Known") -> "Leaf":
    """The id as a number's text; as written where it isn't one, or isn't sure."""
    raw = known.config.get(NODE_ID)
    if raw is None:
        return None
    starts, now = known.starts, known.same_env
    if starts.node_id_error or now.node_id_error or starts.node_id != now.node_id:
        return raw
    return str(starts.node_id)


def _settled(known: "Known", name: str, key: str) -> "Leaf":
    """What an expanded key yields, or its raw text where two environments differ."""
    value: str | None = getattr(known.starts, name)
    if value == getattr(known.same_env, name):
        return value
    return known.config.get(key)
