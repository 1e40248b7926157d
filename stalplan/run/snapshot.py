"""The use case behind `stalplan snapshot`: look at every node, and keep no secret."""

from typing import TYPE_CHECKING

from stalplan.planning.snapshot import Snapshot, snapshot_of
from stalplan.run.look import SILENT, look

if TYPE_CHECKING:
    from stalplan.model.records import State
    from stalplan.model.wishes import Desired
    from stalplan.ports import Clock, Reporter, Transport


def take_snapshot(
    desired: "Desired",
    *,
    transport: "Transport",
    clock: "Clock",
    state: "State | None" = None,
    reporter: "Reporter" = SILENT,
) -> Snapshot:
    """One look at all nodes. Changes nothing."""
    seen = look(transport, desired.nodes, reporter)
    return snapshot_of(desired, seen, state, clock.now())
