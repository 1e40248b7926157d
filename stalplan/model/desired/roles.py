"""[roles]: who holds which background role, with labels resolved to nodes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stalplan.model.desired.fields import is_table, kind
from stalplan.model.desired.mistakes import dotted, listed, quoted
from stalplan.model.wishes import Everyone, Nobody, RoleWish, Shards
from stalplan.names import NODE_IDS, NodeName, Role
from stalplan.stalwart.releases import Release, roles_of, shards_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.model.desired.mistakes import Mistakes
    from stalplan.model.desired.nodes import Nodes
    from stalplan.model.desired.places import Path
    from stalplan.model.inventory import Node

_EVERY_ROLE = {role for release in Release for role in roles_of(release)}
_WISH_KEYS = ("label", "shards")
_RENAMED = {"bayes-training": "spam-training", "spam-training": "bayes-training"}
_FORMS = 'a list of nodes, "all", "none" or { label = "…" }'


@dataclass(slots=True)
class _Reading:
    """What one wish is read with."""

    mistakes: "Mistakes"
    nodes: "Nodes"
    by_name: "dict[str, Node]"
    release: Release | None
    labels: set[str]

    @property
    def one_shard_only(self) -> bool:
        return self.release is not None and not shards_of(self.release)


def read_roles(
    mistakes: "Mistakes",
    content: dict[str, Any],
    nodes: "Nodes",
    release: Release | None,
) -> dict[Role, RoleWish]:
    """The managed roles by name. *release* None: unknown, so any known role may be.

    The place of each role is also kept under ("roles", ROLE), however it is spelled.
    """
    path = ("roles",)
    table = content.get("roles", {})
    if not is_table(mistakes, path, table):
        return {}
    by_name: dict[str, Node] = {node.name: node for node in nodes.found}
    labels = {label for node in nodes.found for label in node.labels}
    reading = _Reading(mistakes, nodes, by_name, release, labels)
    result: dict[Role, RoleWish] = {}
    spelled: dict[Role, Path] = {}
    for where, value in _leaves(path, table):
        role = Role(".".join(where[1:]))
        if role in spelled:
            line = mistakes.places.key(spelled[role]).line
            mistakes.at_key(
                where, f"{dotted(where)}: role {role} is set in line {line} already"
            )
            continue
        spelled[role] = where
        if not _is_known(reading, where, role):
            continue
        wish = _wish(reading, where, value)
        if wish is not None:
            result[role] = wish
    places = mistakes.places
    places.keys.update(
        {("roles", role): places.key(at) for role, at in spelled.items()}
    )
    return dict(sorted(result.items()))


def _leaves(path: "Path", table: dict[str, Any]) -> "Iterator[tuple[Path, object]]":
    """Each role's path as written, and what is asked for it."""
    for key, value in table.items():
        here = (*path, key)
        name = ".".join(here[1:])
        if not isinstance(value, dict) or name in _EVERY_ROLE:
            yield here, value
        elif any(role.startswith(f"{name}.") for role in _EVERY_ROLE):
            yield from _leaves(here, value)
        elif not value or value.keys() & {*_WISH_KEYS}:
            yield here, value
        else:
            yield from _leaves(here, value)


def _is_known(reading: _Reading, path: "Path", role: Role) -> bool:
    """Whether servers of the release read *role*; else that is a mistake."""
    release, mistakes = reading.release, reading.mistakes
    known = roles_of(release) if release else sorted(_EVERY_ROLE)
    if role in known:
        return True
    if release is not None and role in _EVERY_ROLE:
        what = f"servers of {release} have no role {role}{_history(role, release)}"
    else:
        near = mistakes.near(role, known)
        what = f"unknown role {quoted(role)}{near or _which(known)}"
    mistakes.at_key(path, f"{dotted(path)}: {what}")
    return False


def _which(known: "tuple[str, ...] | list[str]") -> str:
    return f"; there are {listed(known)}"


def _history(role: Role, release: Release) -> str:
    """When *role*, which *release* lacks, was there."""
    lines = [line for line in Release if role in roles_of(line)]
    other = _RENAMED.get(role)
    if other in roles_of(release):
        if release > lines[-1]:
            return f"; it became {other} in {release}"
        return f"; it is called {other} there"
    if release < lines[0]:
        return f"; it came with {lines[0]}"
    return f"; {lines[-1]} was the last to have it"


def _wish(reading: _Reading, path: "Path", value: object) -> RoleWish | None:
    """What is asked for one role, or None after a mistake."""
    match value:
        case "all":
            return Everyone()
        case "none":
            return Nobody()
        case list() if value:
            return _shards(reading, path, value)
        case dict():
            return _labelled(reading, path, value)
        case _:
            _tell(reading, path, _no_wish(reading, value))
            return None


def _no_wish(reading: _Reading, value: object) -> str:
    if value == []:
        return 'is empty, which servers read as every node: say "all" or "none"'
    if isinstance(value, str) and value in reading.nodes.mentioned:
        return f"must be a list of nodes: [{quoted(value)}]"
    return f"must be {_FORMS}, not {kind(value)}"


def _tell(reading: _Reading, path: "Path", what: str) -> None:
    reading.mistakes.at_value(path, f"{dotted(path)} {what}")


def _shards(reading: _Reading, path: "Path", value: list[Any]) -> Shards | None:
    """A list of names is one shard; a list of such lists is a shard each."""
    lists = [isinstance(each, list) for each in value]
    if any(lists) and not all(lists):
        odd = (*path, str(lists.index(not lists[0])))
        reading.mistakes.at_value(
            odd,
            f"{dotted(path)} mixes nodes and shards: put each shard in its own list",
        )
        return None
    if any(lists) and reading.one_shard_only and len(value) > 1:
        _tell(reading, path, _no_shards(reading))
        return None
    rows = value if all(lists) else [value]
    result, holders = [], dict[str, int]()
    for number, row in enumerate(rows):
        at = (*path, str(number)) if all(lists) else path
        if not row:
            what = f"{dotted(path)}: shard {number + 1} has no node"
            reading.mistakes.coded("SP201", at, what, key=".".join(path))
        result.append(_row(reading, path, at, row, number, holders))
    return Shards(tuple(result))


def _no_shards(reading: _Reading) -> str:
    return (
        f"asks for shards, which servers of {reading.release} don't have: "
        "they came with 0.14"
    )


def _row(
    reading: _Reading,
    path: "Path",
    at: "Path",
    row: list[Any],
    number: int,
    holders: dict[str, int],
) -> tuple[NodeName, ...]:
    """The nodes of shard *number*, in id order. *holders* has those met before."""
    found: list[Node] = []
    for index, name in enumerate(row):
        here = (*at, str(index))
        what = _no_node(reading, name)
        if what is None and name in holders:
            earlier = holders[name] + 1
            what = (
                f"{name} stands twice"
                if holders[name] == number
                else f"{name} is in shard {earlier} already; a node works in one"
            )
        if what is not None:
            reading.mistakes.at_value(here, f"{dotted(path)}: {what}")
            continue
        holders[name] = number
        if name in reading.by_name:
            found.append(reading.by_name[name])
    return _by_id(found)


def _no_node(reading: _Reading, name: object) -> str | None:
    """What is wrong with *name* as a node, or None."""
    if isinstance(name, int) and not isinstance(name, bool):
        holder = reading.nodes.holders.get(name)
        like = f": {quoted(holder)} has id {name}" if holder else ", not ids"
        return f"must list nodes by name{like}"
    if not isinstance(name, str):
        return f"must list nodes by name, not {kind(name)}"
    if name in reading.nodes.mentioned:
        return None
    if name in ("all", "none"):
        return f"{quoted(name)} stands alone, without a list"
    if name in reading.labels:
        return f"{quoted(name)} is a label: say {{ label = {quoted(name)} }}"
    near = reading.mistakes.near(name, reading.nodes.mentioned)
    return f"no node is named {quoted(name)}{near}"


def _labelled(reading: _Reading, path: "Path", value: dict[str, Any]) -> Shards | None:
    """`{ label = "x" }`, with shards = "each" or a number of them."""
    for key in value.keys() - {*_WISH_KEYS}:
        near = reading.mistakes.near(key, _WISH_KEYS)
        reading.mistakes.at_key(
            (*path, key), f"unknown key {dotted((*path, key))}{near}"
        )
    chosen = _with_label(reading, path, value)
    count = _count(reading, path, value.get("shards", 1), len(chosen) or NODE_IDS)
    if not chosen or count is None:
        return None
    names = _by_id(chosen)
    return Shards(
        tuple(
            _by_id([reading.by_name[n] for n in names[i::count]]) for i in range(count)
        )
    )


def _with_label(reading: _Reading, path: "Path", value: dict[str, Any]) -> "list[Node]":
    """The nodes that have the label; none after a mistake."""
    if "label" not in value:
        _tell(reading, path, 'needs a label, such as label = "back"')
        return []
    label = value["label"]
    if not isinstance(label, str):
        _tell(reading, (*path, "label"), f"must be text in quotes, not {kind(label)}")
        return []
    chosen = [node for node in reading.nodes.found if label in node.labels]
    if not chosen:
        _nobody(reading, path, label)
    return chosen


def _nobody(reading: _Reading, path: "Path", label: str) -> None:
    near = reading.mistakes.near(label, sorted(reading.labels))
    what = f"{dotted(path)}: no node has the label {quoted(label)}{near}"
    reading.mistakes.coded("SP201", (*path, "label"), what, key=".".join(path))


def _count(reading: _Reading, path: "Path", wanted: object, nodes: int) -> int | None:
    """How many shards *wanted* is for that many nodes, or None after a mistake."""
    here = (*path, "shards")
    if wanted == "each":
        count = nodes
    elif isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
        _tell(reading, here, 'must be "each" or a number of 1 or more')
        return None
    else:
        count = wanted
    if reading.one_shard_only and (wanted == "each" or count > 1):
        _tell(reading, here, _no_shards(reading))
        return None
    if count > nodes:
        what = f"{dotted(here)}: more shards than nodes with the label ({nodes})"
        reading.mistakes.coded("SP201", here, what, key=".".join(path))
        return None
    return count


def _by_id(nodes: "list[Node]") -> tuple[NodeName, ...]:
    return tuple(node.name for node in sorted(nodes, key=lambda node: node.node_id))
