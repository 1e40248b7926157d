"""The use case behind `stalplan recover`: end a run that was cut off.

Needs no local journal: the nodes' own records tell which steps there were and how far
each came, so it works from another machine too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from stalplan.errors import StalplanError
from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen
from stalplan.model.records import Transaction, Verdict
from stalplan.model.wishes import Desired
from stalplan.names import NodeName, RunId
from stalplan.planning.health import health_ask
from stalplan.planning.look import version_of
from stalplan.ports import (
    Clock,
    CommitOrder,
    LeaseAsk,
    Reporter,
    StageOrder,
    Transport,
)
from stalplan.run.leases import Fences, clean_up, leased
from stalplan.run.outcome import BY_VERDICT, Ended
from stalplan.run.plan import Look
from stalplan.run.remember import Memory
from stalplan.run.steps import NodeOutcome, StepRunner
from stalplan.run.together import together
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, parse

Key = tuple[int, NodeName]  # a step and a node that has a part in it


class Fate(StrEnum):
    """What became of a node's part in the run, as the sentence counts it."""

    FINISHED = "finished"
    UNDONE = "undone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """The end of a run that was cut off. *why* tells in sentences what is not done."""

    run: RunId
    nodes: Mapping[NodeName, Fate]
    why: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The contract's last line."""
        fates = list(self.nodes.values())
        counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in Fate)
        return f"Recovered. Nodes: {counts}."

    @property
    def exit_code(self) -> int:
        """0, or 8 while any node is unknown."""
        return 8 if Fate.UNKNOWN in self.nodes.values() else 0


@dataclass(slots=True, kw_only=True)
class Recover:
    """Ends one run.

    *took_part* are the nodes that the local plan names, where known; *owed* tells which
    nodes are still out of the load balancer by the local journal.
    """

    run: RunId
    who: str
    desired: Desired
    took_part: frozenset[NodeName] | None
    owed: Callable[[], frozenset[NodeName]]
    look: Callable[[], Look]
    transport: Transport
    runner: StepRunner
    memory: Memory
    reporter: Reporter
    clock: Clock
    ended: dict[Key, Ended] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)

    def carry_out(self) -> Recovered:
        """Wait for what runs, take the nodes over, end what was begun, go forward.

        Raises:
            LockHeld: another run holds a node. Nothing was touched.
        """
        seen = self.look().seen
        self._wait_for(seen)
        nodes = self._reached(seen)
        ask = LeaseAsk(
            run=self.run,
            who=self.who,
            plan=None,
            seconds=round(self.desired.apply.lease),
            take_over_run=self.run,
        )
        with leased(self.transport, nodes, ask, self.reporter) as fences:
            self._end_all(fences)
            self._back_in()
            result = Recovered(
                run=self.run, nodes=self._fates(seen), why=tuple(self.why)
            )
            if result.exit_code == 0:
                clean_up(self.transport, nodes, fences, self.reporter)
                self.memory.everyone(self.look().seen, plan=None, at=self.clock.now())
        return result

    def _wait_for(self, seen: Sequence[Seen]) -> None:
        """A transaction that runs ends by itself; only then can the node be taken."""
        running = [key for key, tx in self._records(seen).items() if tx.running]

        def wait(key: Key) -> None:
            step, name = key
            self.reporter.node(name, "its transaction still runs; waiting for it")
            for event in self.transport.session(self._node(name)).follow(
                self.run, step
            ):
                self.reporter.node(name, event.text or event.act)

        for key, result in together(wait, running):
            if isinstance(result, StalplanError):
                self.reporter.note(f"{key[1]}: {result.detail}")

    def _end_all(self, fences: Fences) -> None:
        look = self.look()
        records = self._records(look.seen)
        begin_again = set()
        for key, tx in sorted(records.items()):
            if tx.begun and tx.verdict is None:
                outcome = self._finish(key, tx, look, fences)
                if outcome.ended is Ended.RESTORED and tx.file_digest == tx.base:
                    begin_again.add(key)
                else:
                    self._note(key, outcome)
            elif tx.verdict is not None:
                self.ended[key] = BY_VERDICT[tx.verdict]
                if tx.verdict is not Verdict.APPLIED:
                    self.why.append(f"{key[1]}: {tx.verdict}. {tx.detail}".strip())
        if any(tx.begun for tx in records.values()) and not self.why:
            self._forward(records, begin_again, fences)
        for key in records:
            self.ended.setdefault(key, Ended.UNTOUCHED)

    def _forward(
        self, records: Mapping[Key, Transaction], again: set[Key], fences: Fences
    ) -> None:
        """What was interrupted is begun again, then the rest, step by step."""
        look = self.look()
        blocking = [each for each in look.planned.plan.findings if each.blocks]
        if blocking:
            self.why += [f"{each.code} {each.detail}" for each in blocking]
            return
        for step in sorted({step for step, _ in records}):
            todo = [
                key
                for key, tx in sorted(records.items())
                if key[0] == step and (key in again or not tx.begun)
            ]
            for key in todo:
                if key in again and not self._stage_again(
                    key, records[key], look, fences
                ):
                    self.why.append(
                        f"{key[1]}: its file can't be made again; plan again."
                    )
                    return

            def commit(key: Key) -> NodeOutcome:
                tx = records[key]
                health = self._health_of_result(key, tx, look)
                order = self._order(key, tx, health, fences)
                return self.runner.carry_out(self._node(key[1]), order)

            for key, result in together(commit, todo):
                if isinstance(result, StalplanError):
                    self.why.append(f"{key[1]}: {result.detail}")
                    self.ended[key] = Ended.UNKNOWN
                else:
                    self._note(key, result)
            if self.why:
                return

    def _back_in(self) -> None:
        """Nodes that were taken out of the load balancer go back, if they are whole."""
        for name in sorted(self.owed()):
            steps = [step for step, node in self.ended if node == name]
            if any(self.ended[step, name] is Ended.UNKNOWN for step in steps):
                continue
            wrong = self.runner.back_in(self._node(name), max(steps, default=0))
            if wrong:
                self.why.append(f"{name}: {wrong}")

    def _note(self, key: Key, outcome: NodeOutcome) -> None:
        self.ended[key] = outcome.ended
        if outcome.why or outcome.warning:
            self.why.append(outcome.why or f"{key[1]}: {outcome.warning}")

    def _finish(
        self, key: Key, tx: Transaction, look: Look, fences: Fences
    ) -> NodeOutcome:
        health = self._health_of_file(self._node(key[1]), look)
        order = self._order(key, tx, health, fences)
        return self.runner.finish(self._node(key[1]), order, undo=False)

    def _stage_again(
        self, key: Key, tx: Transaction, look: Look, fences: Fences
    ) -> bool:
        """Lay the step's file beside the config anew, made by the same pure step."""
        planned = look.planned
        for made, digest in planned.digests.items():
            same = made[1] == key[1] and digest == tx.result
            if same and planned.bases[made] == tx.base:
                order = StageOrder(
                    fence=fences[key[1]],
                    step=key[0],
                    base=tx.base,
                    result=tx.result,
                    data=planned.results.get(made, b""),
                )
                self.transport.session(self._node(key[1])).stage(order)
                return True
        return False

    def _order(
        self, key: Key, tx: Transaction, health: HealthAsk, fences: Fences
    ) -> CommitOrder:
        node = self._node(key[1])
        rest = [ref for ref in tx.remaining if ref.step > key[0]]
        return CommitOrder(
            fence=fences[key[1]],
            plan=tx.plan,
            step=key[0],
            base=tx.base,
            result=tx.result,
            health=health,
            stop_timeout=node.service.stop_timeout,
            remaining=tuple(rest),
        )

    def _health_of_result(self, key: Key, tx: Transaction, look: Look) -> HealthAsk:
        """What the step's own result asks for, where a new plan makes it again."""
        planned = look.planned
        for made, digest in planned.digests.items():
            if made[1] == key[1] and digest == tx.result:
                return planned.health[made]
        asked = self._health_of_file(self._node(key[1]), look)
        # The file to come may name another host, and another coordinator.
        return replace(asked, hostname=None, coordinated=False)

    def _health_of_file(self, node: Node, look: Look) -> HealthAsk:
        """What the file that is there asks for."""
        report = next(each for each in look.seen if each.node == node.name)
        asked = _health_of(report, node, self.desired)
        return asked or HealthAsk(
            url=None,
            timeout=node.service.health_timeout,
            hostname=None,
            coordinated=False,
        )

    def _fates(self, seen: Sequence[Seen]) -> dict[NodeName, Fate]:
        fates = {}
        for name in sorted({name for _, name in self.ended}):
            parts = {ended for (_, node), ended in self.ended.items() if node == name}
            fates[name] = _fate(parts)
        for each in seen:
            if not isinstance(each, NodeReport) and self._may_have_a_part(each.node):
                fates[each.node] = Fate.UNKNOWN
                self.why.append(f"{each.node}: {each.summary}: {each.detail}")
        return fates

    def _may_have_a_part(self, name: NodeName) -> bool:
        return self.took_part is None or name in self.took_part

    def _records(self, seen: Sequence[Seen]) -> dict[Key, Transaction]:
        return {
            (tx.step, report.node): tx
            for report in seen
            if isinstance(report, NodeReport)
            for tx in report.transactions
            if tx.run == self.run
        }

    def _reached(self, seen: Sequence[Seen]) -> list[Node]:
        names = {each.node for each in seen if isinstance(each, NodeReport)}
        return [node for node in self.desired.nodes if node.name in names]

    def _node(self, name: NodeName) -> Node:
        return next(node for node in self.desired.nodes if node.name == name)


def _fate(parts: set[Ended]) -> Fate:
    if Ended.UNKNOWN in parts:
        return Fate.UNKNOWN
    return Fate.FINISHED if parts == {Ended.DONE} else Fate.UNDONE


def _health_of(report: Seen, node: Node, desired: Desired) -> HealthAsk | None:
    if not isinstance(report, NodeReport) or report.file is None:
        return None
    try:
        config = parse(report.file.data, version_of(report, desired.release))
    except ConfigRefused:
        return None
    reads = effective(config, desired.release, report.unit_environment)
    return health_ask(config, reads, node.service)
