"""New nodes take their places in the roles of a desired file that is there."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.model.rewriting.members import asks_by_label, move_role
from stalplan.model.wishes import Nobody, RoleWish, Shards
from stalplan.planning.importing.labels import wish_of
from stalplan.planning.importing.roles import held_roles
from stalplan.planning.plan import Options
from stalplan.planning.scene import scene_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stalplan.model.live import Seen
    from stalplan.model.wishes import Desired
    from stalplan.names import NodeName
    from stalplan.planning.importing.roles import Held

Rows = tuple[tuple["NodeName", ...], ...]


def join_roles(
    text: str, desired: "Desired", seen: "Sequence[Seen]", new: "Collection[NodeName]"
) -> str:
    """*text* in which the *new* nodes hold the roles that the lists give them.

    Such a list named an id that no node of the file had until now, so the file asked
    for the others alone. A role that the file and the new nodes' lists disagree about
    otherwise is left to the plan, and so is one that is asked for by label.

    *desired* is what *text* says, the new nodes in it.
    """
    # Without wishes a list keeps its meaning, so that the nodes' own word is heard.
    unmanaged = replace(desired, roles={})
    held = held_roles(scene_of(unmanaged, seen, None, Options(), {}))
    ids = {node.name: node.node_id.value for node in desired.nodes}
    for role, wish in desired.roles.items():
        holders = _grown(wish, held.get(role), new)
        if holders is not None and not asks_by_label(text, role):
            text = move_role(text, role, wish_of(holders, {}, ids))
    return text


def _grown(
    wish: RoleWish, held: "Held | None", new: "Collection[NodeName]"
) -> Rows | None:
    """The holders by the lists, where they are the wished ones and *new* nodes."""
    asked = _rows(wish)
    if asked is None or held is None or isinstance(held.holders, str):
        return None
    known = (tuple(n for n in row if n not in new) for row in held.holders)
    others = tuple(frozenset(row) for row in known if row)
    same = others == tuple(map(frozenset, asked))
    return held.holders if same and held.holders != asked else None


def _rows(wish: RoleWish) -> Rows | None:
    match wish:
        case Shards(shards=shards):
            return shards
        case Nobody():
            return ()
        case _:
            return None
