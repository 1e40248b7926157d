"""`stalplan recover`: end an apply that was cut off."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.asking import approved
from stalplan.cli.completing import node_names
from stalplan.cli.endings import write_cancelled, write_recovered
from stalplan.cli.home import Home
from stalplan.cli.identity import new_run, who
from stalplan.cli.interrupt import two_stages
from stalplan.cli.options import (
    DESIRED_FILE,
    Command,
    common,
    parallelism_option,
    text_or_json,
)
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.wiring import memory_of, runner_of
from stalplan.model.cluster import listed
from stalplan.model.live import Seen, Unreachable
from stalplan.model.records import State
from stalplan.model.wishes import Desired
from stalplan.names import NodeName, RunId
from stalplan.planning.plan import Options, Plan
from stalplan.planning.plan_json import plan_from_json
from stalplan.ports import Reporter, Transport
from stalplan.run.fates import Recovered
from stalplan.run.forget import given_up, what_to_look_at
from stalplan.run.plan import Look, make_plan
from stalplan.run.recording import NotRecorded
from stalplan.run.recover import Recover
from stalplan.run.secrets import resolve
from stalplan.run.steps import owed
from stalplan.run.taken import Trace, traces
from stalplan.run.undo import Key
from stalplan.store.runs import END


@click.command("recover", cls=Command)
@click.option("--undo", is_flag=True, help="Go back: give every node its old file.")
@click.option(
    "--forget",
    metavar="NODE",
    multiple=True,
    shell_complete=node_names,
    help="Close NODE's part in the run as it is, once you have looked. Repeatable.",
)
@click.option("--auto-approve", is_flag=True, help="Don't ask.")
@text_or_json
@parallelism_option
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    form: str,
    undo: bool,
    forget: tuple[str, ...],
    auto_approve: bool,
    parallelism: int,
) -> int:
    """End an interrupted apply

    Asks every node for its own record of the run, ends what was begun, and carries
    out the steps that are left; with --undo it takes back what was done instead, the
    last step first, from the nodes' own copies. Works from any machine that reaches
    the nodes. A node that is unknown stays so until it can be asked again, or until
    --forget closes its part, whatever its file is; the run goes no further then.

    \b
    Examples:
      stalplan recover
      stalplan recover --undo
      stalplan recover --forget mx2

    Exits 0; 5 if a run is at work here; 8 while it is not known what became of a
    node, or if it was stopped.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    home = Home(
        folder=state_folder(file, state), cluster=desired.cluster, clock=app.clock
    )
    transport = app.transport(parallelism)
    recovering = Recovering(
        app=app,
        home=home,
        desired=desired,
        transport=transport,
        undo=undo,
        forget=_known(desired, forget),
        state=recorded_state(home.folder, home.cluster, app.terminal),
    )
    try:
        with home.lock(new_run(app.clock.now()), "recover", 0.0):
            return recovering.carry_out(form, ask=not auto_approve)
    finally:
        transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovering:
    """One `stalplan recover`, once its command line is understood."""

    app: App
    home: Home
    desired: Desired
    transport: Transport
    undo: bool
    forget: frozenset[NodeName]
    state: State | None

    def carry_out(self, form: str, *, ask: bool) -> int:
        """Look, ask, recover, tell."""
        terminal = self.app.terminal
        with progress(terminal) as reporter:
            seen = self._look(None)(reporter=reporter).seen
        left = traces(seen)
        run = self._oldest(left)
        if run is None:
            return write_recovered(terminal, None, form=form)
        terminal.say(_found(run, left))
        for line in self._looked_at(run, seen):
            terminal.say(line)
        ask = ask and not _is_over(run, left, seen)
        if ask and not approved(terminal, self._question(run), command=self._command()):
            return write_cancelled(terminal, "Recover cancelled.", form=form)
        with two_stages(terminal) as stop_asked:
            with progress(terminal) as reporter:
                recovered = self._recover(run, reporter, stop_asked)
            return write_recovered(terminal, recovered, form=form)

    def _look(self, run: RunId | None) -> Callable[..., Look]:
        """A plan as *run*'s was asked for, so that its files are made again."""
        plan = self._plan_of(run) if run else None
        return partial(
            make_plan,
            self.desired,
            transport=self.transport,
            state=self.state,
            options=plan.options if plan else Options(),
            begun_here=(),
            # the first look is for what the run left, which no secret tells of
            secrets=resolve(self.desired, self.app.commands()) if run else {},
            clock=self.app.clock,
        )

    def _looked_at(self, run: RunId, seen: Sequence[Seen]) -> Iterator[str]:
        for node in self.desired.nodes:
            if node.name in self.forget:
                told = next(each for each in seen if each.node == node.name)
                yield from what_to_look_at(node, told, run)

    def _question(self, run: RunId) -> str:
        back = " and take back what it did" if self.undo else ""
        if not self.forget:
            return f"End run {run}{back}?"
        return f"End run {run}{back}, and close {listed(sorted(self.forget))}'s part?"

    def _command(self) -> str:
        """What to type where nobody can be asked."""
        words = ["stalplan recover", *(["--undo"] if self.undo else [])]
        return " ".join(words + [f"--forget {name}" for name in sorted(self.forget)])

    def _oldest(self, left: tuple[Trace, ...]) -> RunId | None:
        runs = {*self.home.runs.unfinished(), *(trace.run for trace in left)}
        return min(runs, default=None)

    def _recover(
        self, run: RunId, reporter: Reporter, stop_asked: Callable[[], bool]
    ) -> Recovered:
        journal = self.home.journal(run, None)
        plan = self._plan_of(run)
        recovered = Recover(
            run=run,
            who=who(),
            desired=self.desired,
            took_part=_took_part(plan),
            planned=_parts(plan),
            owed=lambda: owed(self.home.runs.records(run)),
            look=partial(self._look(run), reporter=reporter),
            transport=self.transport,
            runner=runner_of(self.app, self.transport, journal, reporter),
            memory=memory_of(self.app, self.home, self.desired, reporter),
            reporter=reporter,
            clock=self.app.clock,
            stop_asked=stop_asked,
            undo=self.undo,
            forget=self.forget,
            closed=given_up(self.home.runs.records(run)),
        ).carry_out()
        if recovered.exit_code != 0:
            return recovered
        try:
            journal.write(END, outcome="recovered", nodes=dict(recovered.nodes))
        except NotRecorded as error:
            why = (*recovered.why, error.detail)
            return replace(recovered, why=why, interrupted=True)
        return recovered

    def _plan_of(self, run: RunId) -> Plan | None:
        """The run's plan as it was; None where we don't have it."""
        text = self.home.runs.plan_json(run)
        if text is None:
            return None
        return plan_from_json(text, file=f"the plan of run {run}")


def _took_part(plan: Plan | None) -> frozenset[NodeName] | None:
    if plan is None:
        return None
    return frozenset(name for step in plan.steps for name in step.nodes)


def _parts(plan: Plan | None) -> frozenset[Key]:
    if plan is None:
        return frozenset()
    return frozenset((step.number, name) for step in plan.steps for name in step.nodes)


def _known(desired: Desired, names: tuple[str, ...]) -> frozenset[NodeName]:
    known = {node.name for node in desired.nodes}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name!r} is no node of {desired.file}.")
    return frozenset(NodeName(name) for name in names)


def _is_over(run: RunId, left: tuple[Trace, ...], seen: Sequence[Seen]) -> bool:
    """Whether every node was read and none knows the run: there nothing would change.

    Somebody ended it from elsewhere, or it never began; only the journal here is open.
    """
    lost = any(isinstance(each, Unreachable) for each in seen)
    return not lost and all(trace.run != run for trace in left)


def _found(run: RunId, left: tuple[Trace, ...]) -> str:
    nodes = sorted({trace.node for trace in left if trace.run == run})
    where = (
        f"It left its marks on {', '.join(nodes)}." if nodes else "No node knows it."
    )
    holders = sorted({trace.who for trace in left if trace.run == run and trace.holds})
    held = f" {', '.join(holders)} still holds the nodes." if holders else ""
    return f"Run {run} did not end. {where}{held}"
