"""The use case behind `stalplan recover`: end a run that was cut off.

Needs no local journal: the nodes' own records tell which steps there were and how far
each came, so it works from another machine too.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stalplan.errors import StalplanError
from stalplan.model.cluster import listed
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen
from stalplan.model.records import Transaction, Verdict
from stalplan.model.wishes import Desired
from stalplan.names import NodeName, RunId
from stalplan.ports import Clock, LeaseAsk, Reporter, Transport
from stalplan.run.fates import Fate, Recovered, fate
from stalplan.run.forget import FORGOTTEN, forgotten, is_open
from stalplan.run.leases import Fences, clean_up, leased
from stalplan.run.outcome import BY_VERDICT, Ended
from stalplan.run.plan import Look
from stalplan.run.remake import Remake
from stalplan.run.remember import Memory
from stalplan.run.settling import settle
from stalplan.run.steps import NodeOutcome, StepRunner
from stalplan.run.together import together
from stalplan.run.undo import STOPPED, Done, Key, Undo, is_undo, undo_step


@dataclass(slots=True, kw_only=True)
class Recover:
    """Ends one run.

    *took_part* are the nodes that the local plan names, where known, and *planned* its
    steps' parts; *owed* tells which nodes are still out of the load balancer by the
    local journal. *closed* are nodes that a person gave up for this run before,
    *forget* those to be given up now.
    """

    run: RunId
    who: str
    desired: Desired
    took_part: frozenset[NodeName] | None
    planned: frozenset[Key]
    owed: Callable[[], frozenset[NodeName]]
    look: Callable[[], Look]
    transport: Transport
    runner: StepRunner
    memory: Memory
    reporter: Reporter
    clock: Clock
    stop_asked: Callable[[], bool]
    undo: bool = False
    forget: frozenset[NodeName] = frozenset()
    closed: frozenset[NodeName] = frozenset()
    ended: dict[Key, Ended] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    interrupted: bool = False

    def carry_out(self) -> Recovered:
        """Wait for what runs, take the nodes over, end what was begun, go on or back.

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
        self._tell_of_takeover(seen)
        with leased(self.transport, nodes, ask, self.reporter) as fences:
            self._forget(fences)
            self._end_all(fences)
            self._back_in(())
            result = Recovered(
                run=self.run,
                nodes=self._fates(seen),
                why=tuple(self.why),
                interrupted=self.interrupted,
                judged=min(self._failed(), default=None),
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

    def _tell_of_takeover(self, seen: Sequence[Seen]) -> None:
        for report in seen:
            lease = report.lease if isinstance(report, NodeReport) else None
            if lease is not None and lease.run == self.run:
                state = "ran out at" if lease.expired else "would have lasted until"
                self.reporter.note(
                    f"{report.node}: taken over from {lease.who}, whose lease {state} "
                    f"{lease.until:%Y-%m-%d %H:%M:%S} UTC."
                )

    def _forget(self, fences: Fences) -> None:
        """Close what a person has looked at. The run goes no further forward then."""
        records = self._held(self.look(), fences) if self.forget else {}
        for name in sorted(self.forget):
            self.runner.journal.write(FORGOTTEN, node=name)
            for (step, node), tx in sorted(records.items()):
                if node == name and is_open(tx):
                    session = self.transport.session(self._node(name))
                    session.forget(fences[name], step)
                    self.ended[_step_of(step), name] = forgotten(tx)
            self.why.append(f"{name} was given up, as asked. It is as it was left.")

    def _end_all(self, fences: Fences) -> None:
        look = self.look()
        records = self._held(look, fences)
        went_back = any(is_undo(key[0]) and tx.begun for key, tx in records.items())
        back = self.undo or went_back
        again = self._finish_all(records, look, fences, back=back)
        steps = {key: tx for key, tx in records.items() if not is_undo(key[0])}
        self._back_in({node for _, node in again})
        if back:
            self._take_back(steps, fences)
        elif any(tx.begun for tx in steps.values()) and not self.why:
            self._forward(steps, again, fences)
        for key in steps:
            self.ended.setdefault(key, Ended.UNTOUCHED)

    def _finish_all(
        self,
        records: Mapping[Key, Transaction],
        look: Look,
        fences: Fences,
        *,
        back: bool,
    ) -> set[Key]:
        """End what was begun; the steps whose file is the base again are returned."""
        again = set()
        remake = Remake(desired=self.desired, look=look)
        for key, tx in sorted(records.items()):
            if tx.begun and tx.verdict is None:
                node = self._node(key[1])
                health = remake.health_of_file(node)
                order = remake.order(node, tx, fences[key[1]], health)
                undo = back and not is_undo(key[0])
                outcome = self.runner.finish(node, order, undo=undo)
                was_base = outcome.ended is Ended.RESTORED and tx.file_digest == tx.base
                if was_base or (undo and outcome.ended is Ended.RESTORED):
                    again.add(key)
                    self._ended(key, outcome.ended, "")
                else:
                    self._note(key, outcome)
            elif tx.verdict is not None:
                why = f"{key[1]}: {tx.verdict}. {tx.detail}".strip()
                # On the way back a step that was not done needs no excuse.
                told = tx.verdict is Verdict.APPLIED or (
                    back and not is_undo(key[0]) and tx.verdict is not Verdict.FAILED
                )
                self._ended(key, BY_VERDICT[tx.verdict], "" if told else why)
        return set() if back else again

    def _forward(
        self, records: Mapping[Key, Transaction], again: set[Key], fences: Fences
    ) -> None:
        """What was interrupted is begun again, then the rest, step by step."""
        look = self.look()
        blocking = [each for each in look.planned.plan.findings if each.blocks]
        if blocking:
            self.why += [f"{each.code} {each.detail}" for each in blocking]
            return
        remake = Remake(desired=self.desired, look=look)
        todo = {key: tx for key, tx in records.items() if key in again or not tx.begun}
        steps = sorted({step for step, _ in todo})
        for step in steps:
            if step != steps[0]:
                settle(
                    self.desired.apply.settle,
                    clock=self.clock,
                    reporter=self.reporter,
                    stop_asked=self.stop_asked,
                )
            if self._was_stopped():
                return
            mine = {key: tx for key, tx in sorted(todo.items()) if key[0] == step}
            if self._stage_again(mine, again, remake, fences):
                self._carry_out(mine, remake, fences)
            if self.why:
                return

    def _stage_again(
        self,
        step: Mapping[Key, Transaction],
        again: set[Key],
        remake: Remake,
        fences: Fences,
    ) -> bool:
        """Lay the files of what was interrupted beside their configs anew."""
        for key, tx in step.items():
            if key not in again:
                continue
            order = remake.staging(key[1], tx, fences[key[1]])
            if order is None:
                self.why.append(f"{key[1]}: its file can't be made again; plan again.")
                return False
            self.transport.session(self._node(key[1])).stage(order)
        return True

    def _carry_out(
        self, step: Mapping[Key, Transaction], remake: Remake, fences: Fences
    ) -> None:
        def commit(key: Key) -> NodeOutcome:
            node, tx = self._node(key[1]), step[key]
            health = remake.health_of_result(node, tx)
            order = remake.order(node, tx, fences[key[1]], health)
            return self.runner.carry_out(node, order)

        for key, result in together(commit, list(step)):
            if isinstance(result, StalplanError):
                self._ended(key, Ended.UNKNOWN, f"{key[1]}: {result.detail}")
            else:
                self._note(key, result)

    def _take_back(self, steps: Mapping[Key, Transaction], fences: Fences) -> None:
        """Undo every step that is done, unless it is not known how one ended."""
        unknown = [
            name for (_, name), end in self.ended.items() if end is Ended.UNKNOWN
        ]
        if unknown:
            self.why.append(
                f"Nothing more is taken back while {listed(sorted(set(unknown)))} is "
                "unknown."
            )
            return
        done = [
            Done(step=key[0], node=key[1], base=tx.base, result=tx.result)
            for key, tx in sorted(steps.items())
            if self.ended.get(key) is Ended.DONE
        ]
        if not done or (self.why and not self.forget):
            return
        if self._was_over(steps):
            self.why.append(
                "Nothing was taken back: the run had come to its end, and some nodes "
                "have let go of their records of it. Plan what you want instead."
            )
            return
        look = self.look()
        back = Undo(
            run=self.run,
            plan=next(iter(steps.values())).plan,
            desired=self.desired,
            transport=self.transport,
            runner=self.runner,
            memory=self.memory,
            reporter=self.reporter,
            clock=self.clock,
            stop_asked=self.stop_asked,
            assume_down=look.planned.plan.options.assume_down,
        ).take_back(done, look.seen, fences)
        self.ended |= back.ended
        self.why += back.why
        self.interrupted |= back.interrupted

    def _was_over(self, steps: Mapping[Key, Transaction]) -> bool:
        """Whether records are gone: all are there until a run that is over is tidied.

        A way back from half of them would leave the other half as it is.
        """
        parts = {(ref.step, ref.node) for tx in steps.values() for ref in tx.remaining}
        gone = {key for key in parts | self.planned if key not in steps}
        return any(not self._is_closed(name) for _, name in gone)

    def _is_closed(self, name: NodeName) -> bool:
        return name in self.forget or name in self.closed

    def _back_in(self, later: Collection[NodeName]) -> None:
        """Nodes that were taken out of the load balancer go back, if they are whole.

        Those of *later* are about to be stopped once more.
        """
        for name in sorted(self.owed().difference(later)):
            ends = [self.ended[step, node] for step, node in self.ended if node == name]
            if Ended.UNKNOWN in ends:
                continue
            steps = [step for step, node in self.ended if node == name]
            wrong = self.runner.back_in(self._node(name), max(steps, default=0))
            if wrong:
                self.why.append(f"{name}: {wrong}")

    def _was_stopped(self) -> bool:
        if self.stop_asked():
            self.interrupted = True
            self.why.append(STOPPED)
        return self.interrupted

    def _note(self, key: Key, outcome: NodeOutcome) -> None:
        self._ended(key, outcome.ended, "")
        self.why += outcome.troubles

    def _ended(self, key: Key, ended: Ended, why: str) -> None:
        """Note how a step ended; for one that undoes a step, what that became."""
        step, name = key
        if is_undo(step):
            undone = {Ended.DONE: Ended.RESTORED, Ended.UNKNOWN: Ended.UNKNOWN}
            if ended in undone:
                self.ended[undo_step(step), name] = undone[ended]
        else:
            self.ended[key] = ended
        if why:
            self.why.append(why)

    def _fates(self, seen: Sequence[Seen]) -> dict[NodeName, Fate]:
        fates = {}
        for name in sorted({name for _, name in self.ended}):
            parts = {ended for (_, node), ended in self.ended.items() if node == name}
            fates[name] = fate(parts)
        for each in seen:
            if not isinstance(each, NodeReport) and self._may_have_a_part(each.node):
                fates[each.node] = Fate.UNKNOWN
                self.why.append(f"{each.node}: {each.summary}: {each.detail}")
        return fates

    def _may_have_a_part(self, name: NodeName) -> bool:
        if self._is_closed(name):
            return False
        return self.took_part is None or name in self.took_part

    def _records(self, seen: Sequence[Seen]) -> dict[Key, Transaction]:
        return {
            (tx.step, report.node): tx
            for report in seen
            if isinstance(report, NodeReport)
            for tx in report.transactions
            if tx.run == self.run
        }

    def _failed(self) -> list[NodeName]:
        """Nodes with a verdict of failed: asking them again tells nothing new."""
        records = self._records(self.look().seen) if self.why else {}
        failed = [name for (_, name), tx in records.items() if tx.verdict == "failed"]
        return [name for name in failed if not self._is_closed(name)]

    def _held(self, look: Look, fences: Fences) -> dict[Key, Transaction]:
        """Records of nodes that we hold. Others came back too late to be acted on."""
        records = self._records(look.seen)
        return {key: tx for key, tx in records.items() if key[1] in fences}

    def _reached(self, seen: Sequence[Seen]) -> list[Node]:
        names = {each.node for each in seen if isinstance(each, NodeReport)}
        return [node for node in self.desired.nodes if node.name in names]

    def _node(self, name: NodeName) -> Node:
        return next(node for node in self.desired.nodes if node.name == name)


def _step_of(step: int) -> int:
    """The plan's step that a record is of."""
    return undo_step(step) if is_undo(step) else step
