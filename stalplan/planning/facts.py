"""What every format tells of a change, in the contract's words."""

import re
from dataclasses import dataclass
from typing import assert_never

from stalplan.names import NodeName
from stalplan.planning.changes import (
    Action,
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

Value = str | tuple[str, ...] | RoleHolders | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """One change as JSON has it; *kind* and *address* are stable."""

    kind: str
    action: Action
    address: str
    before: Value
    after: Value
    nodes: tuple[NodeName, ...]


def facts(change: Change) -> ChangeFacts:  # noqa: C901, PLR0911 - one per kind
    """What *change* is, apart from why."""
    match change:
        case Join(node=node, after=after):
            return _fact(
                "join", Action.CREATE, node_address(node), None, str(after), node
            )
        case Leave(node=node, before=before):
            return _fact("leave", Action.DELETE, node_address(node), before, None, node)
        case SetId(node=node, after=after):
            address = f"{node_address(node)}.id"
            return _fact("set_id", Action.CREATE, address, None, str(after), node)
        case Renumber(node=node, before=before, after=after):
            address = f"{node_address(node)}.id"
            return _fact("renumber", Action.UPDATE, address, before, str(after), node)
        case SetHostname(node=node, before=before, after=after):
            address = f"{node_address(node)}.hostname"
            action = _action(before, after)
            return _fact("set_hostname", action, address, before, after, node)
        case SetCoordinator(nodes=nodes, before=before, after=after):
            action = _action(before, after)
            return _fact(
                "set_coordinator", action, "cluster.coordinator", before, after, *nodes
            )
        case SetStore(store=store, key=key, nodes=nodes, before=before, after=after):
            action = _action(before, after)
            address = f"store.{store}.{key}"
            return _fact("set_store", action, address, before, after, *nodes)
        case MoveRole(role=role, nodes=nodes, before=before, after=after):
            action = _action(_listed(before), _listed(after))
            address = f"roles.{role}"
            return _fact("move_role", action, address, before, after, *nodes)
        case DropKey(node=node, key=key, before=before, after=after):
            address = f'{node_address(node)}."{key}"'
            return _fact("drop_key", Action.DELETE, address, before, after, node)
        case Restart(node=node):
            return _fact("restart", Action.UPDATE, node_address(node), None, None, node)
        case _:
            assert_never(change)


def _fact(
    kind: str,
    action: Action,
    address: str,
    before: Value,
    after: Value,
    *nodes: NodeName,
) -> ChangeFacts:
    return ChangeFacts(
        kind=kind,
        action=action,
        address=address,
        before=before,
        after=after,
        nodes=nodes,
    )


def node_address(name: NodeName) -> str:
    """A node's address; a dotted name is quoted, as in the desired file."""
    return f"nodes.{name}" if re.fullmatch(r"[a-z0-9-]+", name) else f'nodes."{name}"'


def _listed(holders: RoleHolders) -> RoleHolders | None:
    """No list is what `"all"` looks like in a file."""
    return None if holders == "all" else holders


def _action(before: object, after: object) -> Action:
    if before is None:
        return Action.CREATE
    return Action.DELETE if after is None else Action.UPDATE
