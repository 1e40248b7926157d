"""`stalplan apply`: carry out a plan."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.asking import approved
from stalplan.cli.durations import DURATION
from stalplan.cli.endings import write_cancelled, write_outcome
from stalplan.cli.expected import expect_digest
from stalplan.cli.home import Home
from stalplan.cli.identity import new_run, who
from stalplan.cli.interrupt import two_stages
from stalplan.cli.options import DESIRED_FILE, Command, common, text_or_json
from stalplan.cli.planning_options import options_of, planning_options
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.saved import read_saved_plan
from stalplan.cli.wiring import memory_of, runner_of
from stalplan.errors import StalplanError
from stalplan.model.live import Seen
from stalplan.model.wishes import Desired
from stalplan.names import RunId
from stalplan.planning.plan import Plan
from stalplan.planning.plan_json import plan_to_json
from stalplan.ports import Reporter, Transport
from stalplan.render import RENDERERS
from stalplan.run.apply import Apply
from stalplan.run.approval import (
    check_appliable,
    check_complete,
    check_expected,
    check_fresh,
    check_same,
)
from stalplan.run.history import history
from stalplan.run.outcome import Outcome
from stalplan.run.plan import Look, make_plan
from stalplan.run.recording import NotRecorded
from stalplan.run.secrets import resolve
from stalplan.store.runs import END


@click.command("apply", cls=Command)
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--auto-approve", is_flag=True, help="Don't ask.")
@click.option(
    "--lock-timeout",
    type=DURATION,
    default="0s",
    metavar="DURATION",
    help="Wait this long, such as 30s, for another run here to end.",
)
@click.option(
    "--undo-on-failure",
    is_flag=True,
    help="If a node fails, give the nodes that are done their old files back.",
)
@expect_digest
@text_or_json
@planning_options
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    plan: Path | None,
    file: str | None,
    state: str | None,
    form: str,
    auto_approve: bool,
    lock_timeout: float,
    undo_on_failure: bool,
    expect_digest: str | None,
    parallelism: int,
    **planning: object,
) -> int:
    """Carry out a plan

    PLAN is a file that `stalplan plan --out PLAN` wrote; it is carried out without
    asking, or refused if anything has changed since. Without PLAN, plans, asks, and
    carries out. Each node finishes or goes back by itself, even if this machine
    dies; `stalplan recover` then says what happened and ends it.

    \b
    Examples:
      stalplan apply monday.plan
      stalplan apply
      stalplan apply --auto-approve --lock-timeout 30s
      stalplan apply --expect-digest "$DIGEST"   # the one that was approved

    Exits 0; 5 if another run holds the cluster; 6 if the plan is stale; 7 if it
    failed and every touched node is whole; 8 if it was interrupted.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    saved = None if plan is None else read_saved_plan(plan)
    if saved is not None:
        check_complete(saved)
    file = file or (saved.desired.path if saved else DESIRED_FILE)
    desired = app.read_desired(file)
    options = saved.options if saved else options_of(desired, **planning)  # type: ignore[arg-type]  # click's
    home = Home(
        folder=state_folder(file, state), cluster=desired.cluster, clock=app.clock
    )
    run = new_run(app.clock.now())
    transport = app.transport(parallelism)
    applying = Applying(
        app=app,
        home=home,
        desired=desired,
        run=run,
        form=form,
        undo_on_failure=undo_on_failure,
        expected=expect_digest,
    )
    try:
        with home.lock(run, "apply", lock_timeout):
            plan_again = partial(
                make_plan,
                desired,
                transport=transport,
                state=recorded_state(home.folder, home.cluster, app.terminal),
                options=options,
                begun_here=home.runs.unfinished(),
                clock=app.clock,
                secrets=resolve(desired, app.commands()),
                git=app.git_state(file),
            )
            asking = not (saved or auto_approve or expect_digest)
            return applying.carry_out(transport, plan_again, saved, ask=asking)
    finally:
        transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """One `stalplan apply`, once its command line is understood."""

    app: App
    home: Home
    desired: Desired
    run: RunId
    form: str
    undo_on_failure: bool
    expected: str | None  # the digest that was approved

    def carry_out(
        self,
        transport: Transport,
        plan_again: Callable[..., Look],
        saved: Plan | None,
        *,
        ask: bool,
    ) -> int:
        """Look, check, ask, apply, tell."""
        terminal = self.app.terminal
        with progress(terminal) as reporter:
            look = plan_again(reporter=reporter)
        plan = look.planned.plan
        if look.in_the_way is not None:
            raise look.in_the_way
        if saved is not None:
            check_fresh(saved, self.desired, self.app.clock.now())
            check_same(saved, plan)
        elif self.form == "text":
            terminal.write(RENDERERS["text"](plan))
        if self.expected is not None:
            check_expected(self.expected, plan, history(self.home.runs))
        check_appliable(plan)
        if not plan.has_changes:
            return self._nothing_to_do(look, told=saved is None)
        if ask and not approved(
            terminal, "Carry out this plan?", command="stalplan apply"
        ):
            return write_cancelled(terminal, "Apply cancelled.", form=self.form)
        # To the last word: a Ctrl-C after the run is no run that touched nothing.
        with two_stages(terminal) as stop_asked:
            with progress(terminal) as reporter:
                apply = self._apply(transport, plan, reporter, plan_again, stop_asked)
                outcome = self._journaled(apply)
                if outcome.complete:
                    apply.memory.everyone(
                        self._unchanged(look), plan=plan.digest, at=self.app.clock.now()
                    )
            return self._told(outcome, plan)

    def _told(self, outcome: Outcome, plan: Plan) -> int:
        self.home.runs.prune(self.desired.apply.keep_runs)
        sentence = plan.summary.applied if outcome.complete else outcome.failed_sentence
        facts = {"run": self.run, "plan": plan.digest}
        return write_outcome(
            self.app.terminal, outcome, sentence, form=self.form, facts=facts
        )

    def _apply(
        self,
        transport: Transport,
        plan: Plan,
        reporter: Reporter,
        plan_again: Callable[..., Look],
        stop_asked: Callable[[], bool],
    ) -> Apply:
        # First what may be refused: a journal that has begun must come to its end.
        memory = memory_of(self.app, self.home, self.desired, reporter)
        journal = self.home.journal(self.run, plan_to_json(plan))
        return Apply(
            run=self.run,
            who=who(),
            desired=self.desired,
            approved=plan,
            plan_again=partial(plan_again, reporter=reporter),
            transport=transport,
            journal=journal,
            runner=runner_of(self.app, transport, journal, reporter),
            memory=memory,
            reporter=reporter,
            clock=self.app.clock,
            stop_asked=stop_asked,
            undo_on_failure=self.undo_on_failure,
        )

    def _journaled(self, apply: Apply) -> Outcome:
        """The outcome; the journal ends unless something is left for recover."""
        try:
            outcome = apply.carry_out()
        except StalplanError as error:
            with suppress(NotRecorded):  # then recover ends the journal
                apply.journal.write(END, outcome=error.summary)
            raise
        if not outcome.closed:
            return outcome
        nodes = dict(outcome.nodes)
        try:
            apply.journal.write(END, outcome=outcome.exit_code, nodes=nodes)
        except NotRecorded as error:
            why = (*outcome.why, error.detail)
            return replace(outcome, complete=False, unrecorded=True, why=why)
        return outcome

    def _nothing_to_do(self, look: Look, *, told: bool) -> int:
        with progress(self.app.terminal) as reporter:
            plan = look.planned.plan
            memory_of(self.app, self.home, self.desired, reporter).everyone(
                look.seen, plan=plan.digest, at=self.app.clock.now()
            )
        outcome = Outcome(nodes={}, complete=True)
        facts = {"run": None, "plan": look.planned.plan.digest}
        if told and self.form == "text":
            return 0
        return write_outcome(
            self.app.terminal, outcome, plan.sentence, form=self.form, facts=facts
        )

    @staticmethod
    def _unchanged(look: Look) -> list[Seen]:
        changed = {name for step in look.planned.plan.steps for name in step.nodes}
        return [each for each in look.seen if each.node not in changed]
