"""One node's part of one step, from the load balancer and back into it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from stalplan.errors import LeaseLost, NodeUnreachable, StalplanError
from stalplan.model.inventory import Argv, Node
from stalplan.model.records import Transaction, Verdict
from stalplan.names import NodeName
from stalplan.ports import (
    Clock,
    Commands,
    CommitOrder,
    Journal,
    Reporter,
    Session,
    Transport,
)
from stalplan.run.outcome import BY_VERDICT, Ended
from stalplan.run.recording import NotRecorded

Begin = Callable[[Session], None]

BEFORE_STOP = "before-stop"
AFTER_HEALTHY = "after-healthy"
RETRY = 1.0  # seconds between two tries to reach a node whose line broke
GRACE = 60.0  # seconds a node gets beyond its own time limits before we give up


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What a node's own record says of its step; *ended* counts it."""

    node: NodeName
    ended: Ended
    verdict: Verdict | None = None
    why: str = ""  # one sentence where it isn't done
    warning: str = ""  # one sentence where it is whole, but ends the run here

    @property
    def troubles(self) -> tuple[str, ...]:
        """All that ends the run here, the node named."""
        warning = f"{self.node}: {self.warning}" if self.warning else ""
        return tuple(each for each in (self.why, warning) if each)


@contextmanager
def recorded(journal: Journal, node: NodeName, act: str, step: int) -> Iterator[None]:
    """Record *act* on *node* before it begins and after it is over.

    An act that is begun and not done means: ask the node; its record decides.
    """
    journal.write("begin", node=node, act=act, step=step)
    yield
    journal.write("done", node=node, act=act, step=step)


def owed(records: Sequence[Mapping[str, object]]) -> frozenset[NodeName]:
    """Nodes that a run took out of the load balancer and did not put back."""
    out = set()
    for record in records:
        if record.get("act") == BEFORE_STOP and record["event"] == "begin":
            out.add(NodeName(str(record["node"])))
        if record.get("act") == AFTER_HEALTHY and record["event"] == "done":
            out.discard(NodeName(str(record["node"])))
    return frozenset(out)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunner:
    """Carries out steps on single nodes; several threads may use one."""

    transport: Transport
    journal: Journal
    reporter: Reporter
    commands: Commands
    clock: Clock

    def carry_out(self, node: Node, order: CommitOrder) -> NodeOutcome:
        """Begin the node's transaction, follow it, and believe only its verdict."""
        return self._between_hooks(node, order, lambda session: session.commit(order))

    def finish(self, node: Node, order: CommitOrder, *, undo: bool) -> NodeOutcome:
        """End a transaction that an interrupted run began."""
        return self._ended_by(
            node, order, lambda session: session.finish(order, undo=undo)
        )

    def _between_hooks(
        self, node: Node, order: CommitOrder, begin: Begin
    ) -> NodeOutcome:
        before, after = node.service.before_stop, node.service.after_healthy
        if before is not None:
            try:
                with recorded(self.journal, node.name, BEFORE_STOP, order.step):
                    self.reporter.node(node.name, "before_stop")
                    self.commands.hook(before, node=node.name)
            except StalplanError as error:
                # What failed, or could not be recorded, may have taken it out.
                wrong = self.back_in(node, order.step)
                told = f"{error.detail} Nothing was stopped there. {wrong}".strip()
                why = f"{node.name}: {told}"
                return NodeOutcome(node=node.name, ended=Ended.UNTOUCHED, why=why)
        outcome = self._ended_by(node, order, begin)
        if after is None or outcome.ended is Ended.UNKNOWN:
            return outcome
        wrong = self.back_in(node, order.step)  # a warning does not keep it out
        return replace(outcome, warning=outcome.warning or wrong)

    def back_in(self, node: Node, step: int) -> str:
        """Tell the load balancer that *node* serves again; "", or what went wrong."""
        argv = node.service.after_healthy
        if argv is None:
            return ""
        called = False
        try:
            with recorded(self.journal, node.name, AFTER_HEALTHY, step):
                self.reporter.node(node.name, "after_healthy")
                called = True
                self.commands.hook(argv, node=node.name)
        except NotRecorded as error:
            # Unlike all other acts this one is better done than not announced.
            wrong = "" if called else self._unannounced(argv, node)
            return wrong or error.detail
        except StalplanError as error:
            return error.detail
        return ""

    def _unannounced(self, argv: Argv, node: Node) -> str:
        try:
            self.commands.hook(argv, node=node.name)
        except StalplanError as error:
            return error.detail
        return ""

    def _ended_by(self, node: Node, order: CommitOrder, begin: Begin) -> NodeOutcome:
        try:
            self.journal.write("begin", node=node.name, act="commit", step=order.step)
        except NotRecorded as error:
            why = f"{node.name}: {error.detail} Nothing was stopped there."
            return NodeOutcome(node=node.name, ended=Ended.UNTOUCHED, why=why)
        try:
            begin(self.transport.session(node))
        except LeaseLost as error:
            return NodeOutcome(
                node=node.name,
                ended=Ended.UNTOUCHED,
                why=f"{node.name}: {error.detail}",
            )
        except NodeUnreachable as error:  # it may have begun all the same
            self.reporter.note(f"{error.detail} Asking {node.name} for its verdict.")
        record = self._verdict(node, order)
        outcome = _outcome(node.name, record)
        try:
            self.journal.write(
                "done",
                node=node.name,
                act="commit",
                step=order.step,
                verdict=outcome.verdict,
                ended=outcome.ended,
            )
        except NotRecorded as error:  # the node has its verdict; the run ends here
            return replace(outcome, warning=outcome.warning or error.detail)
        return outcome

    def _verdict(self, node: Node, order: CommitOrder) -> Transaction | None:
        """The node's record once its transaction is over; None: it can't be asked."""
        patience = order.stop_timeout * 2 + order.health.timeout * 2 + GRACE
        until = self.clock.now() + timedelta(seconds=patience)
        while True:
            record = None
            try:
                record = self._followed(node, order)
            except NodeUnreachable as error:
                self.reporter.node(node.name, f"no answer, asking again: {error}")
            else:
                if record is None or record.verdict or not record.running:
                    return record
            if self.clock.now() > until:
                return record
            self.clock.sleep(RETRY)

    def _followed(self, node: Node, order: CommitOrder) -> Transaction | None:
        session = self.transport.session(node)
        for event in session.follow(order.fence.run, order.step):
            self.reporter.node(node.name, event.text or event.act)
        return session.transaction(order.fence.run, order.step)


def _outcome(node: NodeName, record: Transaction | None) -> NodeOutcome:
    if record is None:
        why = f"{node} gave no verdict. Its own transaction ends without us."
        return NodeOutcome(node=node, ended=Ended.UNKNOWN, why=why)
    if record.verdict is None and not record.begun:
        why = f"{node}: the transaction did not begin. {record.detail}".strip()
        return NodeOutcome(node=node, ended=Ended.UNTOUCHED, why=why)
    if record.verdict is None:
        why = f"{node}: the transaction stopped half way. {record.detail}".strip()
        return NodeOutcome(node=node, ended=Ended.UNKNOWN, why=why)
    done = record.verdict is Verdict.APPLIED
    return NodeOutcome(
        node=node,
        ended=BY_VERDICT[record.verdict],
        verdict=record.verdict,
        why="" if done else f"{node}: {record.verdict}. {record.detail}".strip(),
        warning=record.detail if done else "",
    )
