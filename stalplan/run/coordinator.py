"""Before the first stop: does each node reach the coordinator it will need?"""

from collections.abc import Sequence

from stalplan.errors import StalplanError
from stalplan.model.inventory import Node
from stalplan.names import NodeName
from stalplan.planning.coordinator import CoordinatorAsk
from stalplan.planning.plan import Planned, started
from stalplan.ports import Reporter, Transport
from stalplan.run.together import together


def out_of_reach(
    planned: Planned, nodes: Sequence[Node], transport: Transport, reporter: Reporter
) -> tuple[str, ...]:
    """Why no server should be stopped: each node that can't reach its coordinator.

    Only a coordinator that is new to a node, or one that its server needs at its very
    start, stands in the way. Of another, and of what was not tried, a note tells.
    """
    asks = _asks(planned)
    asked = [node for node in nodes if node.name in asks]

    def reached(node: Node) -> frozenset[str] | None:
        addresses = asks[node.name].addresses
        return transport.session(node).reach(addresses) if addresses else frozenset()

    why = []
    for node, result in together(reached, asked):
        ask = asks[node.name]
        if isinstance(result, StalplanError) or result is None:
            reason = result.detail if result else "it has no program to try it with."
            reporter.note(_untried(node.name, ask, reason))
            continue
        if ask.untried:
            reporter.note(_untried(node.name, ask, f"{ask.untried}."))
        if not ask.addresses or result & set(ask.addresses):
            continue  # one of several is enough for the server
        # Not where: a store's address is among the texts that are never shown.
        said = f"{node.name} can't reach the coordinator {ask.store}."
        if ask.at_start or _is_new(planned, node.name, ask):
            why.append(f"{said} Nothing was stopped.")
        else:
            reporter.note(f"{said} That is so already; going on.")
    return tuple(sorted(why))


def _asks(planned: Planned) -> dict[NodeName, CoordinatorAsk]:
    """By node, what its last start asks for; a node that isn't started asks nothing."""
    starts = started(planned.plan.steps)
    found = sorted(planned.coordinators.items())
    return {node: ask for (_, node), ask in found if node in starts}


def _is_new(planned: Planned, node: NodeName, ask: CoordinatorAsk) -> bool:
    prefixes = ("cluster.coordinator", f"store.{ask.store}.")
    return any(
        edit.node == node and edit.key.startswith(prefixes)
        for edit in planned.plan.edits
    )


def _untried(node: NodeName, ask: CoordinatorAsk, reason: str) -> str:
    return f"{node}: not tried whether it reaches the coordinator {ask.store}: {reason}"
