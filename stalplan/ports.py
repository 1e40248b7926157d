"""The narrow places where the world comes in: nodes, disk, clock, terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Argv, Node
from stalplan.model.live import NodeReport, Seen
from stalplan.model.records import Fence, Lease, State, StepRef, Transaction
from stalplan.model.secrets import Secret, SecretRef, Unresolved
from stalplan.names import Digest, NodeName, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseAsk:
    """Who wants a node, for what, and for how long."""

    run: RunId
    who: str
    plan: Digest | None
    seconds: int
    take_over_run: RunId | None = None  # recover: this run's lease, expired or not


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOrder:
    """One result file to lay beside the node's config, flushed, with its owner."""

    fence: Fence
    step: int
    base: Digest
    result: Digest
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOrder:
    """One step's transaction on one node. *base* equal to *result*: a restart."""

    fence: Fence
    plan: Digest
    step: int
    base: Digest
    result: Digest
    health: HealthAsk
    stop_timeout: float  # seconds
    start_stopped: bool = False
    remaining: tuple[StepRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvent:
    """One line of a node's own log of its transaction: for progress only."""

    at: datetime  # UTC, the node's clock
    act: str  # "stop", "gone", "replace", "start", "healthy", "restore", …
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsAsk:
    """A question to the settings API of a node's running server, asked there."""

    url: str
    user: str
    password: Secret


class Session(Protocol):
    """An open line to one node.

    Every implementation passes tests/ports/test_session.py. All methods raise
    NodeUnreachable when the line breaks; the caller must then assume nothing and
    ask the node for its verdict over a new line. Those that present a fence raise
    LeaseLost, with nothing done, when another run holds the node.
    """

    def report(self) -> NodeReport:
        """What the node is: its file, unchanged while read, service, lease."""

    def take_lease(self, ask: LeaseAsk) -> Lease:
        """Take the node, or an expired lease on it; one of several askers wins.

        Raises:
            LockHeld: another run holds it, or a transaction runs there.
        """

    def renew_lease(self, fence: Fence, *, seconds: int) -> Lease:
        """Hold the node for *seconds* from now, by the node's clock."""

    def release_lease(self, fence: Fence) -> None:
        """Let the node go. Letting go twice, or after a takeover, does nothing."""

    def break_lease(self, run: RunId) -> bool:
        """Remove the lease that *run* holds; False when it holds none."""

    def stage(self, order: StageOrder) -> None:
        """Write the result beside the config, with owner and mode, flushed."""

    def commit(self, order: CommitOrder) -> None:
        """Begin the node's own transaction and return; it ends without us."""

    def follow(self, run: RunId, step: int) -> Iterator[NodeEvent]:
        """The transaction's log from its first line until it has a verdict."""

    def transaction(self, run: RunId, step: int) -> Transaction | None:
        """The node's own record, also of a step that is only staged."""

    def finish(self, order: CommitOrder, *, undo: bool) -> None:
        """End an interrupted transaction by itself: forward, or back to its base.

        Which of the two rests on the file that is there; *undo* forces back. Begins
        and returns, like commit.
        """

    def settings(self, ask: SettingsAsk) -> Mapping[str, str]:
        """The running server's settings that *ask* names, as flat keys and texts.

        Raises:
            AgentFailed: it could not be asked or does not answer so, and why.
        """

    def clean(self, fence: Fence) -> None:
        """Remove the run's staged files and records that are over. Backups stay."""

    def backup(self, digest: Digest) -> bytes | None:
        """The bytes with that digest, if they are among the node's backups."""

    def reach(self, addresses: Sequence[str]) -> frozenset[str] | None:
        """Those of "HOST:PORT" that accept a connection; None: it can't be tried."""

    def forget(self, fence: Fence, step: int) -> None:
        """Remove one step's record and staged file, however it ended. A person looked.

        Raises:
            LockHeld: its transaction runs.
        """


class Transport(Protocol):
    """Opens one line per node for a whole run and keeps it."""

    def read(self, nodes: Sequence[Node]) -> Iterator[Seen]:
        """Report of every node, in the order they come; each exactly once."""

    def session(self, node: Node) -> Session:
        """The node's open line, opened again if it broke. May raise NodeUnreachable."""

    def close(self) -> None:
        """Close all lines. Transactions on the nodes go on."""


class Clock(Protocol):
    """The time here."""

    def now(self) -> datetime:
        """UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait; only `apply.settle` and lock timeouts have a reason to."""


class StateStore(Protocol):
    """The cluster's recorded state. The tool works, with less history, without it."""

    def load(self) -> State | None:
        """The state, or None where there is none yet. May raise StateUnusable."""

    def save(self, state: State) -> State:
        """Write with the next serial; on return it survives a power cut."""


class Journal(Protocol):
    """What one run did, written before and after it did it."""

    def write(self, event: str, **facts: object) -> None:
        """Append one record, flushed before the act it announces."""


class RunStore(Protocol):
    """The local folder of runs: each one's plan and journal."""

    def begin(self, run: RunId, plan_json: str | None, *, who: str) -> Journal:
        """A new run's folder with its plan, where that is known here."""

    def unfinished(self) -> tuple[RunId, ...]:
        """Runs begun here whose journal has no end, oldest first."""

    def reopen(self, run: RunId) -> Journal:
        """The journal of an interrupted run, to go on writing."""

    def records(self, run: RunId) -> tuple[Mapping[str, object], ...]:
        """All records of one run, oldest first; a torn last line is left out."""

    def plan_json(self, run: RunId) -> str | None:
        """The run's plan as it was, or None where the folder lost it."""


class Reporter(Protocol):
    """Progress for people. Nothing depends on it."""

    def node(self, node: NodeName, text: str) -> None:
        """*node* is now doing *text*."""

    def note(self, text: str) -> None:
        """A line worth reading: a takeover, a warning."""


class Commands(Protocol):
    """Programs on the controller: load-balancer hooks, secret references."""

    def hook(self, argv: Argv, *, node: NodeName) -> None:
        """Run with STALPLAN_NODE set. Raises StalplanError when it fails."""

    def secret(self, ref: SecretRef) -> Secret | Unresolved:
        """What *ref* leads to now. Never raises, and never tells a value in words."""


class Git(Protocol):
    """The repository that a desired file lies in. Nothing is fetched or written."""

    def state(self, file: Path) -> tuple[str, bool] | None:
        """HEAD's commit, and whether *file* is otherwise there; None without git."""

    def commit_of(self, file: Path, revision: str) -> str:
        """The commit that *revision* names. Raises StalplanError with what to fetch."""

    def file_at(self, file: Path, commit: str) -> bytes | None:
        """The bytes of *file* at *commit*; None where it is not there."""
