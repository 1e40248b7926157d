"""`stalplan recover`: end an apply that was cut off."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.asking import approved
from stalplan.cli.endings import write_recovered
from stalplan.cli.home import Home
from stalplan.cli.identity import new_run, who
from stalplan.cli.options import DESIRED_FILE, Command, common, parallelism_option
from stalplan.cli.progress import progress
from stalplan.cli.wiring import memory_of, runner_of
from stalplan.model.wishes import Desired
from stalplan.names import NodeName, RunId
from stalplan.planning.plan import Options
from stalplan.planning.plan_json import plan_from_json
from stalplan.ports import Journal, Reporter, Transport
from stalplan.run.plan import Look, plan_now
from stalplan.run.recover import Recover, Recovered
from stalplan.run.secrets import resolve
from stalplan.run.steps import owed
from stalplan.run.taken import Trace, traces
from stalplan.store.runs import END


@click.command("recover", cls=Command)
@click.option("--auto-approve", is_flag=True, help="Don't ask.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
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
    auto_approve: bool,
    parallelism: int,
) -> int:
    """End an interrupted apply

    Asks every node for its own record of the run, ends what was begun, and carries
    out the steps that are left. Works from any machine that reaches the nodes.

    Exits 0; 5 if a run is at work here; 8 while it is not known what became of a
    node.
    """
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    home = Home(
        folder=state_folder(file, state), cluster=desired.cluster, clock=app.clock
    )
    transport = app.transport(parallelism)
    recovering = Recovering(app=app, home=home, desired=desired, transport=transport)
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

    def carry_out(self, form: str, *, ask: bool) -> int:
        """Look, ask, recover, tell."""
        terminal = self.app.terminal
        look = partial(
            plan_now,
            self.desired,
            transport=self.transport,
            state=self.home.states.load(),
            options=Options(),
            begun_here=(),
            clock=self.app.clock,
            secrets=resolve(self.desired, self.app.commands()),
        )
        with progress(terminal) as reporter:
            left = traces(look(reporter=reporter).seen)
        run = self._oldest(left)
        if run is None:
            return write_recovered(terminal, None, form=form)
        terminal.say(_found(run, left))
        question = f"End run {run}?"
        if ask and not approved(terminal, question, command="stalplan recover"):
            terminal.write("Recover cancelled.\n")
            return 1
        with progress(terminal) as reporter:
            recovered = self._recover(run, partial(look, reporter=reporter), reporter)
        return write_recovered(terminal, recovered, form=form)

    def _oldest(self, left: tuple[Trace, ...]) -> RunId | None:
        runs = {*self.home.runs.unfinished(), *(trace.run for trace in left)}
        return min(runs, default=None)

    def _recover(
        self, run: RunId, look: Callable[[], Look], reporter: Reporter
    ) -> Recovered:
        journal = self._journal(run)
        recovered = Recover(
            run=run,
            who=who(),
            desired=self.desired,
            took_part=self._took_part(run),
            owed=lambda: owed(self.home.runs.records(run)),
            look=look,
            transport=self.transport,
            runner=runner_of(self.app, self.transport, journal, reporter),
            memory=memory_of(self.home, self.desired, reporter),
            reporter=reporter,
            clock=self.app.clock,
        ).carry_out()
        if recovered.exit_code == 0:
            journal.write(END, outcome="recovered", nodes=dict(recovered.nodes))
        return recovered

    def _journal(self, run: RunId) -> Journal:
        """The run's own, or a new one for a run that was begun on another machine."""
        runs = self.home.runs
        return (
            runs.reopen(run) if runs.records(run) else runs.begin(run, None, who=who())
        )

    def _took_part(self, run: RunId) -> frozenset[NodeName] | None:
        """The nodes that the run's plan names; None where we don't have it."""
        text = self.home.runs.plan_json(run)
        if text is None:
            return None
        plan = plan_from_json(text, file=f"the plan of run {run}")
        return frozenset(name for step in plan.steps for name in step.nodes)


def _found(run: RunId, left: tuple[Trace, ...]) -> str:
    nodes = sorted({trace.node for trace in left if trace.run == run})
    where = (
        f"It left its marks on {', '.join(nodes)}." if nodes else "No node knows it."
    )
    holders = sorted({trace.who for trace in left if trace.run == run and trace.holds})
    held = f" {', '.join(holders)} still holds the nodes." if holders else ""
    return f"Run {run} did not end. {where}{held}"
