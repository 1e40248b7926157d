"""What a step of another day's run needs once more: its file, and what to ask of it."""

from dataclasses import dataclass, replace

from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen
from stalplan.model.records import Fence, Transaction
from stalplan.model.wishes import Desired
from stalplan.names import NodeName
from stalplan.planning.health import health_ask
from stalplan.planning.look import version_of
from stalplan.planning.plan import StepKey
from stalplan.ports import CommitOrder, StageOrder
from stalplan.run.plan import Look
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Remake:
    """Orders for steps that a node's record tells of, from one look at all nodes."""

    desired: Desired
    look: Look

    def order(
        self, node: Node, tx: Transaction, fence: Fence, health: HealthAsk
    ) -> CommitOrder:
        """The step as its record has it, with today's limits."""
        return CommitOrder(
            fence=fence,
            plan=tx.plan,
            step=tx.step,
            base=tx.base,
            result=tx.result,
            health=health,
            stop_timeout=node.service.stop_timeout,
            start_stopped=self.look.planned.plan.options.start_stopped,
            remaining=tuple(ref for ref in tx.remaining if ref.step > tx.step),
        )

    def staging(
        self, node: NodeName, tx: Transaction, fence: Fence
    ) -> StageOrder | None:
        """The step's file made by the same pure step; None where it is another now."""
        planned = self.look.planned
        for made, digest in planned.digests.items():
            same = made[1] == node and digest == tx.result
            if same and planned.bases[made] == tx.base:
                return StageOrder(
                    fence=fence,
                    step=tx.step,
                    base=tx.base,
                    result=tx.result,
                    data=planned.results.get(made, b""),
                )
        return None

    def health_of_result(self, node: Node, tx: Transaction) -> HealthAsk:
        """What the step's own result asks for, where a new plan makes it again."""
        key = self._made_again(node.name, tx)
        if key is not None:
            return self.look.planned.health[key]
        # The file to come may name another host, and another coordinator.
        return replace(self.health_of_file(node), hostname=None, coordinated=False)

    def health_of_file(self, node: Node) -> HealthAsk:
        """What the file that is there asks for."""
        report = next(each for each in self.look.seen if each.node == node.name)
        return _health_of(report, node, self.desired) or HealthAsk(
            url=None,
            timeout=node.service.health_timeout,
            hostname=None,
            coordinated=False,
        )

    def _made_again(self, node: NodeName, tx: Transaction) -> StepKey | None:
        digests = self.look.planned.digests
        return next(
            (key for key in digests if key[1] == node and digests[key] == tx.result),
            None,
        )


def _health_of(report: Seen, node: Node, desired: Desired) -> HealthAsk | None:
    if not isinstance(report, NodeReport) or report.file is None:
        return None
    try:
        config = parse(report.file.data, version_of(report, desired.release))
    except ConfigRefused:
        return None
    reads = effective(config, desired.release, report.unit_environment)
    return health_ask(config, reads, node.service)
