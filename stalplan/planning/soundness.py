"""Whether the cluster is in order in the end, when only some nodes change."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.model.wishes import Nobody, Shards
from stalplan.names import NODE_IDS
from stalplan.planning.look import id_is_hidden
from stalplan.planning.moments import Crew, collisions
from stalplan.planning.needed import needed_too, way_on
from stalplan.planning.order import NoOrder, Problem
from stalplan.planning.plan import Risk
from stalplan.planning.said import nobody_is_possible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stalplan.names import NodeName
    from stalplan.planning.scene import Scene
    from stalplan.planning.steps import Risks


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
    yield from _ids_unknown(scene, problem)
    if scene.options.target or scene.options.not_asked:
        yield from _half_done(scene, problem)


def _ids_unknown(scene: "Scene", problem: Problem) -> "Iterator[NoOrder]":
    """Running nodes whose id can't be evaluated here, where ids are dealt anew."""
    blind = tuple(name for name, k in sorted(scene.known.items()) if id_is_hidden(k))
    dealt = any(
        mover.name in blind
        or mover.before is None
        or mover.before.low_id != mover.after.low_id
        for mover in problem.movers
    )
    if blind and dealt:
        options = " ".join(f"--exclude {name}" for name in blind)
        yield NoOrder(
            rule=f"The id of {listed(blind)} comes from what can't be read from here, "
            "so it is not known as what the server runs.",
            nodes=blind,
            hint="Write the number into the file and start the server anew, or plan "
            f"with {options}.",
        )


def _half_done(scene: "Scene", problem: Problem) -> "Iterator[NoOrder]":
    """Risks that would last, because nodes that belong to the change don't change."""
    _, after = _crews(problem)
    needed = needed_too(scene)
    hint = way_on(scene)
    if blind := _unknown(scene, problem):
        yield NoOrder(
            rule=f"{listed(blind)} {'was' if len(blind) == 1 else 'were'} not asked, "
            "and nothing is recorded: what it runs of the roles that move is unknown.",
            nodes=blind,
            hint=hint,
        )
    if collisions(after) or not problem.taken.isdisjoint(after.ids):
        yield NoOrder(rule=_doubled(scene, problem, after), nodes=needed, hint=hint)
    new = _new_risks(scene, problem)
    if new and problem.movers:
        too = f" {listed(needed)} must change too." if needed else ""
        yield NoOrder(rule=f"{_lost(scene, new)}{too}", nodes=needed, hint=hint)
    elif problem.movers:
        yield from _unheld(scene, problem)


def _lost(scene: "Scene", new: "Risks") -> str:
    """What is at risk for good, in sentences."""
    bare = sorted({r for r, risk in new if r and risk is Risk.UNCOVERED})
    apart = sorted({r or "the coordinator" for r, _ in new if r not in bare})
    said = []
    if apart:
        said.append(f"The nodes would no longer agree on {listed(apart)}.")
    if bare:
        said.append(f"{listed(bare)} would no longer be fully run.")
    wishes = [scene.desired.roles.get(role) for role in bare]
    holders = {
        name
        for wish in wishes
        if isinstance(wish, Shards)
        for shard in wish.shards
        for name in shard
    }
    if down := sorted(holders.intersection(scene.options.assume_down)):
        counts = "counts" if len(down) == 1 else "count"
        said.append(f"{listed(down)}, named to run it, {counts} as down.")
    return " ".join(said)


def _unheld(scene: "Scene", problem: Problem) -> "Iterator[NoOrder]":
    """Roles that only a node that wasn't asked would hold: it may well be down."""
    unread = scene.options.not_asked & problem.fixed.keys()
    worlds = [*((name,) for name in sorted(unread)), tuple(sorted(unread))]
    for down in worlds:
        new = {role for role, _ in _new_risks(scene, problem, down) if role is not None}
        if new:
            yield NoOrder(
                rule=f"With {listed(down)} down, {listed(sorted(new))} would no longer "
                "be fully run.",
                nodes=down,
                hint="Plan without --exclude, or let another node hold it first.",
            )
            return


def _crews(problem: Problem, down: "Collection[NodeName]" = ()) -> tuple[Crew, Crew]:
    """Who runs before and after everything, without those that are *down*."""
    before, after = Crew(), Crew()
    for name, view in problem.fixed.items():
        if name not in down:
            before.add(view)
            after.add(view)
    for mover in problem.movers:
        after.add(mover.after)
        if mover.before is not None:
            before.add(mover.before)
    return before, after


def _new_risks(
    scene: "Scene", problem: Problem, down: "Collection[NodeName]" = ()
) -> "Risks":
    """What would be at risk in the end and isn't now; "none" is meant to be so."""
    before, after = _crews(problem, down)
    wishes = scene.desired.roles.items()
    meant = {(role, Risk.UNCOVERED) for role, w in wishes if isinstance(w, Nobody)}
    return problem.watch.risks(after) - problem.watch.risks(before) - meant


def _unknown(scene: "Scene", problem: Problem) -> tuple["NodeName", ...]:
    """Nodes nothing is known of, where role lists change on others."""
    recorded = scene.state.nodes if scene.state else {}
    blind = scene.options.not_asked - frozenset(scene.options.assume_down)
    lists_change = any(
        mover.before is not None and mover.before.tables != mover.after.tables
        for mover in problem.movers
    )
    return tuple(sorted(blind - recorded.keys())) if lists_change else ()


def _doubled(scene: "Scene", problem: Problem, after: Crew) -> str:
    doubled = {low for low, count in after.ids.items() if count > 1}
    doubled |= problem.taken & after.ids.keys()
    ids = {name: view.low_id for name, view in problem.fixed.items()}
    ids |= {mover.name: mover.after.low_id for mover in problem.movers}
    unread = scene.options.not_asked - frozenset(scene.options.assume_down) - ids.keys()
    ids |= {name: scene.numbers.live[name] % NODE_IDS for name in unread}
    names = sorted(name for name, low_id in ids.items() if low_id in doubled)
    return f"{listed(names)} would still share an id in the end."
