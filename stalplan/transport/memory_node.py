"""A node in a dict: its file, its server, its lease, and its own transactions.

It keeps the promises that the program on a real node keeps; the same tests hold both
to them. The server reads its file once, when it starts.
"""

# ruff: noqa: D102 - what these methods promise stands in ports.Session

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stalplan.errors import AgentFailed, LeaseLost, LockHeld, PlanIsStale, Unfinished
from stalplan.model.live import NodeFile, NodeReport, Service, digest_of
from stalplan.model.records import Fence, Lease, StepRef, Transaction, Verdict
from stalplan.model.secrets import Secret
from stalplan.names import Digest, NodeName, RunId
from stalplan.ports import (
    CommitOrder,
    LeaseAsk,
    NodeEvent,
    SettingsAsk,
    StageOrder,
)

_BACKUPS = 5


@dataclass(slots=True)
class Script:
    """How a node behaves where it has a choice. Acts are those of NodeEvent."""

    healthy: Callable[[bytes], bool] = lambda _: True  # a server that began with these
    stops: bool = True  # within the stop timeout
    dies_after: str = ""  # act after which the transaction's process is gone
    waits_after: str = ""  # act after which it waits for MemoryNode.go_on()
    after_act: Callable[[str], None] = lambda _: None  # someone else's doing meanwhile
    warning: str = ""  # what a verdict "applied" says


@dataclass(slots=True)
class _Record:
    run: RunId
    step: int
    plan: Digest
    base: Digest
    result: Digest
    data: bytes = field(repr=False)  # staged
    order: CommitOrder | None = None  # None: only staged
    began_at: datetime | None = None
    found_running: bool = False
    running: bool = False
    verdict: Verdict | None = None
    detail: str = ""
    events: list[NodeEvent] = field(default_factory=list)

    @property
    def remaining(self) -> tuple[StepRef, ...]:
        return self.order.remaining if self.order else ()


@dataclass(slots=True)
class MemoryNode:
    """One node. *now* is its clock, UTC."""

    name: NodeName
    data: bytes = field(repr=False)
    now: Callable[[], datetime]
    path: str = "/opt/stalwart/etc/config.toml"
    running: bool = True
    version: str | None = "0.15.5"
    host_key: str = ""
    unreachable: str = ""  # why, where it can't be reached
    out_of_reach: frozenset[str] = frozenset()  # addresses that it can't reach
    script: Script = field(default_factory=Script)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    starts: int = 0  # of the server, since the node was made
    started_at: datetime | None = None
    started_data: bytes = field(default=b"", repr=False)  # what the server runs with
    changed_at: datetime | None = None
    held_settings: Mapping[str, str] | None = None  # what its API tells; None: no API
    api_password: Secret | None = None
    lease: Lease | None = None
    backups: list[bytes] = field(default_factory=list, repr=False)
    _fence: int = 0  # the highest number given out; no number is given twice
    _records: dict[tuple[RunId, int], _Record] = field(default_factory=dict)
    _waiting: Iterator[str] | None = None

    def __post_init__(self) -> None:
        self.changed_at = self.now()
        if self.running:
            self._boot()

    def write(self, data: bytes) -> None:
        """Someone edits the file."""
        self.data, self.changed_at = data, self.now()

    def save_settings(self) -> None:
        """The server rewrites its file from memory, as on a save in its web admin."""
        if self.running:
            self.write(self.started_data)

    def report(self) -> NodeReport:
        """What one look at the node tells."""
        assert self.changed_at is not None
        return NodeReport(
            node=self.name,
            read_at=self.now(),
            host_key=self.host_key or f"SHA256:{self.name}",
            file=NodeFile(
                path=self.path,
                real_path=self.path,
                data=self.data,
                size=len(self.data),
                owner="stalwart:stalwart",
                mode=0o600,
                changed_at=self.changed_at,
            ),
            service=Service(
                running=self.running,
                pid=self.starts if self.running else None,
                started_at=self.started_at if self.running else None,
            ),
            server_version=self.version,
            environment=dict(self.environment),
            lease=self._lease_now(),
            transactions=tuple(map(self._told, self._records.values())),
        )

    def take_lease(self, ask: LeaseAsk) -> Lease:
        """See ports.Session, as for all that follow."""
        held = self._lease_now()
        if held and not held.expired and held.run not in (ask.run, ask.take_over_run):
            raise LockHeld(
                f"{self.name}: {held.run} ({held.who}) holds it until {held.until}.",
                hint="stalplan recover",
            )
        self._refuse_while_running()
        self._fence += 1
        self.lease = Lease(
            number=self._fence,
            run=ask.run,
            who=ask.who,
            plan=ask.plan,
            until=self.now() + timedelta(seconds=ask.seconds),
            expired=False,
        )
        return self.lease

    def renew_lease(self, fence: Fence, *, seconds: int) -> Lease:
        held = self._require(fence)
        self.lease = Lease(
            number=held.number,
            run=held.run,
            who=held.who,
            plan=held.plan,
            until=self.now() + timedelta(seconds=seconds),
            expired=False,
        )
        return self.lease

    def release_lease(self, fence: Fence) -> None:
        if self.lease and _holds(self.lease, fence):
            self.lease = None

    def break_lease(self, run: RunId) -> bool:
        if self.lease is None or self.lease.run != run:
            return False
        self.lease = None
        return True

    def stage(self, order: StageOrder) -> None:
        lease, run = self._require(order.fence), order.fence.run
        earlier = {r.result for k, r in self._records.items() if k != (run, order.step)}
        if order.base not in {digest_of(self.data), *earlier}:
            raise PlanIsStale(f"{self.name}: the file is no longer the plan's base.")
        if digest_of(order.data) != order.result:
            raise AgentFailed(f"{self.name}: the staged bytes came damaged or cut.")
        known = self._records.get((run, order.step))
        if known and known.order and not known.verdict:
            raise Unfinished(f"{self.name}: step {order.step} has no verdict.")
        self._records[run, order.step] = _Record(
            run=run,
            step=order.step,
            plan=lease.plan or order.result,
            base=order.base,
            result=order.result,
            data=order.data,
        )

    def commit(self, order: CommitOrder) -> None:
        self._require(order.fence)
        self._refuse_while_running()
        key = (order.fence.run, order.step)
        known = self._records.get(key)
        if known and known.order and not known.verdict:
            raise Unfinished(f"{self.name}: step {order.step} has no verdict.")
        record = known if known and not known.verdict else None
        if record is None and order.base == order.result:
            record = self._records[key] = _Record(
                *key, order.plan, order.base, order.result, data=b""
            )
        if record is None or record.result != order.result:
            raise AgentFailed(f"{self.name}: the result is not staged.")
        record.plan, record.order = order.plan, order
        record.began_at, record.found_running = self.now(), self.running
        self._run(record, self._transaction(record, order))

    def finish(self, order: CommitOrder, *, undo: bool) -> None:
        self._require(order.fence)
        record = self._records.get((order.fence.run, order.step))
        if record and record.order and not record.verdict and not record.running:
            self._run(record, self._finishing(record, order, undo=undo))

    def go_on(self) -> None:
        """Let a transaction that waits go on."""
        waiting, self._waiting = self._waiting, None
        record = next(r for r in self._records.values() if r.running)
        assert waiting is not None
        self.script.waits_after = ""
        self._run(record, waiting)

    def follow(self, run: RunId, step: int) -> Iterator[NodeEvent]:
        """What has happened so far; a transaction that waits is not waited for."""
        record = self._records.get((run, step))
        return iter(list(record.events) if record else [])

    def transaction(self, run: RunId, step: int) -> Transaction | None:
        record = self._records.get((run, step))
        return self._told(record) if record else None

    def clean(self, fence: Fence) -> None:
        self._require(fence, expired=True)
        over = [
            key
            for key, record in self._records.items()
            if key[0] == fence.run and (record.verdict or record.order is None)
        ]
        for key in over:
            del self._records[key]

    def settings(self, ask: SettingsAsk) -> Mapping[str, str]:
        if not self.running or self.held_settings is None:
            raise AgentFailed(f"{self.name}: nothing answers at that address.")
        if ask.password != self.api_password:
            raise AgentFailed(f"{self.name}: it refuses that user and password.")
        return self.held_settings

    def backup(self, digest: Digest) -> bytes | None:
        return next((each for each in self.backups if digest_of(each) == digest), None)

    def reach(self, addresses: Sequence[str]) -> frozenset[str] | None:
        return frozenset(addresses) - self.out_of_reach

    def forget(self, fence: Fence, step: int) -> None:
        self._require(fence)
        self._refuse_while_running()
        self._records.pop((fence.run, step), None)

    def _lease_now(self) -> Lease | None:
        held = self.lease
        if held and not held.expired and self.now() >= held.until:
            held = self.lease = Lease(
                number=held.number,
                run=held.run,
                who=held.who,
                plan=held.plan,
                until=held.until,
                expired=True,
            )
        return held

    def _require(self, fence: Fence, *, expired: bool = False) -> Lease:
        held = self._lease_now()
        if held is None or not _holds(held, fence) or (held.expired and not expired):
            holder = held.run if held else "nobody"
            raise LeaseLost(f"{self.name}: {holder} holds the node, not {fence.run}.")
        return held

    def _refuse_while_running(self) -> None:
        for record in self._records.values():
            if record.running:
                raise LockHeld(f"{self.name}: a transaction of {record.run} runs.")

    def _run(self, record: _Record, acts: Iterator[str]) -> None:
        """Carry out acts until the script stops them, or there are no more."""
        record.running = True
        for act in acts:
            self.script.after_act(act)
            if act == self.script.waits_after:
                self._waiting = acts
                return
            if act == self.script.dies_after:
                break
        record.running = False

    def _transaction(self, record: _Record, order: CommitOrder) -> Iterator[str]:
        """One yield after each act: between any two of them the power may go."""
        yield self._did(record, "begin")
        if digest_of(self.data) != order.base:
            self._end(record, Verdict.STALE)
            return
        if record.found_running:
            self.running = not self.script.stops
            yield self._did(record, "stop")
            if self.running:
                self._end(record, Verdict.NOT_STOPPED)
                return
            yield self._did(record, "gone")
        if digest_of(self.data) != order.base:
            yield from self._as_found(record)
            self._end(record, Verdict.STALE)
            return
        if order.base != order.result:
            self.backups = [*self.backups, self.data][-_BACKUPS:]
            self.write(record.data)
            yield self._did(record, "replace")
        yield from self._proven(record, order, start_stopped=order.start_stopped)

    def _proven(
        self, record: _Record, order: CommitOrder, *, start_stopped: bool
    ) -> Iterator[str]:
        """Start with the result; where that does not work, go back to the base."""
        yield from self._as_found(record, start_stopped=start_stopped)
        if not self.running or self.script.healthy(self.started_data):
            if self.running:
                yield self._did(record, "healthy")
            self._end(record, Verdict.APPLIED, self.script.warning)
            return
        if order.base == order.result:
            self._end(record, Verdict.FAILED, "The server did not come back.")
            return
        yield from self._restored(record)

    def _restored(self, record: _Record) -> Iterator[str]:
        self.running = False
        self.write(self.backups[-1])
        yield self._did(record, "restore")
        yield from self._as_found(record)
        if self.running and not self.script.healthy(self.started_data):
            self._end(record, Verdict.FAILED, "The old file does not work.")
            return
        self._end(record, Verdict.RESTORED, "The new file did not work.")

    def _finishing(
        self, record: _Record, order: CommitOrder, *, undo: bool
    ) -> Iterator[str]:
        """What became of an interrupted transaction rests on the file that is there."""
        now = digest_of(self.data)
        was_stopped = any(event.act == "stop" for event in record.events)
        to_restart = record.base == record.result and was_stopped and not undo
        if now == record.base and not to_restart:
            yield from self._as_found(record)
            self._end(record, Verdict.RESTORED, "It was interrupted.")
            return
        if now != record.result:
            detail = f"The file is {now}, neither {record.base} nor {record.result}."
            self._end(record, Verdict.FAILED, detail)
            return
        if undo:
            yield from self._restored(record)
            return
        began, changed = self.started_at, self.changed_at
        if not (self.running and began and changed and began > changed):
            self.running = False
        yield from self._proven(record, order, start_stopped=order.start_stopped)

    def _as_found(
        self, record: _Record, *, start_stopped: bool = False
    ) -> Iterator[str]:
        if (record.found_running or start_stopped) and not self.running:
            self._boot()
            yield self._did(record, "start")

    def _boot(self) -> None:
        self.running, self.started_at = True, self.now()
        self.started_data = self.data
        self.starts += 1

    def _did(self, record: _Record, act: str) -> str:
        record.events.append(NodeEvent(at=self.now(), act=act, text=f"{act}."))
        return act

    def _end(self, record: _Record, verdict: Verdict, detail: str = "") -> None:
        self._did(record, verdict)
        record.verdict, record.detail = verdict, detail

    def _told(self, record: _Record) -> Transaction:
        return Transaction(
            run=record.run,
            plan=record.plan,
            step=record.step,
            base=record.base,
            result=record.result,
            begun=record.order is not None,
            running=record.running,
            verdict=record.verdict,
            detail=record.detail,
            file_digest=digest_of(self.data),
            remaining=record.remaining,
            began_at=record.began_at,
        )


def _holds(lease: Lease, fence: Fence) -> bool:
    return lease.run == fence.run and lease.number == fence.number
