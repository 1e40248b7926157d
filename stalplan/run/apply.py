"""The use case behind `stalplan apply`: carry out exactly the plan that was read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stalplan.errors import PlanIsStale, StalplanError
from stalplan.model.cluster import listed
from stalplan.model.inventory import Node
from stalplan.model.records import Fence, Verdict
from stalplan.model.wishes import Desired
from stalplan.names import NodeName, RunId
from stalplan.planning.outcome import PLAN_AGAIN
from stalplan.planning.plan import Plan, Planned, Step
from stalplan.ports import (
    Clock,
    CommitOrder,
    Journal,
    LeaseAsk,
    Reporter,
    StageOrder,
    Transport,
)
from stalplan.run.approval import check_same
from stalplan.run.coordinator import out_of_reach
from stalplan.run.leases import Fences, clean_up, leased
from stalplan.run.outcome import Ended, Outcome
from stalplan.run.plan import Look
from stalplan.run.remember import Memory, look_again
from stalplan.run.settling import settle
from stalplan.run.steps import NodeOutcome, StepRunner
from stalplan.run.together import all_of, together
from stalplan.run.undo import NOTHING_BACK, STOPPED, Done, TakenBack, Undo

PlanAgain = Callable[[], Look]  # a fresh look, with the options of the approved plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """One run. Everything it needs to know is decided before it begins."""

    run: RunId
    who: str
    desired: Desired
    approved: Plan
    plan_again: PlanAgain
    transport: Transport
    journal: Journal
    runner: StepRunner
    memory: Memory
    reporter: Reporter
    clock: Clock
    stop_asked: Callable[[], bool]
    undo_on_failure: bool = False

    def carry_out(self) -> Outcome:
        """Lease all, look again, stage all, then step by step.

        Raises:
            LockHeld, PlanIsStale, PlanBlocked, StalplanError: nothing was touched.
        """
        nodes = self._reached()
        ask = LeaseAsk(
            run=self.run,
            who=self.who,
            plan=self.approved.digest,
            seconds=round(self.desired.apply.lease),
        )
        with leased(self.transport, nodes, ask, self.reporter) as fences:
            planned = self._still_approved()
            try:
                self._stage_all(planned, fences)
                done: list[Done] = []
                outcome = self._steps(planned, fences, done)
            except StalplanError:
                clean_up(self.transport, nodes, fences, self.reporter)
                raise
            if self.undo_on_failure and done and outcome.failed:
                outcome = self._undone(outcome, done, planned.plan, fences)
            if outcome.closed:
                clean_up(self.transport, nodes, fences, self.reporter)
        return outcome

    def _reached(self) -> list[Node]:
        reached = {node.name for node in self.approved.nodes if node.reached}
        return [node for node in self.desired.nodes if node.name in reached]

    def _still_approved(self) -> Planned:
        """The same plan from a second look, now that nobody else may act."""
        again = self.plan_again()
        check_same(self.approved, again.planned.plan)
        return again.planned

    def _stage_all(self, planned: Planned, fences: Fences) -> None:
        """All files of all steps; a node's in their order, since each builds on one."""

        def stage(node: Node) -> None:
            session = self.transport.session(node)
            self.reporter.node(node.name, "staging")
            for key in sorted(key for key in planned.digests if key[1] == node.name):
                order = StageOrder(
                    fence=fences[node.name],
                    step=key[0],
                    base=planned.bases[key],
                    result=planned.digests[key],
                    data=planned.results.get(key, b""),  # none: a mere restart
                )
                session.stage(order)
            self.reporter.node(node.name, "staged")

        names = {name for _, name in planned.digests}
        nodes = [node for node in self.desired.nodes if node.name in names]
        self.journal.write("begin", act="stage", nodes=sorted(names))
        all_of(together(stage, nodes))
        self.journal.write("done", act="stage")

    def _steps(self, planned: Planned, fences: Fences, done: list[Done]) -> Outcome:
        """Step by step; what is done is added to *done*."""
        plan = planned.plan
        ended = {name: Ended.UNTOUCHED for step in plan.steps for name in step.nodes}
        nodes = self._reached()
        if why := out_of_reach(planned, nodes, self.transport, self.reporter):
            return Outcome(nodes=ended, complete=False, why=why)
        last: Step | None = None
        for step in plan.steps:
            if self.stop_asked():
                return _stopped(ended, last)
            outcomes = self._step(planned, step, fences)
            ended |= {outcome.node: outcome.ended for outcome in outcomes}
            done += _done(planned, step, outcomes)
            if any(each.ended in _TOOK_EFFECT for each in outcomes):
                last = step
            troubles = [each for each in outcomes if each.troubles]
            if troubles:
                return _failed(ended, last, troubles)
            if step is not plan.steps[-1]:
                self._settle()
        return Outcome(nodes=ended, complete=True)

    def _step(self, planned: Planned, step: Step, fences: Fences) -> list[NodeOutcome]:
        nodes = [node for node in self.desired.nodes if node.name in step.nodes]

        def carry_out(node: Node) -> NodeOutcome:
            order = order_of(planned, step, node, fences[node.name])
            return self.runner.carry_out(node, order)

        outcomes = []
        # Those that may be down at once are: none waits for a place here.
        for node, result in together(carry_out, nodes, at_once=len(nodes)):
            if isinstance(result, StalplanError):  # not explained by any verdict
                why = f"{node.name}: {result.detail}"
                outcomes.append(
                    NodeOutcome(node=node.name, ended=Ended.UNKNOWN, why=why)
                )
                continue
            if result.ended is Ended.DONE:
                self._remember(node)
            outcomes.append(result)
        return outcomes

    def _settle(self) -> None:
        settle(
            self.desired.apply.settle,
            clock=self.clock,
            reporter=self.reporter,
            stop_asked=self.stop_asked,
        )

    def _remember(self, node: Node) -> None:
        look_again(
            self.memory,
            self.transport,
            node,
            plan=self.approved.digest,
            clock=self.clock,
        )

    def _undone(
        self, failed: Outcome, done: Sequence[Done], plan: Plan, fences: Fences
    ) -> Outcome:
        """What is left once the done steps are taken back, as far as that is sound."""
        unknown = [name for name, end in failed.nodes.items() if end is Ended.UNKNOWN]
        if unknown:
            why = f"what became of {listed(unknown)} is unknown."
            return replace(failed, why=(*failed.why, f"{NOTHING_BACK} {why}"))
        assert plan.digest is not None  # only snapshots have none, and they never apply
        undo = Undo(
            run=self.run,
            plan=plan.digest,
            desired=self.desired,
            transport=self.transport,
            runner=self.runner,
            memory=self.memory,
            reporter=self.reporter,
            clock=self.clock,
            stop_asked=self.stop_asked,
            assume_down=plan.options.assume_down,
        )
        self.reporter.note("Taking back what was done.")
        back = undo.take_back(done, self.plan_again().seen, fences)
        nodes = {**failed.nodes, **back.nodes(done)}
        left = [step for step in plan.steps if _stays(step, done, back)]
        return replace(
            failed,
            nodes=nodes,
            interrupted=back.interrupted,
            why=(*failed.why, *back.why),
            lasting=_lasting(left[-1] if left else None),
        )


_TOOK_EFFECT = (Ended.DONE, Ended.UNKNOWN)


def order_of(planned: Planned, step: Step, node: Node, fence: Fence) -> CommitOrder:
    """What one node is told to do in one step."""
    key = (step.number, node.name)
    digest = planned.plan.digest
    assert digest is not None  # only snapshots have none, and they never apply
    return CommitOrder(
        fence=fence,
        plan=digest,
        step=step.number,
        base=planned.bases[key],
        result=planned.digests[key],
        health=planned.health[key],
        stop_timeout=node.service.stop_timeout,
        start_stopped=planned.plan.options.start_stopped,
        remaining=planned.plan.steps_after(step.number),
    )


def _done(planned: Planned, step: Step, outcomes: Sequence[NodeOutcome]) -> list[Done]:
    return [
        Done(
            step=step.number,
            node=each.node,
            base=planned.bases[step.number, each.node],
            result=planned.digests[step.number, each.node],
        )
        for each in outcomes
        if each.ended is Ended.DONE
    ]


def _stays(step: Step, done: Sequence[Done], back: TakenBack) -> bool:
    """Whether something that *step* did is still so."""
    mine = [each.key for each in done if each.step == step.number]
    return any(back.ended.get(key) is not Ended.RESTORED for key in mine)


def _stopped(ended: dict[NodeName, Ended], last: Step | None) -> Outcome:
    return Outcome(
        nodes=ended,
        complete=False,
        interrupted=True,
        why=(STOPPED,),
        lasting=_lasting(last),
    )


def _failed(
    ended: dict[NodeName, Ended], last: Step | None, troubles: list[NodeOutcome]
) -> Outcome:
    """The run ends here. Nothing touched and only staleness: the plan is stale."""
    why = tuple(told for each in troubles for told in each.troubles)
    only_stale = all(each.verdict is Verdict.STALE for each in troubles)
    if only_stale and set(ended.values()) == {Ended.UNTOUCHED}:
        raise PlanIsStale("\n".join(why), hint=PLAN_AGAIN)
    return Outcome(nodes=ended, complete=False, why=why, lasting=_lasting(last))


def _lasting(last: Step | None) -> tuple[str, ...]:
    """What stays at risk after *last*, the last step that changed a node, if any."""
    return tuple(each.sentence for each in last.exposure) if last else ()
