"""What is written down, here and on the nodes: leases, transactions, state."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stalplan.names import Digest, NodeName, RunId


class Verdict(StrEnum):
    """How a node's own transaction ended. Final, whatever the file is later."""

    APPLIED = "applied"  # new file, service as it was found
    RESTORED = "restored"  # the new file did not work: old file, service as found
    STALE = "stale"  # the file was no longer the base: nothing replaced
    NOT_STOPPED = "not-stopped"  # the old process did not go: nothing replaced
    FAILED = "failed"  # neither file works: a person must look


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A node's lock: the highest-numbered lease folder there and what it says."""

    number: int  # the fencing number that every later act presents
    run: RunId
    who: str  # "user@machine"
    plan: Digest | None  # None: no plan yet
    until: datetime  # UTC, the node's clock
    expired: bool  # by the node's clock, when it was read


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What proves to a node that an act belongs to the run that holds it."""

    run: RunId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRef:
    """A step of a run that one node has: enough for another machine to go on."""

    step: int
    node: NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One node's record of one step: begun, and how it ended, if it has."""

    run: RunId
    plan: Digest
    step: int
    base: Digest
    result: Digest
    begun: bool  # False: only staged
    running: bool  # its process lives
    verdict: Verdict | None
    detail: str = ""
    file_digest: Digest | None = None  # what the file holds now
    remaining: tuple[StepRef, ...] = ()  # steps of the run not begun at that time
    began_at: datetime | None = None  # UTC, the node's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedNode:
    """What state remembers of one node after its last change or look."""

    node_id: int
    hostname: str | None
    digest: Digest
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    started_values: dict[str, tuple[str, ...]] | None = None
    started_at: datetime | None = None  # UTC, the node's clock, of that start
    plan: Digest | None = None
    applied_at: datetime | None = None  # UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was last applied to a cluster. Losing it loses history, nothing else."""

    cluster: str
    lineage: str  # one uuid for the life of the file
    serial: int  # grows by one with every write
    nodes: dict[NodeName, RecordedNode] = field(default_factory=dict)
