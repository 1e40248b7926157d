"""A cluster in a dict, faults on demand: for tests, and for trying things out."""

# ruff: noqa: D102 - what these methods promise stands in ports.Session

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TypeVar

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen, Unreachable
from stalplan.model.records import Fence, Lease, Transaction
from stalplan.names import Digest, NodeName, RunId
from stalplan.ports import (
    CommitOrder,
    LeaseAsk,
    NodeEvent,
    SettingsAsk,
    StageOrder,
)
from stalplan.transport.memory_node import MemoryNode

R = TypeVar("R")

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong at one call of a cluster, counted over all its sessions."""

    call: int  # from 1
    after_effect: bool = False  # the node has done it, but the answer is lost
    lasts: bool = False  # all later calls fail as well, and have no effect
    error: Callable[[str], BaseException] = NodeUnreachable


class MemoryCluster:
    """Nodes by name, one clock for all, and at most one planted fault.

    Implements ports.Clock: sleeping moves the clock and takes no time.
    """

    def __init__(
        self, files: Mapping[str, bytes], *, fault: Fault | None = None
    ) -> None:
        self._now = _EPOCH
        self.fault = fault
        self.calls: list[str] = []  # "mx1 stage", in order; reports among them
        self.lock = RLock()
        self.nodes = {
            NodeName(name): MemoryNode(NodeName(name), data, self.now)
            for name, data in files.items()
        }

    def __getitem__(self, name: str) -> MemoryNode:
        return self.nodes[NodeName(name)]

    def now(self) -> datetime:
        """UTC; every look moves it by a millisecond, so that no two acts are one."""
        with self.lock:
            self._now += timedelta(milliseconds=1)
            return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        with self.lock:
            self._now += timedelta(seconds=seconds)

    def call(self, node: MemoryNode, what: str, effect: Callable[[], R]) -> R:
        """Do *effect* as one call over a line, unless the planted fault says no."""
        with self.lock:
            self.calls.append(f"{node.name} {what}")
            if node.unreachable:
                raise NodeUnreachable(f"{node.name}: {node.unreachable}.")
            fault, number = self.fault, len(self.calls)
            if fault is None or number < fault.call:
                return effect()
            if number > fault.call and not fault.lasts:
                return effect()
            if fault.after_effect and number == fault.call:
                effect()
            raise fault.error(f"{node.name}: the line was cut at call {number}.")


class MemorySession:
    """Implements ports.Session on one node of a cluster."""

    def __init__(self, cluster: MemoryCluster, node: MemoryNode) -> None:
        self._cluster = cluster
        self._node = node

    def report(self) -> NodeReport:
        """See ports.Session, as for all that follow."""
        return self._call("report", self._node.report)

    def take_lease(self, ask: LeaseAsk) -> Lease:
        return self._call("take_lease", lambda: self._node.take_lease(ask))

    def renew_lease(self, fence: Fence, *, seconds: int) -> Lease:
        return self._call(
            "renew_lease", lambda: self._node.renew_lease(fence, seconds=seconds)
        )

    def release_lease(self, fence: Fence) -> None:
        self._call("release_lease", lambda: self._node.release_lease(fence))

    def break_lease(self, run: RunId) -> bool:
        return self._call("break_lease", lambda: self._node.break_lease(run))

    def stage(self, order: StageOrder) -> None:
        self._call("stage", lambda: self._node.stage(order))

    def commit(self, order: CommitOrder) -> None:
        self._call("commit", lambda: self._node.commit(order))

    def follow(self, run: RunId, step: int) -> Iterator[NodeEvent]:
        yield from self._call("follow", lambda: self._node.follow(run, step))

    def transaction(self, run: RunId, step: int) -> Transaction | None:
        return self._call("transaction", lambda: self._node.transaction(run, step))

    def finish(self, order: CommitOrder, *, undo: bool) -> None:
        self._call("finish", lambda: self._node.finish(order, undo=undo))

    def clean(self, fence: Fence) -> None:
        self._call("clean", lambda: self._node.clean(fence))

    def backup(self, digest: Digest) -> bytes | None:
        return self._call("backup", lambda: self._node.backup(digest))

    def reach(self, addresses: Sequence[str]) -> frozenset[str] | None:
        return self._call("reach", lambda: self._node.reach(addresses))

    def forget(self, fence: Fence, step: int) -> None:
        self._call("forget", lambda: self._node.forget(fence, step))

    def settings(self, ask: SettingsAsk) -> Mapping[str, str]:
        return self._call("settings", lambda: self._node.settings(ask))

    def _call(self, what: str, effect: Callable[[], R]) -> R:
        return self._cluster.call(self._node, what, effect)


class MemoryTransport:
    """Implements ports.Transport on a cluster in a dict."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster

    def read(self, nodes: Sequence[Node]) -> Iterator[Seen]:
        """Report of every node, one after the other."""
        for node in nodes:
            try:
                yield self.session(node).report()
            except NodeUnreachable as error:
                yield Unreachable(
                    node=node.name,
                    summary=error.summary,
                    detail=error.detail,
                    hint=error.hint,
                )

    def session(self, node: Node) -> MemorySession:
        """A session; a node that is unreachable has none."""
        known = self._cluster[node.name]
        if known.unreachable:
            raise NodeUnreachable(f"{node.name}: {known.unreachable}.")
        return MemorySession(self._cluster, known)

    def close(self) -> None:
        """There is nothing to close."""
