"""Which lines of the desired file a plan speaks of, for notes beside them."""

from typing import TYPE_CHECKING, assert_never

from stalplan.planning.changes import (
    Change,
    DropKey,
    Join,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    SetCoordinator,
    SetHostname,
    SetId,
    SetStore,
)
from stalplan.planning.facts import facts, node_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalplan.findings import Finding
    from stalplan.model.wishes import Desired


def desired_lines(
    desired: "Desired", changes: "Iterable[Change]", findings: "Iterable[Finding]"
) -> dict[str, int]:
    """The line, from 1, of each change's address and of each node with a finding.

    What the file does not say has the line of what holds it; what it says nothing
    of at all is left out.
    """
    paths = {facts(change).address: _path(desired, change) for change in changes}
    for finding in findings:
        if finding.node is not None:
            paths[node_address(finding.node)] = ("nodes", finding.node)
    places = {address: desired.place(*path) for address, path in paths.items()}
    return {address: place.line for address, place in places.items() if place}


def _path(desired: "Desired", change: Change) -> tuple[str, ...]:
    """Where the desired file says what *change* brings about."""
    match change:
        case (
            Join(node=node) | Leave(node=node) | DropKey(node=node) | Restart(node=node)
        ):
            return ("nodes", node)
        case SetId(node=node) | Renumber(node=node):
            return ("nodes", node, "id")
        case SetHostname(node=node):
            own = ("nodes", node, "hostname")
            return own if own in desired.places else ("cluster", "hostname")
        case SetCoordinator():
            return ("cluster", "coordinator")
        case SetStore(store=store, key=key):
            return ("store", store, key)
        case MoveRole(role=role):
            return ("roles", role)
        case _:
            assert_never(change)
