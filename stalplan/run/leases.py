"""All nodes or none: the leases that a run holds while it works."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil

from stalplan.errors import LockHeld, NodeUnreachable, StalplanError
from stalplan.model.inventory import Node
from stalplan.model.records import Fence
from stalplan.names import NodeName
from stalplan.ports import LeaseAsk, Reporter, Transport
from stalplan.run.together import beating, together

Fences = dict[NodeName, Fence]


@contextmanager
def leased(
    transport: Transport, nodes: Sequence[Node], ask: LeaseAsk, reporter: Reporter
) -> Iterator[Fences]:
    """Hold every node while the block runs; renewed all the while, let go after.

    Raises:
        LockHeld: another run holds a node; the ones already taken were let go.
        NodeUnreachable: likewise.
    """
    fences = _take_all(transport, nodes, ask, reporter)

    def renew() -> None:
        for node, result in together(
            lambda node: transport.session(node).renew_lease(
                fences[node.name], seconds=ask.seconds
            ),
            nodes,
        ):
            if isinstance(result, StalplanError):
                reporter.note(f"{node.name}: lease not renewed: {result.detail}")

    try:
        with beating(renew, every=ceil(ask.seconds / 3)):
            yield fences
    finally:
        _let_go(transport, nodes, fences, reporter)


def clean_up(
    transport: Transport, nodes: Sequence[Node], fences: Fences, reporter: Reporter
) -> None:
    """Remove what a run that is over left on the nodes it still holds."""
    for node, result in together(
        lambda node: transport.session(node).clean(fences[node.name]), nodes
    ):
        if isinstance(result, StalplanError):
            reporter.note(f"{node.name}: not cleaned up: {result.detail}")


def _take_all(
    transport: Transport, nodes: Sequence[Node], ask: LeaseAsk, reporter: Reporter
) -> Fences:
    fences: Fences = {}
    failures: list[StalplanError] = []
    for node, result in together(
        lambda node: transport.session(node).take_lease(ask), nodes
    ):
        if isinstance(result, StalplanError):
            failures.append(result)
        else:
            fences[node.name] = Fence(run=ask.run, number=result.number)
    if failures:
        _let_go(transport, [n for n in nodes if n.name in fences], fences, reporter)
        raise next(
            (each for each in failures if isinstance(each, LockHeld)), failures[0]
        )
    return fences


def _let_go(
    transport: Transport, nodes: Sequence[Node], fences: Fences, reporter: Reporter
) -> None:
    """A node that can't be asked keeps its lease until that expires by itself."""
    for node, result in together(
        lambda node: transport.session(node).release_lease(fences[node.name]), nodes
    ):
        if isinstance(result, NodeUnreachable):
            reporter.note(f"{node.name}: its lease is left to expire by itself.")
        elif isinstance(result, StalplanError):
            reporter.note(f"{node.name}: {result.detail}")
