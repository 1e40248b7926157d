"""The plan: all of it, frozen. What is shown, saved, compared and applied is this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from stalplan.findings import Finding
from stalplan.model.cluster import listed
from stalplan.model.health import HealthAsk
from stalplan.model.records import StepRef
from stalplan.names import Digest, NodeName, Role
from stalplan.planning.changes import Change
from stalplan.planning.coordinator import CoordinatorAsk
from stalplan.stalwart.effective import RoleState


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks of a plan; a saved plan keeps its own."""

    target: tuple[NodeName, ...] = ()  # empty: all nodes may change
    exclude: tuple[NodeName, ...] = ()
    assume_down: tuple[NodeName, ...] = ()  # also excluded
    restart_unknown: bool = False
    start_stopped: bool = False
    while_stopped: bool = False

    @property
    def not_asked(self) -> frozenset[NodeName]:
        """The nodes that are not even read."""
        return frozenset(self.exclude) | frozenset(self.assume_down)


class ActionName(StrEnum):
    """What happens to a node within a step, in this order."""

    STOP = "stop"
    WRITE = "write"
    START = "start"
    HEALTH = "health"


class Risk(StrEnum):
    """What is not as it should be from one step's end to the next one's."""

    DOUBLE = "double"  # a role or shard for one node is run by several
    UNCOVERED = "uncovered"  # a role or shard is run by nobody
    SPLIT = "split"  # running nodes have different shard tables
    PARTED = "parted"  # running nodes are on different coordinators


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """One key in one file. A list is its items' texts; None: the key is absent.

    *line* is the key's in the base file, from 1; None for a key that is new.
    """

    node: NodeName
    key: str
    before: str | tuple[str, ...] | None
    after: str | tuple[str, ...] | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A risk that lasts from the end of its step to the end of the next one.

    *nodes* run it twice, or are to run what is uncovered; none where it is a matter
    of all nodes (split, parted): the steps tell which have changed.
    """

    role: Role | None  # None: not of one role (parted)
    nodes: tuple[NodeName, ...]
    what: Risk

    @property
    def sentence(self) -> str:
        """The risk for people: what is not as it should be."""
        match self.what:
            case Risk.DOUBLE:
                return f"{self.role} is run twice: by {listed(self.nodes)}."
            case Risk.UNCOVERED:
                return f"{self.role} is not fully run."
            case Risk.SPLIT:
                return f"{self.role}: running nodes have different shard tables."
            case Risk.PARTED:
                return "Running nodes are on different coordinators."
            case _:
                assert_never(self.what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Nodes that may be down at the same moment, and what happens to each.

    *edits* only where the file written is not the final one; *result* is the digest
    of what each node's file holds after it, None throughout in a snapshot's plan.
    """

    number: int
    nodes: tuple[NodeName, ...]
    actions: tuple[ActionName, ...]
    edits: tuple[FileEdit, ...] = ()
    result: dict[NodeName, Digest | None] = field(default_factory=dict)
    exposure: tuple[Exposure, ...] = ()
    why: str = ""


def started(steps: Iterable[Step]) -> set[NodeName]:
    """The nodes whose server is started, or stopped and started, in any of *steps*."""
    return {
        node
        for step in steps
        if ActionName.START in step.actions
        for node in step.nodes
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What a file makes of a server: its id, its part of each role of the release."""

    node_id: int
    roles: dict[Role, RoleState]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNode:
    """A node of the desired file as the plan found it, and its file's end.

    *before* and *after* are what its server runs once it was started with the file
    as found and with its end; None where the file could not be read.
    """

    name: NodeName
    reached: bool
    path: str | None = None
    base: Digest | None = None
    result: Digest | None = None  # equal to base where the file stays
    server_version: str | None = None
    pending_restart: bool = False
    error: str | None = None
    before: Runs | None = None
    after: Runs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts that every format, and the sentence, agree on."""

    add: int
    change: int
    remove: int
    files: int  # distinct
    restarts: int  # every stop and start
    nodes_restarted: int  # distinct

    @property
    def sentence(self) -> str:
        """The last line of a plan that does something; scripts match it."""
        return (
            f"Plan: {self.add} to add, {self.change} to change, "
            f"{self.remove} to remove. "
            f"Files: {self.files}, restarts: {self.restarts}."
        )

    @property
    def applied(self) -> str:
        """The last line of an apply that did all of it; scripts match it."""
        return (
            f"Apply complete! Changes: {self.add} added, {self.change} changed, "
            f"{self.remove} removed. Nodes restarted: {self.nodes_restarted}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """The commit that the desired file was read at."""

    commit: str
    dirty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredInfo:
    """Which desired file the plan was made from.

    *lines* are where it speaks of what changes, and of nodes with findings, from 1.
    """

    path: str
    digest: Digest
    git: GitState | None = None
    lines: dict[str, int] = field(default_factory=dict)  # by address


class Origin(StrEnum):
    """Whether a change comes from the branch that the plan is of."""

    BRANCH = "branch"
    PENDING = "pending"  # the file at the base asks for it already


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the plan is of the desired file as it is at another revision.

    *origins* are those of the plan's changes, in their order. *gone* are changes that
    were pending there and are no longer asked for; one whose cause is drift leaves
    that drift as it is. *problem* tells why there is no plan there; all changes then
    count as the branch's.
    """

    revision: str  # as given
    commit: str
    origins: tuple[Origin, ...]
    gone: tuple[Change, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotInfo:
    """The snapshot that a preview was made from."""

    taken: datetime  # UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What apply would do, in which order, why, and what stands in the way.

    Lists are in their defined order. *complete* is false for a plan that can never
    be applied. Times are UTC. With *snapshot* the plan is a preview: never complete,
    and without the digests of files.
    """

    stalplan: str
    created: datetime
    expires: datetime
    cluster: str
    release: str
    desired: DesiredInfo
    options: Options
    nodes: tuple[PlannedNode, ...]
    changes: tuple[Change, ...]
    edits: tuple[FileEdit, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    summary: Summary
    complete: bool
    digest: Digest | None
    review_digest: str
    snapshot: SnapshotInfo | None = None
    base: Base | None = None

    @property
    def blocked(self) -> bool:
        """Whether a finding stands in the way."""
        return any(finding.blocks for finding in self.findings)

    @property
    def unread(self) -> frozenset[NodeName]:
        """The nodes of which nothing is known, though the plan should have looked."""
        lost = {node.name for node in self.nodes if not node.reached}
        return frozenset(lost - self.options.not_asked)

    @property
    def has_changes(self) -> bool:
        """Whether apply would do anything, if only to the recorded state."""
        return bool(self.changes or self.steps)

    @property
    def sentence(self) -> str:
        """The last line of what people read; scripts match it byte by byte.

        A plan that could not look everywhere never claims that nothing differs.
        """
        if not (self.blocked or self.has_changes or self.unread):
            return f"No changes. The cluster matches {self.desired.path}."
        return self.summary.sentence

    def steps_after(self, number: int) -> tuple[StepRef, ...]:
        """What is left to do once step *number* is done."""
        return tuple(
            StepRef(step=step.number, node=node)
            for step in self.steps
            if step.number > number
            for node in step.nodes
        )


StepKey = tuple[int, NodeName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with what carrying it out needs and no plan may show.

    All four by step number and node: the bytes to write (no entry where a step only
    restarts), the digests before and after, and what must be true after the start.
    """

    plan: Plan
    results: Mapping[StepKey, bytes] = field(repr=False)
    bases: Mapping[StepKey, Digest]
    digests: Mapping[StepKey, Digest]
    health: Mapping[StepKey, HealthAsk]
    coordinators: Mapping[StepKey, CoordinatorAsk] = field(default_factory=dict)
