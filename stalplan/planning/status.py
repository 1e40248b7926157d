"""What each node is and runs, told as far as it can be known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from stalplan.names import Digest, NodeName, RunId
from stalplan.planning.look import Known, look
from stalplan.planning.values import managed_values
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.rewrite import rewritten

if TYPE_CHECKING:
    from stalplan.model.live import NodeReport, Seen
    from stalplan.model.records import Lease, RecordedNode, State
    from stalplan.model.wishes import Desired
    from stalplan.stalwart.effective import RoleState


class Running(StrEnum):
    """What the server's process has to do with the file."""

    AS_WRITTEN = "as written"
    OTHERWISE = "otherwise"  # known: managed values differ from those it began with
    UNKNOWN = "unknown"  # the file is newer than the start, and nothing tells more
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """What the settings API says. *differs* are managed keys that differ from the file.

    Source: stalwart v0.15.5 crates/http/src/management/settings.rs. It tells what the
    process holds in memory, which is what it runs with unless someone saved settings
    since its start.
    """

    differs: tuple[str, ...] = ()
    problem: str = ""  # why there is no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """One node. All but *name* is empty or None where it is not known.

    *roles* are those of the running process; of a stopped one, of its next start.
    """

    name: NodeName
    error: str = ""  # why it was not read
    took: timedelta | None = None  # from asking to the whole answer
    version: str | None = None
    node_id: int | None = None
    hostname: str | None = None
    coordinator: str | None = None
    roles: "Mapping[str, RoleState]"
    running: Running | None = None
    started_at: datetime | None = None  # UTC, the node's clock
    file_changed_at: datetime | None = None  # UTC, the node's clock
    api: ApiAnswer | None = None  # None: it was not asked
    lease: "Lease | None" = None
    unfinished: tuple[RunId, ...] = ()
    applied_at: datetime | None = None  # UTC
    plan: Digest | None = None


Asked = Mapping[NodeName, Mapping[str, str] | str]
"""What each node's settings API said, or why it said nothing."""


def status_of(
    desired: "Desired",
    seen: "Sequence[Seen]",
    state: "State | None",
    *,
    took: Mapping[NodeName, timedelta],
    asked: Asked,
) -> tuple[NodeStatus, ...]:
    """All nodes of the desired file, by name."""
    by_name = {each.node: each for each in seen}
    records = state.nodes if state else {}
    statuses = []
    for node in desired.nodes:
        known = look(node, by_name[node.name], desired, records.get(node.name))
        record = records.get(node.name)
        time = took.get(node.name)
        if isinstance(known, Known):
            answer = asked.get(node.name)
            statuses.append(_known(known, desired, record, time, answer))
        else:
            statuses.append(_lost(node.name, known.error, known.report, record, time))
    return tuple(statuses)


def _known(
    known: Known,
    desired: "Desired",
    record: "RecordedNode | None",
    took: timedelta | None,
    asked: Mapping[str, str] | str | None,
) -> NodeStatus:
    runs = known.process.runs
    report = known.report
    return NodeStatus(
        name=known.node.name,
        took=took,
        version=report.server_version,
        node_id=runs.node_id,
        hostname=runs.hostname,
        coordinator=runs.coordinator,
        roles=runs.roles,
        running=_running(known),
        started_at=report.service.started_at if report.service else None,
        file_changed_at=known.file.changed_at,
        api=None if asked is None else _api(known, desired, asked),
        lease=report.lease,
        unfinished=_unfinished(report),
        applied_at=record.applied_at if record else None,
        plan=record.plan if record else None,
    )


def _lost(
    name: NodeName,
    error: str,
    report: "NodeReport | None",
    record: "RecordedNode | None",
    took: timedelta | None,
) -> NodeStatus:
    return NodeStatus(
        name=name,
        error=error,
        took=took if report else None,
        version=report.server_version if report else None,
        roles={},
        lease=report.lease if report else None,
        unfinished=_unfinished(report) if report else (),
        applied_at=record.applied_at if record else None,
        plan=record.plan if record else None,
    )


def _running(known: Known) -> Running:
    process = known.process
    if not process.up:
        return Running.STOPPED
    if process.unknown:
        return Running.UNKNOWN
    return Running.OTHERWISE if process.pending else Running.AS_WRITTEN


def _unfinished(report: "NodeReport") -> tuple[RunId, ...]:
    """Runs that left records and no lease that lives."""
    return tuple(sorted({record.run for record in report.transactions}))


def _api(known: Known, desired: "Desired", asked: Mapping[str, str] | str) -> ApiAnswer:
    if isinstance(asked, str):
        return ApiAnswer(problem=asked)
    try:
        held = parse(rewritten(asked), known.version)
    except ConfigRefused as refused:  # a text that the server could not read back
        return ApiAnswer(problem=f"its settings make no file: {refused.message}")
    ours = managed_values(known.config, desired.release, ())
    theirs = managed_values(held, desired.release, ())
    keys = sorted(ours.keys() | theirs.keys())
    return ApiAnswer(
        differs=tuple(key for key in keys if ours.get(key) != theirs.get(key))
    )
