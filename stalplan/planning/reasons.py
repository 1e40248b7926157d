"""Why a change is made, in a sentence. No digest binds these texts."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.model.stores import NOT_COMPARED
from stalplan.planning.changes import Cause, RoleHolders
from stalplan.planning.look import id_is_hidden
from stalplan.stalwart.releases import NODE_ID

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stalplan.model.records import RecordedNode
    from stalplan.names import NodeId, NodeName, Role
    from stalplan.planning.look import Known
    from stalplan.stalwart.releases import Release

Shown = str | tuple[str, ...] | None


def of_join(known: "Known", others: "Sequence[NodeName]") -> str:
    """Of a node without cluster settings; *others* count as the same id today."""
    today = f"without one it counts as id {known.starts.node_id % 512}"
    return (
        f"{known.node.name} has no cluster settings yet, and no id: "
        f"{today}{_as_others(others)}."
    )


def of_leave(
    name: "NodeName", entry: "RecordedNode", file: str, roles: "Sequence[Role]"
) -> str:
    """Of a node that the state knows and the desired file no longer names.

    *roles* are those whose lists lose it though the file doesn't manage them.
    """
    when = f", last applied on {entry.applied_at:%Y-%m-%d}" if entry.applied_at else ""
    lists = f"the {'list' if len(roles) == 1 else 'lists'} of {listed(roles or '-')}"
    goes = f" Its id goes from {lists}, on every node." if roles else ""
    return (
        f"{name}{when}, is no longer in {file}.{goes} Its machine is not touched; its "
        f"id {entry.node_id} is free only once its server is stopped."
    )


def of_id(known: "Known", others: "Sequence[NodeName]", cause: Cause, file: str) -> str:
    """Of an id that is set or replaced; *others* count as the same id today."""
    name, starts, same = known.node.name, known.starts, _as_others(others)
    if known.config.get(NODE_ID) is None:
        return f"Without an id in its file {name} runs as id 1{same}."
    if id_is_hidden(known):
        return (
            f"{file} gives {name} id {known.node.node_id}; today's is not known here."
        )
    if starts.node_id_error:
        return f"The server can't read this id and runs as id 1{same}."
    if starts.node_id != known.same_env.node_id:
        return (
            f"{name}'s server runs as id {known.same_env.node_id}, and what its file "
            f"names would make it id {starts.node_id} at the next start."
        )
    if others:
        return f"Today {name} counts as id {starts.node_id % 512}{same}."
    return _by_cause(cause, file, f"gives {name} id {known.node.node_id}")


def of_lists(roles: "Sequence[Role]") -> str:
    """Of lists that keep their meaning when a node they name is renumbered."""
    verb = "list" if len(roles) == 1 else "lists"
    follow = "follows" if len(roles) == 1 else "follow"
    return f"The {verb} of {listed(roles)} {follow} it, on every node."


def of_overtaken(roles: "Sequence[Role]", after: "NodeId", nobody: int | None) -> str:
    """Of lists that name the node's coming id, and so nobody: they go on to do so."""
    if not roles:
        return ""
    name = "list of {} names" if len(roles) == 1 else "lists of {} name"
    return (
        f" The {name.format(listed(roles))} id {after}, which no node has yet; "
        f"{nobody} takes its place there."
    )


def of_hostname(before: str | None, cause: Cause, file: str) -> str:
    """Of a hostname that is set or replaced."""
    if before is None:
        return "Without one the server takes the machine's own name."
    return _by_cause(cause, file, "asks for this name")


def of_coordinator(
    before: str | None, after: str | None, cause: Cause, file: str
) -> str:
    """Of a coordinator that comes, changes or goes."""
    if before is None:
        return "Without a coordinator a node hears nothing from the others."
    if after is None:
        return f"{file} asks for none: nodes no longer hear from each other."
    return _by_cause(cause, file, "asks for this store")


def of_store(before: Shown, after: Shown, cause: Cause, file: str) -> str:
    """Of a store's setting that comes, changes or goes."""
    if after is None:
        return f"{file} has all settings of this store, and not this one."
    if NOT_COMPARED in (after if isinstance(after, tuple) else (after,)):
        return "Its secret could not be read, so it is not known what there is to do."
    if before is None:
        return f"{file} asks for it."
    return _by_cause(cause, file, "asks for this value")


def of_role(
    before: RoleHolders,
    after: RoleHolders,
    gone: "Mapping[int, NodeName]",
    away: "Collection[NodeName]" = (),
) -> str:
    """Of a role that other nodes hold in the end; those *away* count as down."""
    if before == "all":
        return "Without a list every node runs it today."
    if after == "all":
        return "Without a list every node runs it."
    assert before != "none", "live lists are shown by what they name"
    held = {name for shard in before for name in shard}
    nodes = {name for name in held if not name.startswith("id ")}
    dead = sorted(held - nodes, key=lambda text: int(text.removeprefix("id ")))
    said = []
    if dead:
        names = [_dead(text, gone) for text in dead]
        nobody = "so nobody runs it today" if not nodes else "so that part is not run"
        said.append(f"No node has {listed(names)}, {nobody}.")
    if after == "none":
        return " ".join([*said, "Nobody is to run it."])
    wanted = {name for shard in after for name in shard}
    gained, lost = sorted(wanted - nodes), sorted(nodes - wanted)
    if gained:
        said.append(f"{listed(gained)} {_verb(gained, 'begin')} to run it.")
    if ending := [name for name in lost if name not in away]:
        said.append(f"{listed(ending)} {_verb(ending, 'end')} running it.")
    if down := [name for name in lost if name in away]:
        said.append(f"{listed(down)}, which {_verb(down, 'count')} as down, held it.")
    if not gained and not lost and not dead:
        said.append(f"The same nodes run it, {_shards(before, after)}.")
    return " ".join(said)


def of_dropped(*, goes: bool) -> str:
    """Of a list that says more than it means."""
    if goes:
        return "Every node runs the role, with or without this list."
    return "The server can't read some of its entries and leaves them out."


def of_old_name(release: "Release") -> str:
    """Of a role's list under the name that it had in an earlier release."""
    return f"{release} knows the role by another name, and ignores this list."


def of_restart(known: "Known", *, known_values: bool) -> str:
    """Of a node that is started anew without a change to its file."""
    if known_values:
        return f"{known.node.name} runs with what its file held before."
    return f"{known.node.name} may run with what its file held before."


def _as_others(others: "Sequence[NodeName]") -> str:
    if not others:
        return ""
    return f", as {listed(others)} {'does' if len(others) == 1 else 'do'}"


def _shards(before: RoleHolders, after: RoleHolders) -> str:
    if len(after) == 1:
        return "no longer in shards"
    return "now in shards" if len(before) == 1 else "in other shards"


def _dead(text: str, gone: "Mapping[int, NodeName]") -> str:
    node_id = int(text.removeprefix("id "))
    return f"{text} ({gone[node_id]}, which left)" if node_id in gone else text


def _verb(names: "Sequence[str]", verb: str) -> str:
    return f"{verb}s" if len(names) == 1 else verb


def _by_cause(cause: Cause, file: str, wish: str) -> str:
    if cause is Cause.DRIFT:
        return f"It was changed on the node since the last apply; {file} {wish}."
    return f"{file} {wish}."
