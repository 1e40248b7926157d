"""What a node's running server began with, as far as anything tells.

The server reads its file once, at its start. A file that is newer than the start
proves nothing by itself, since the server also rewrites its own file from memory.
Source: stalwart v0.15.5, crates/common/src/manager/{boot,config}.rs.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from stalplan.model.stores import MASKS
from stalplan.planning.stores import store_values
from stalplan.planning.values import managed_values, store_of, values_as_file
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse

if TYPE_CHECKING:
    from collections.abc import Collection

    from stalplan.model.live import NodeReport
    from stalplan.model.records import RecordedNode
    from stalplan.planning.values import Values
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
    stores: "Collection[str]",
) -> Process:
    """What runs on the node. Where no service could be seen, it counts as running.

    *same_env* is what the file of today yields with the process's environment.
    """
    service = report.service
    if service is not None and not service.running:
        return Process(up=False, unknown=False, pending=False, runs=same_env)
    if not file_is_newer(report):
        return Process(up=True, unknown=False, pending=False, runs=same_env)
    runs, differs = same_env, None
    values = _recorded_values(report, recorded)
    if values is not None:
        began = _parsed(values_as_file(values), version)
        if began is not None:
            runs = effective(began, release, report.environment)
            differs = _differs(values, managed_values(config, release, stores), stores)
    backup = report.backup_before_start
    if differs is None and backup is not None:
        began = _parsed(backup, version)
        if began is not None:
            runs = effective(began, release, report.environment)
            differs = managed_values(began, release, ()) != managed_values(
                config, release, ()
            ) or store_values(began, stores) != store_values(config, stores)
    return Process(
        up=True, unknown=differs is None, pending=differs or False, runs=runs
    )


def _differs(then: "Values", now: "Values", stores: "Collection[str]") -> bool | None:
    """Whether recorded values are other ones than today's; None: can't be told.

    Secrets are not recorded, and of a store that wasn't managed then nothing is.
    """
    told = {store_of(key) for key in then}
    here = {key: texts for key, texts in now.items() if store_of(key) in {None, *told}}
    kept = {
        key: texts for key, texts in then.items() if store_of(key) in {None, *stores}
    }
    if kept != here:
        return True
    hidden = any(MASKS & {*texts} for texts in here.values())
    return None if hidden or len(here) < len(now) else False


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


def _recorded_values(
    report: "NodeReport", recorded: "RecordedNode | None"
) -> "Values | None":
    """What the running process began with, where the state remembers that start."""
    started = report.service.started_at if report.service else None
    if recorded is None or recorded.started_at is None or started is None:
        return None
    same = abs(recorded.started_at - started) <= SAME_START
    return recorded.started_values if same else None


def _parsed(data: bytes, version: "ServerVersion") -> FlatConfig | None:
    try:
        return parse(data, version)
    except ConfigRefused:
        return None  # a start that failed began with nothing we could compare
