"""Which nodes a plan of only some would need too, and how to have them in it."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed

if TYPE_CHECKING:
    from stalplan.names import NodeName
    from stalplan.planning.goals import Goal
    from stalplan.planning.scene import Scene


def needed_too(scene: "Scene") -> tuple["NodeName", ...]:
    """Nodes that would have changed too, or may have: they weren't asked."""
    differing = {
        name
        for name, goal in scene.goals.items()
        if name not in scene.movable and _differs(goal)
    }
    unread = scene.options.not_asked - frozenset(scene.options.assume_down)
    return tuple(sorted(differing | unread))


def _differs(goal: "Goal") -> bool:
    """Also by a list that isn't managed and must follow the nodes it names."""
    lists = goal.lists.items()
    follows = any(goal.tables[role] != entries.table for role, entries in lists)
    return follows or dict(goal.live) != dict(goal.wanted)


def way_on(scene: "Scene") -> str:
    """What to do where the nodes that change need others; empty for whole plans."""
    targets = [name for name in needed_too(scene) if name in scene.goals]
    if targets:
        return "stalplan plan " + " ".join(
            f"--target {name}" for name in sorted({*scene.options.target, *targets})
        )
    if not scene.options.not_asked:
        return "Plan without --target." if scene.options.target else ""
    down = scene.options.assume_down
    if scene.options.not_asked == frozenset(down):
        return f"Give the roles of {listed(down)} to other nodes in the desired file."
    return "Plan without --exclude, or with --assume-down for a node that can't run."
