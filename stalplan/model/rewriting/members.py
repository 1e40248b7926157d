"""Nodes and roles in the desired file's text: who comes, who goes, who holds what."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from stalplan.model.desired.places import Path
from stalplan.model.rewriting.edits import remove_value, set_value
from stalplan.model.rewriting.writing import Value
from stalplan.model.wishes import Desired
from stalplan.names import NODE_IDS, NodeName, Role

_WISH_KEYS = {"label", "shards"}


def like(text: str, model: NodeName) -> dict[str, Value]:
    """What a node that is to be like *model* takes over: labels, ssh and service.

    Not what there is one of: its id, address, hostname and host key.
    """
    tree = tomllib.loads(text)["nodes"][model]
    kept = {key: tree[key] for key in ("labels", "ssh", "service") if key in tree}
    if "host_key" in kept.get("ssh", {}):
        kept["ssh"] = {k: v for k, v in kept["ssh"].items() if k != "host_key"}
    return kept


def free_id(desired: Desired, taken: frozenset[int]) -> int | None:
    """The lowest id from 1 on that is neither desired nor in *taken*, if any."""
    used = {node.node_id.value for node in desired.nodes} | taken
    if desired.apply.spare_id is not None:
        used.add(desired.apply.spare_id)
    return next((each for each in range(1, NODE_IDS) if each not in used), None)


def move_role(text: str, role: Role, wish: Value) -> str:
    """The role is wished for as *wish*, however its key is spelled now."""
    return set_value(text, role_path(text, role) or ("roles", role), wish)


def role_path(text: str, role: Role) -> Path | None:
    """Where the role stands, as it is spelled; None: it is not managed."""
    roles = tomllib.loads(text).get("roles", {})
    paths = (path for path, _ in _leaves(("roles",), roles))
    return next((path for path in paths if ".".join(path[1:]) == role), None)


def asks_by_label(text: str, role: Role) -> bool:
    """Whether the role's nodes are picked by a label, not named."""
    wishes = _leaves(("roles",), tomllib.loads(text).get("roles", {}))
    return any(
        isinstance(wish, Mapping) for path, wish in wishes if ".".join(path[1:]) == role
    )


def held_alone(text: str, name: NodeName) -> list[Role]:
    """The roles whose list names that node and no other."""
    wishes = _leaves(("roles",), tomllib.loads(text).get("roles", {}))
    return [
        Role(".".join(path[1:]))
        for path, wish in wishes
        if wish and not _without(wish, name)
    ]


def forget_node(text: str, name: NodeName) -> str:
    """The text in which no role and no order names the node.

    A role that it alone held would be empty, which is for a person to decide: such
    roles are left as they are.
    """
    tree = tomllib.loads(text)
    for path, wish in _leaves(("roles",), tree.get("roles", {})):
        left = _without(wish, name)
        if left != wish and left:
            text = set_value(text, path, left)
    order = tree.get("apply", {}).get("order", [])
    if name in order:
        rest = [each for each in order if each != name]
        path = ("apply", "order")
        text = set_value(text, path, rest) if rest else remove_value(text, path)
    return text


def _leaves(path: Path, table: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Each role's path as written, and what is asked for it."""
    for key, value in table.items():
        if isinstance(value, Mapping) and not value.keys() & _WISH_KEYS:
            yield from _leaves((*path, key), value)
        else:
            yield (*path, key), value


def _without(wish: Value, name: str) -> Value:
    """The wish without the node; a shard that was its alone goes too."""
    if not isinstance(wish, list):
        return wish
    if all(isinstance(each, list) for each in wish):
        shards = [[each for each in shard if each != name] for shard in wish]
        return [shard for shard in shards if shard]
    return [each for each in wish if each != name]
