"""Is somebody else at work, or did a run end half way? Asked before every apply."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stalplan.errors import LockHeld, StalplanError, Unfinished
from stalplan.model.live import NodeReport, Seen
from stalplan.names import NodeName, RunId


@dataclass(frozen=True, slots=True)
class Trace:
    """What one run has left on one node: a lease, a staged file, a transaction."""

    node: NodeName
    run: RunId
    who: str  # "" where only records are left
    holds: bool  # its lease has not expired


def traces(seen: Sequence[Seen]) -> tuple[Trace, ...]:
    """Every run that left something, by node."""
    reports = [each for each in seen if isinstance(each, NodeReport)]
    return tuple(trace for report in reports for trace in _of(report))


def _of(report: NodeReport) -> Iterator[Trace]:
    lease = report.lease
    if lease is not None:
        yield Trace(report.node, lease.run, lease.who, holds=not lease.expired)
    leased = lease.run if lease is not None else None
    for run in sorted({record.run for record in report.transactions} - {leased}):
        yield Trace(report.node, run, "", holds=False)


def in_the_way(
    seen: Sequence[Seen], begun_here: Collection[RunId]
) -> StalplanError | None:
    """Why no new run may begin, if so. *begun_here* has no process any more.

    A live lease is somebody at work (LockHeld). A lease that expired, or of a run
    that we know to be dead, and records without a lease, are an unfinished run.
    """
    left = traces(seen)
    held = [trace for trace in left if trace.holds and trace.run not in begun_here]
    if held:
        return _held(held[0])
    if left:
        return _unfinished(left[0].run, [trace.node for trace in left])
    if begun_here:
        return _unfinished(min(begun_here), [])
    return None


def _held(trace: Trace) -> LockHeld:
    return LockHeld(
        f"Run {trace.run} of {trace.who} holds {trace.node}. Its lease ends by itself "
        "when that run is over, or some time after it died.",
        hint=f"stalplan recover  # only if you know that run {trace.run} is dead",
    )


def _unfinished(run: RunId, nodes: Sequence[NodeName]) -> Unfinished:
    where = f" It left its marks on {', '.join(nodes)}." if nodes else ""
    return Unfinished(f"Run {run} did not end.{where}", hint="stalplan recover")
