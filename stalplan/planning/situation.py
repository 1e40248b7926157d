"""A scene -> the ordering problem: who runs as what, who moves, who is down."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.model.stores import SENSITIVE
from stalplan.names import NODE_IDS, Role
from stalplan.planning.lower import Lowered, lower_for_a_while
from stalplan.planning.moments import View, Watch, view_of
from stalplan.planning.order import Mover, Problem
from stalplan.planning.values import values_as_file
from stalplan.stalwart.effective import ascii_lower, effective
from stalplan.stalwart.macros import is_one_macro
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import ServerVersion, roles_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.names import NodeName
    from stalplan.planning.scene import Scene
    from stalplan.stalwart.effective import Effective


def situation(
    scene: "Scene",
) -> "tuple[Problem, Mapping[NodeName, Lowered]]":
    """The problem to order, and the passing file of each node that may need one."""
    watch = _watch(scene)
    before = {
        name: _view(scene, watch, known.process.runs)
        for name, known in scene.known.items()
        if known.process.up
    }
    after = {
        name: _view(scene, watch, scene.results[name].effective) for name in scene.known
    }
    moving = [name for name in sorted(scene.known) if _moves(scene, name)]
    passing = _passing(scene, before, after, moving)
    fixed = {name: view for name, view in before.items() if name not in moving}
    last_known, taken = _not_asked(scene, watch)
    down = tuple(sorted(scene.known.keys() - before.keys() - {*moving}))
    problem = Problem(
        movers=tuple(
            Mover(
                name=name,
                before=before.get(name),
                after=after[name],
                passing=_view(scene, watch, passing[name].effective)
                if name in passing
                else None,
            )
            for name in moving
        ),
        fixed={**fixed, **last_known},
        taken=taken,
        down=down,
        startable=tuple(filter(scene.changed, down)),
        max_unavailable=scene.desired.apply.max_unavailable,
        first=tuple(name for name in scene.desired.apply.order if name in moving),
        watch=watch,
    )
    return problem, passing


def _moves(scene: "Scene", name: "NodeName") -> bool:
    """Whether the node's server is started in the course of the plan."""
    if scene.known[name].process.up:
        return scene.changed(name) or scene.restarts_as_it_is(name)
    return scene.changed(name) and scene.options.start_stopped


def _watch(scene: "Scene") -> Watch:
    roles = tuple(
        role
        for role in map(Role, roles_of(scene.desired.release))
        if role in scene.desired.roles
        or any(role in goal.lists for goal in scene.goals.values())
    )
    single = set()
    for role in roles:
        tables = {goal.tables.get(role) for goal in scene.goals.values()}
        table = tables.pop() if len(tables) == 1 else None
        if table and all(len(shard) == 1 for shard in table):
            single.add(role)
    return Watch(roles=roles, single=frozenset(single))


def _passing(
    scene: "Scene",
    before: "Mapping[NodeName, View]",
    after: "Mapping[NodeName, View]",
    moving: "list[NodeName]",
) -> "dict[NodeName, Lowered]":
    """Files with the spare id, of the nodes that wait for ids in a circle.

    Whoever can have its id at once leaves the circle, and so on; what is left is in
    one or waits for one.
    """
    spare = scene.numbers.spare
    if spare is None:
        return {}
    waiting = {
        name
        for name in moving
        if name in before and before[name].low_id != after[name].low_id
    }
    while True:
        held = {before[name].low_id for name in waiting}
        free = {name for name in waiting if after[name].low_id not in held}
        if not free:
            break
        waiting -= free
    lowered = {
        name: lower_for_a_while(scene.goals[name], scene.desired.release, spare)
        for name in waiting
    }
    return {name: low for name, low in lowered.items() if isinstance(low, Lowered)}


def _not_asked(
    scene: "Scene", watch: Watch
) -> "tuple[dict[NodeName, View], frozenset[int]]":
    """Nodes that may run though they weren't read: as last recorded, or only an id."""
    recorded = scene.state.nodes if scene.state else {}
    views: dict[NodeName, View] = {}
    taken = set()
    for node in scene.desired.nodes:
        name = node.name
        if name in scene.known or name in scene.options.assume_down:
            continue
        view = _as_recorded(scene, name, watch) if name in recorded else None
        if view is None:
            taken.add(scene.numbers.live[name] % NODE_IDS)
        else:
            views[name] = view
    return views, frozenset(taken)


def _as_recorded(scene: "Scene", name: "NodeName", watch: Watch) -> View | None:
    assert scene.state is not None, "only recorded nodes are asked for"
    release = scene.desired.release
    entry = scene.state.nodes[name]
    try:
        config = parse(values_as_file(entry.values), ServerVersion(release))
    except ConfigRefused:
        return None
    view = _view(scene, watch, effective(config, release))
    if view.kind is None:
        view = replace(view, kind=_kind(scene, view.coordinator))
    return view if view.low_id == entry.node_id % NODE_IDS else None


def _kind(scene: "Scene", store: str | None) -> str | None:
    """The type of a store as files that were read have it.

    Of a store that isn't managed nothing is recorded: it counts as the one that the
    others know by this name.
    """
    kinds = {
        ascii_lower(known.starts.coordinator_type)
        for known in scene.known.values()
        if known.starts.coordinator == store and known.starts.coordinator_type
    }
    return min(kinds, default=None)


def _view(scene: "Scene", watch: Watch, reads: "Effective") -> View:
    """A server by its file; the servers of its coordinator count if we manage them."""
    reach = frozenset(reads.coordinator_reach)
    if reads.coordinator not in scene.desired.stores:
        reach = frozenset()
    elif scene.secrets is None:  # placeholders stand in the files
        reach = frozenset(text if is_one_macro(text) else SENSITIVE for text in reach)
    return view_of(reads, watch.roles, reach)
