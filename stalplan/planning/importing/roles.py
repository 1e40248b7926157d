"""Live role lists -> who is to hold each role, in node names."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stalplan.names import NodeName, Role
from stalplan.stalwart.releases import roles_of

if TYPE_CHECKING:
    from stalplan.planning.scene import Scene

Holders = Literal["all", "none"] | tuple[tuple[NodeName, ...], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a role, by most nodes' files.

    *strangers* are ids in it that no node has: they are left out of *holders*, and
    stand in *shown* as `id 7`.
    """

    holders: Holders
    strangers: tuple[str, ...] = ()
    shown: tuple[tuple[str, ...], ...] = ()


def held_roles(scene: "Scene") -> dict[Role, Held]:
    """Every role that some file names which was read, and who holds it.

    Ids are those that the nodes will have. Where files differ, what most nodes say
    counts; of equals a list counts before having none, then the first node's word.
    """
    found = {}
    for role in map(Role, roles_of(scene.desired.release)):
        if any(role in goal.lists for goal in scene.goals.values()):
            said = [_said(scene, name, role) for name in scene.goals]
            found[role] = _most(said)
    return found


def _most(said: list[Held]) -> Held:
    votes = Counter(held.holders for held in said)
    return max(said, key=lambda held: (votes[held.holders], held.holders != "all"))


def _said(scene: "Scene", node: NodeName, role: Role) -> Held:
    table = scene.goals[node].tables.get(role)
    if table is None:
        return Held("all")
    owners = scene.numbers.owners
    shards: list[tuple[NodeName, ...]] = []
    met: set[int] = set()
    for shard in table:
        # A node works in the first shard that names it.
        row = tuple(owners[i] for i in shard if i in owners and i not in met)
        met |= {*shard}
        if row:
            shards.append(row)
    shown = tuple(tuple(owners.get(i, f"id {i}") for i in shard) for shard in table)
    strangers = tuple(f"id {i}" for i in sorted(met - owners.keys()))
    return Held(tuple(shards) or "none", strangers, shown)
