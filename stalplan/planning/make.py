"""Desired x live x recorded -> a plan and what carrying it out needs."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from stalplan import __version__
from stalplan.findings import Finding
from stalplan.model.health import HealthAsk
from stalplan.names import Digest, NodeName, Role
from stalplan.planning.changes import (
    Action,
    Change,
    DropKey,
    Join,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    SetCoordinator,
    SetHostname,
    SetId,
    SetStore,
)
from stalplan.planning.compare import differences
from stalplan.planning.coordinator import CoordinatorAsk, coordinator_ask
from stalplan.planning.desired_lines import desired_lines
from stalplan.planning.detect import Facts, detect, restart
from stalplan.planning.digests import plan_digest, review_digest
from stalplan.planning.facts import facts
from stalplan.planning.health import health_ask
from stalplan.planning.order import NoOrder, Problem
from stalplan.planning.plan import (
    ActionName,
    DesiredInfo,
    FileEdit,
    Options,
    Plan,
    Planned,
    PlannedNode,
    Runs,
    Step,
    StepKey,
    Summary,
    started,
)
from stalplan.planning.said import findings
from stalplan.planning.scene import Scene, scene_of
from stalplan.planning.situation import situation
from stalplan.planning.soundness import unsound
from stalplan.planning.steps import Moment, in_order, together
from stalplan.planning.why import why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalplan.model.live import Seen
    from stalplan.model.records import State
    from stalplan.model.secrets import Secrets
    from stalplan.model.wishes import Desired
    from stalplan.planning.look import Known, Lost
    from stalplan.planning.lower import Lowered
    from stalplan.stalwart.effective import Effective

KINDS = (
    *(Leave, Join, SetId, Renumber, SetCoordinator, SetStore, MoveRole),
    *(SetHostname, DropKey, Restart),
)
"""The order of display: who is in it, who does what, what it is called."""


def make_plan(
    desired: "Desired",
    seen: "Sequence[Seen]",
    state: "State | None",
    *,
    options: Options,
    created: datetime,
    secrets: "Secrets | None" = MappingProxyType({}),
    looked: "Mapping[NodeName, Known | Lost]" = MappingProxyType({}),
) -> Planned:
    """The plan, whatever was seen: what stands in the way is a finding in it.

    *created* is UTC. Equal inputs give equal plans; the order of nodes is none.

    *secrets* is what the references of the desired file led to. One that is not in
    it, or Unresolved, is SP609, and the plan is not complete. None says that the
    files in *seen* hold placeholders for what must not be shown, as a snapshot does:
    such a text then equals whatever is wanted in its place, so that a secret is a
    change only where it comes, goes, or takes a macro's place or gives way to one.

    *looked* is what `look` makes of nodes in *seen*, where somebody has asked before.
    """
    scene = scene_of(desired, seen, state, options, secrets, looked)
    changes = _changes(scene)
    problem, passing = situation(scene)
    way = _Way(scene=scene, problem=problem, passing=passing)
    no_order = [*unsound(scene, problem)]
    steps: tuple[Step, ...] = ()
    if not no_order:
        order = _order(scene, problem)
        if isinstance(order, NoOrder):
            no_order.append(order)
        elif order is not None:
            steps = way.steps(order)
    said = findings(scene, no_order)
    plan = _plan(scene, changes, steps, said, created)
    return Planned(
        plan=plan,
        results=way.results,
        bases=way.bases,
        digests=way.digests,
        health=way.health,
        coordinators=way.coordinators,
    )


def _order(scene: Scene, problem: Problem) -> "Sequence[Moment] | NoOrder | None":
    """The moves in order; None where nodes that couldn't be read stand in the way.

    That such a node may hold an id is no rule of its own: its finding blocks already.
    """
    order = in_order(problem)
    if not scene.lost or not isinstance(order, NoOrder):
        return order
    fixed = {name: v for name, v in problem.fixed.items() if name not in scene.lost}
    without = in_order(replace(problem, fixed=fixed, taken=frozenset()))
    return without if isinstance(without, NoOrder) else None


def _changes(scene: Scene) -> tuple[Change, ...]:
    told = Facts(
        desired=scene.desired,
        goals=scene.goals,
        numbers=scene.numbers,
        state=scene.state,
        leaving=not scene.options.target,
        away=scene.options.assume_down,
    )
    goals = {name: scene.goals[name] for name in sorted(scene.movable)}
    changes = detect(
        told,
        differences(
            {name: goal.live for name, goal in goals.items()},
            {name: goal.wanted for name, goal in goals.items()},
        ),
    )
    changes += [
        restart(told, name, known=scene.known[name].process.pending)
        for name in sorted(scene.movable)
        if scene.restarts_as_it_is(name) and not scene.changed(name)
    ]
    return tuple(sorted(changes, key=_place))


def _place(change: Change) -> tuple[Any, ...]:
    told = facts(change)
    return KINDS.index(type(change)), told.address, told.nodes, str(told.before)


@dataclass(slots=True, kw_only=True)
class _Way:
    """Numbers the steps, and keeps what each does to each node's file."""

    scene: Scene
    problem: Problem
    passing: "Mapping[NodeName, Lowered]" = field(repr=False)
    results: dict[StepKey, bytes] = field(default_factory=dict, repr=False)
    bases: dict[StepKey, Digest] = field(default_factory=dict)
    digests: dict[StepKey, Digest] = field(default_factory=dict)
    health: dict[StepKey, HealthAsk] = field(default_factory=dict)
    coordinators: dict[StepKey, CoordinatorAsk] = field(default_factory=dict)
    holds: dict[NodeName, Digest] = field(default_factory=dict)
    greets: dict[NodeName, str | None] = field(default_factory=dict)

    def steps(self, moments: "Sequence[Moment]") -> tuple[Step, ...]:
        """Writes to stopped nodes first, which nobody notices; then every start."""
        moved = {moment.move.name for moment in moments}
        steps: list[Step] = []
        for name in sorted(self.scene.known):
            if self.scene.changed(name) and name not in moved:
                steps.append(self._write(len(steps) + 1, name))
        for group in together(self.problem, moments):
            for part in self._alike(group):
                steps.append(self._start(len(steps) + 1, part))
        return tuple(steps)

    def _write(self, number: int, name: NodeName) -> Step:
        self._keep(number, name, self.scene.results[name])
        return Step(
            number=number,
            nodes=(name,),
            actions=(ActionName.WRITE,),
            result={name: self.scene.results[name].digest},
            why=f"{name} was found stopped and stays so.",
        )

    def _start(self, number: int, group: "Sequence[Moment]") -> Step:
        names = tuple(sorted(moment.move.name for moment in group))
        actions = self._actions(group[0])
        edits: list[FileEdit] = []
        said = []
        for moment in group:
            lowered = self._lowered(moment)
            self._keep(number, moment.move.name, lowered)
            if moment.move.passing:
                edits += lowered.edits
            said.append(why(self.problem, moment, lowered.edits))
        return Step(
            number=number,
            nodes=names,
            actions=actions,
            edits=tuple(edits),
            result={name: self.digests[number, name] for name in names},
            exposure=group[-1].exposure,
            why=" ".join(said),
        )

    def _alike(self, group: "Sequence[Moment]") -> "list[list[Moment]]":
        """The group by what is done to a node, so that a step has one list of acts."""
        parts: dict[tuple[ActionName, ...], list[Moment]] = {}
        for moment in group:
            parts.setdefault(self._actions(moment), []).append(moment)
        return list(parts.values())

    def _actions(self, moment: "Moment") -> tuple[ActionName, ...]:
        name = moment.move.name
        actions = [ActionName.START, ActionName.HEALTH]
        if moment.move.passing or self.scene.changed(name):
            actions.insert(0, ActionName.WRITE)
        if moment.before is not None:
            actions.insert(0, ActionName.STOP)
        return tuple(actions)

    def _lowered(self, moment: "Moment") -> "Lowered":
        name = moment.move.name
        return self.passing[name] if moment.move.passing else self.scene.results[name]

    def _keep(self, number: int, name: NodeName, lowered: "Lowered") -> None:
        key, known = (number, name), self.scene.known[name]
        self.bases[key] = self.holds.get(name, known.file.digest)
        self.digests[key] = self.holds[name] = lowered.digest
        if self.bases[key] != lowered.digest:
            self.results[key] = lowered.data
        asked = health_ask(lowered.config, lowered.effective, known.node.service)
        before = self.greets.get(name, known.process.runs.hostname)
        self.health[key] = replace(asked, hostname_before=before)
        coordinator = coordinator_ask(lowered.config, lowered.effective)
        if coordinator is not None:
            self.coordinators[key] = coordinator
        self.greets[name] = lowered.effective.hostname


def _plan(
    scene: Scene,
    changes: tuple[Change, ...],
    steps: tuple[Step, ...],
    said: tuple[Finding, ...],
    created: datetime,
) -> Plan:
    desired = scene.desired
    lifetime = timedelta(seconds=desired.apply.plan_lifetime)
    created = created.astimezone(UTC).replace(microsecond=0)
    edits = (
        edit for name in sorted(scene.movable) for edit in scene.results[name].edits
    )
    plan = Plan(
        stalplan=__version__,
        created=created,
        expires=created + lifetime,
        cluster=desired.cluster,
        release=desired.release,
        desired=DesiredInfo(
            path=desired.file,
            digest=desired.digest,
            lines=desired_lines(desired, changes, said),
        ),
        options=scene.options,
        nodes=_nodes(scene),
        changes=changes,
        edits=tuple(edits),
        steps=steps,
        findings=said,
        summary=_summary(scene, changes, steps),
        complete=not any(finding.blocks for finding in said),
        digest=None,
        review_digest="",
    )
    return replace(plan, digest=plan_digest(plan), review_digest=review_digest(plan))


def _nodes(scene: Scene) -> tuple[PlannedNode, ...]:
    return tuple(
        _node(scene, node.name)
        for node in sorted(scene.desired.nodes, key=lambda node: node.name)
    )


def _node(scene: Scene, name: NodeName) -> PlannedNode:
    if name in scene.lost:
        lost = scene.lost[name]
        report = lost.report
        file = report.file if report else None
        readable = file is not None and not file.too_large
        return PlannedNode(
            name=name,
            reached=report is not None,
            path=file.path if file else None,
            base=file.digest if file is not None and readable else None,
            server_version=report.server_version if report else None,
            error=lost.error,
        )
    if name not in scene.known:
        return PlannedNode(name=name, reached=False, error="Not asked.")
    known = scene.known[name]
    return PlannedNode(
        name=name,
        reached=True,
        path=known.file.path,
        base=known.file.digest,
        result=scene.results[name].digest,
        server_version=known.report.server_version,
        pending_restart=known.process.pending,
        before=_runs(known.starts),
        after=_runs(scene.results[name].effective),
    )


def _runs(effective: "Effective") -> Runs:
    roles = sorted(effective.roles.items())
    return Runs(
        node_id=effective.node_id, roles={Role(role): part for role, part in roles}
    )


def _summary(
    scene: Scene, changes: "Sequence[Change]", steps: "Sequence[Step]"
) -> Summary:
    actions = [facts(change).action for change in changes]
    return Summary(
        add=actions.count(Action.CREATE),
        change=actions.count(Action.UPDATE),
        remove=actions.count(Action.DELETE),
        files=sum(scene.changed(name) for name in scene.known),
        restarts=sum(
            len(step.nodes) for step in steps if ActionName.START in step.actions
        ),
        nodes_restarted=len(started(steps)),
    )
