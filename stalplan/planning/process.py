"""What a node's running server began with, as far as anything tells.

The server reads its file once, at its start. A file that is newer than the start
proves nothing by itself, since the server also rewrites its own file from memory.
Source: stalwart v0.15.5, crates/common/src/manager/{boot,config}.rs.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from stalplan.planning.values import managed_values, values_as_file
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse

if TYPE_CHECKING:
    from stalplan.model.live import NodeReport
    from stalplan.model.records import RecordedNode
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.releases import Release, ServerVersion

SAME_START = timedelta(seconds=2)
"""Two readings of one start may differ by the rounding of their sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Whether the server runs, and with what.

    *runs* is what its process made of the file it began with, or, where *unknown*,
    what it would have made of the file of today.
    """

    up: bool
    unknown: bool  # the file is newer than the start, and nothing tells what it held
    pending: bool  # known: managed values differ from those it began with
    runs: "Effective" = field(repr=False)


def process_of(
    report: "NodeReport",
    config: "FlatConfig",
    version: "ServerVersion",
    release: "Release",
    same_env: "Effective",
    recorded: "RecordedNode | None",
) -> Process:
    """What runs on the node. Where no service could be seen, it counts as running.

    *same_env* is what the file of today yields with the process's environment.
    """
    service = report.service
    if service is not None and not service.running:
        return Process(up=False, unknown=False, pending=False, runs=same_env)
    if not file_is_newer(report):
        return Process(up=True, unknown=False, pending=False, runs=same_env)
    began = _began_with(report, recorded, version)
    if began is None:
        return Process(up=True, unknown=True, pending=False, runs=same_env)
    return Process(
        up=True,
        unknown=False,
        pending=managed_values(began, release) != managed_values(config, release),
        runs=effective(began, release, report.environment),
    )


def file_is_newer(report: "NodeReport") -> bool:
    """Whether the file was changed after the process began, as far as clocks tell.

    Where the start is known to the second only, a change in that second was before it:
    a file is written while its server is stopped.
    """
    started = report.service.started_at if report.service else None
    if started is None or report.file is None:
        return False
    changed = report.file.changed_at
    if started.microsecond == 0:
        changed = changed.replace(microsecond=0)
    return changed > started


def _began_with(
    report: "NodeReport",
    recorded: "RecordedNode | None",
    version: "ServerVersion",
) -> FlatConfig | None:
    """The settings of the file that the running process read, if that is known."""
    started = report.service.started_at if report.service else None
    if recorded is not None and recorded.started_at and started:
        same = abs(recorded.started_at - started) <= SAME_START
        if same and recorded.started_values is not None:
            return _parsed(values_as_file(recorded.started_values), version)
    if report.backup_before_start is not None:
        return _parsed(report.backup_before_start, version)
    return None


def _parsed(data: bytes, version: "ServerVersion") -> FlatConfig | None:
    try:
        return parse(data, version)
    except ConfigRefused:
        return None  # a start that failed began with nothing we could compare
