"""Whether the cluster is in order in the end, when only some nodes change."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.names import NODE_IDS
from stalplan.planning.moments import Crew, collisions
from stalplan.planning.order import NoOrder, Problem
from stalplan.planning.said import nobody_is_possible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.names import NodeName
    from stalplan.planning.scene import Scene


def unsound(scene: "Scene", problem: Problem) -> "Iterator[NoOrder]":
    """Rules that the plan's end, or its options, would break whatever the order."""
    if not nobody_is_possible(scene):
        yield NoOrder(
            rule='All 512 ids are taken: none is left for a list to say "none".',
            nodes=(),
        )
    if scene.options.while_stopped:
        up = sorted(name for name, known in scene.known.items() if known.process.up)
        if up:
            yield NoOrder(
                rule=f"--while-stopped was asked for, and {listed(up)} "
                f"{'runs' if len(up) == 1 else 'run'}.",
                nodes=tuple(up),
                hint="Stop the servers first, or plan without --while-stopped.",
            )
    if scene.options.target or scene.options.not_asked:
        yield from _half_done(scene, problem)


def _half_done(scene: "Scene", problem: Problem) -> "Iterator[NoOrder]":
    """Risks that would last, because nodes that belong to the change don't change."""
    before, after = problem.background(), problem.background()
    for mover in problem.movers:
        after.add(mover.after)
        if mover.before is not None:
            before.add(mover.before)
    needed = _needed(scene)
    hint = _hint(scene, needed)
    if blind := _unknown(scene, problem):
        yield NoOrder(
            rule=f"{listed(blind)} {'was' if len(blind) == 1 else 'were'} not asked, "
            "and nothing is recorded: what it runs of the roles that move is unknown.",
            nodes=blind,
            hint=hint,
        )
    if collisions(after) or not problem.taken.isdisjoint(after.ids):
        yield NoOrder(rule=_doubled(scene, problem, after), nodes=needed, hint=hint)
    new = problem.watch.risks(after) - problem.watch.risks(before)
    if new and problem.movers:
        what = sorted({role or "the coordinator" for role, _ in new})
        too = f" {listed(needed)} must change with them." if needed else ""
        yield NoOrder(
            rule=f"The nodes would no longer agree on {listed(what)}.{too}",
            nodes=needed,
            hint=hint,
        )


def _unknown(scene: "Scene", problem: Problem) -> tuple["NodeName", ...]:
    """Nodes nothing is known of, where role lists change on others."""
    recorded = scene.state.nodes if scene.state else {}
    blind = scene.options.not_asked - frozenset(scene.options.assume_down)
    lists_change = any(
        mover.before is not None and mover.before.tables != mover.after.tables
        for mover in problem.movers
    )
    return tuple(sorted(blind - recorded.keys())) if lists_change else ()


def _needed(scene: "Scene") -> tuple["NodeName", ...]:
    """Nodes that would have changed too, or may have: they weren't asked."""
    differing = {
        name
        for name, goal in scene.goals.items()
        if name not in scene.movable and dict(goal.live) != dict(goal.wanted)
    }
    unread = scene.options.not_asked - frozenset(scene.options.assume_down)
    return tuple(sorted(differing | unread))


def _hint(scene: "Scene", needed: tuple["NodeName", ...]) -> str:
    targets = [name for name in needed if name in scene.goals]
    if targets:
        return "stalplan plan " + " ".join(
            f"--target {name}" for name in sorted({*scene.options.target, *targets})
        )
    return "Plan without --exclude, or with --assume-down for a node that can't run."


def _doubled(scene: "Scene", problem: Problem, after: Crew) -> str:
    doubled = {low for low, count in after.ids.items() if count > 1}
    doubled |= problem.taken & after.ids.keys()
    ids = {name: view.low_id for name, view in problem.fixed.items()}
    ids |= {mover.name: mover.after.low_id for mover in problem.movers}
    unread = scene.options.not_asked - frozenset(scene.options.assume_down) - ids.keys()
    ids |= {name: scene.numbers.live[name] % NODE_IDS for name in unread}
    names = sorted(name for name, low_id in ids.items() if low_id in doubled)
    return f"{listed(names)} would still share an id in the end."
