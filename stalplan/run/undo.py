"""Done nodes go back to their old files: from their own backups, last step first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stalplan.errors import StalplanError
from stalplan.model.inventory import Node
from stalplan.model.live import Seen, digest_of
from stalplan.model.records import StepRef
from stalplan.model.wishes import Desired
from stalplan.names import Digest, NodeName, RunId
from stalplan.planning.order import NoOrder
from stalplan.planning.undo import Back, Part, way_back
from stalplan.ports import Clock, CommitOrder, Reporter, StageOrder, Transport
from stalplan.run.leases import Fences
from stalplan.run.outcome import Ended
from stalplan.run.remember import Memory, look_again
from stalplan.run.settling import settle
from stalplan.run.steps import NodeOutcome, StepRunner
from stalplan.run.together import all_of, together

Key = tuple[int, NodeName]  # a step and a node that has a part in it

NOTHING_BACK = "Nothing was taken back:"
STOPPED = "Stopped as asked, after the node in hand."
_UNDO = 1_000_000
"""An undo is a step of its own run. Counting down from here the last step is undone
first, and whoever reads a node's records can tell an undo from a step."""


def undo_step(step: int) -> int:
    """The number under which a node records that *step* was undone, and back."""
    return _UNDO - step


def is_undo(step: int) -> bool:
    """Whether a recorded step undoes another one. No plan has so many steps."""
    return step > _UNDO // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step that a node carried out: its file went from *base* to *result*."""

    step: int
    node: NodeName
    base: Digest
    result: Digest

    @property
    def key(self) -> Key:
        """As records are found."""
        return self.step, self.node

    @property
    def is_restart(self) -> bool:
        """Whether there is nothing to take back."""
        return self.base == self.result


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """How far the way back was gone; *why* in sentences what stands in its way.

    *ended* has an entry for each step that was set about: RESTORED where its old file
    and service are back, DONE where the new ones stay, UNKNOWN where nobody can tell.
    """

    ended: Mapping[Key, Ended] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    interrupted: bool = False  # stopped on request, with some of the way left

    def nodes(self, done: Sequence[Done]) -> dict[NodeName, Ended]:
        """Each node that was set about: RESTORED only if all it did is undone."""
        found = {}
        for name in sorted({node for _, node in self.ended}):
            own = [each for each in done if each.node == name and not each.is_restart]
            ends = {self.ended.get(each.key) for each in own}
            if Ended.UNKNOWN in ends:
                found[name] = Ended.UNKNOWN
            else:
                all_back = ends == {Ended.RESTORED}
                found[name] = Ended.RESTORED if all_back else Ended.DONE
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Takes back what one run did, under the leases that it holds."""

    run: RunId
    plan: Digest
    desired: Desired
    transport: Transport
    runner: StepRunner
    memory: Memory
    reporter: Reporter
    clock: Clock
    stop_asked: Callable[[], bool]
    assume_down: Collection[NodeName] = ()

    def take_back(
        self, done: Sequence[Done], seen: Sequence[Seen], fences: Fences
    ) -> TakenBack:
        """Prove the whole way on the model, stage all old files, then go it.

        *seen* is a look at the nodes as they are now. Where the way is not sound, or
        an old file can't be had, nothing is touched. A mere restart has nothing to
        take back.
        """
        changed = [each for each in done if not each.is_restart]
        if not changed:
            return TakenBack()
        try:
            parts = self._parts(changed)
        except StalplanError as error:
            return TakenBack(why=(f"{NOTHING_BACK} {error.detail}",))
        way = way_back(
            self.desired,
            seen,
            self.memory.state,
            parts,
            assume_down=self.assume_down,
        )
        if isinstance(way, NoOrder):
            return TakenBack(why=(f"{NOTHING_BACK} {way.rule}",))
        try:
            self._stage_all([back.part for group in way for back in group], fences)
        except StalplanError as error:
            return TakenBack(why=(f"{NOTHING_BACK} {error.detail}",))
        return self._go(way, fences)

    def _parts(self, done: Sequence[Done]) -> list[Part]:
        """Each with its old bytes, which its node kept."""

        def fetch(each: Done) -> Part:
            data = self.transport.session(self._node(each.node)).backup(each.base)
            if data is None or digest_of(data) != each.base:
                raise StalplanError(f"{each.node} keeps no copy of {each.base}.")
            return Part(
                step=each.step,
                node=each.node,
                base=each.base,
                result=each.result,
                data=data,
            )

        return all_of(together(fetch, done))

    def _stage_all(self, parts: Sequence[Part], fences: Fences) -> None:
        """A node's own in their order, since each builds on the one before."""

        def stage(name: NodeName) -> None:
            self.reporter.node(name, "staging its old file")
            for part in parts:
                if part.node == name:
                    order = StageOrder(
                        fence=fences[name],
                        step=undo_step(part.step),
                        base=part.result,
                        result=part.base,
                        data=part.data,
                    )
                    self.transport.session(self._node(name)).stage(order)

        all_of(together(stage, sorted({part.node for part in parts})))

    def _go(self, way: Sequence[tuple[Back, ...]], fences: Fences) -> TakenBack:
        ended: dict[Key, Ended] = {}
        for number, group in enumerate(way, start=1):
            if number > 1:
                settle(
                    self.desired.apply.settle,
                    clock=self.clock,
                    reporter=self.reporter,
                    stop_asked=self.stop_asked,
                )
            if self.stop_asked():
                return TakenBack(ended=ended, why=(STOPPED,), interrupted=True)
            rest = tuple(
                StepRef(step=undo_step(back.part.step), node=back.part.node)
                for later in way[number:]
                for back in later
            )

            def carry_out(back: Back, rest: tuple[StepRef, ...] = rest) -> NodeOutcome:
                order = self._order(back, rest, fences)
                return self.runner.carry_out(self._node(back.part.node), order)

            why = []
            for back, result in together(carry_out, group):
                outcome, said = _outcome(back.part, result)
                ended[back.part.step, back.part.node] = outcome
                why += said
                if outcome is Ended.RESTORED:
                    self._remember(back.part.node)
            if why:
                return TakenBack(ended=ended, why=tuple(why))
        return TakenBack(ended=ended)

    def _order(
        self, back: Back, rest: tuple[StepRef, ...], fences: Fences
    ) -> CommitOrder:
        part = back.part
        return CommitOrder(
            fence=fences[part.node],
            plan=self.plan,
            step=undo_step(part.step),
            base=part.result,
            result=part.base,
            health=back.health,
            stop_timeout=self._node(part.node).service.stop_timeout,
            remaining=rest,
        )

    def _remember(self, name: NodeName) -> None:
        look_again(
            self.memory, self.transport, self._node(name), plan=None, clock=self.clock
        )

    def _node(self, name: NodeName) -> Node:
        return next(node for node in self.desired.nodes if node.name == name)


def _outcome(
    part: Part, result: NodeOutcome | StalplanError
) -> tuple[Ended, list[str]]:
    """What became of a step that was to be undone, and why it was not."""
    if isinstance(result, StalplanError):
        return Ended.UNKNOWN, [f"{part.node}: {result.detail}"]
    if result.ended is Ended.DONE:
        return Ended.RESTORED, [*result.troubles]
    left = Ended.UNKNOWN if result.ended is Ended.UNKNOWN else Ended.DONE
    why, *more = result.troubles
    return left, [f"{why} It was to get its old file back.", *more]
