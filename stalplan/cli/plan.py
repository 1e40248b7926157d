"""`stalplan plan`: what apply would do."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.formats import format_option, places_of, write_plan
from stalplan.cli.guards import guard, spare
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.cli.planning_options import options_of, planning_options
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.saved import write_saved_plan
from stalplan.cli.snapshots import read_snapshot
from stalplan.errors import StalplanError
from stalplan.model.live import Unreachable
from stalplan.model.secrets import SecretRef, Secrets, Unresolved
from stalplan.model.wishes import Desired
from stalplan.names import NodeName
from stalplan.planning.outcome import exit_code
from stalplan.planning.plan import Options, Plan
from stalplan.run.base import BaseFile, not_asked, read_base, withheld_secret
from stalplan.run.plan import Look, make_plan, with_git
from stalplan.run.secrets import resolve
from stalplan.store.runs import RunFolder


@click.command("plan", cls=Command)
@format_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN",
    help="Save the plan, so that `stalplan apply PLAN` carries out exactly this.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes.")
@click.option(
    "--snapshot",
    metavar="F",
    callback=guard,
    help="Plan from this snapshot, asking no node; such a plan is never applied.",
)
@click.option(
    "--base",
    metavar="REV",
    callback=guard,
    help="Tell what comes from this branch and what REV's file asks for already; "
    "reach and run nothing that REV's file doesn't name.",
)
@click.option(
    "--trust-desired",
    is_flag=True,
    help="With --base: also reach and run what only the file here names.",
)
@planning_options
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    forms: tuple[str, ...],
    out: Path | None,
    detailed_exitcode: bool,
    snapshot: str | None,
    base: str | None,
    trust_desired: bool,
    parallelism: int,
    **planning: object,
) -> int:
    """Show what apply would do

    Reads the desired file and every node's config.toml over SSH. Writes nothing on
    any node and locks nothing.

    \b
    Examples:
      stalplan plan
      stalplan plan --out monday.plan --detailed-exitcode
      stalplan plan --format markdown=plan.md --format json=plan.json
      stalplan plan --snapshot snapshot.json --base origin/main

    Exits 0; 2 with --detailed-exitcode if there are changes; 3 if the desired file
    is wrong or a finding blocks; 4 if a node could not be reached.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    if trust_desired and base is None:
        raise click.UsageError("--trust-desired says something only with --base.")
    file = file or DESIRED_FILE
    spare(file, out, *places_of(forms))
    desired = app.read_desired(file)
    asked = options_of(desired, **planning)  # type: ignore[arg-type]  # click's
    there = None
    if base is not None:
        there = read_base(app.git(), Path(file), base, cluster=desired.cluster)
    if snapshot is not None:
        from stalplan.run.review import plan_offline  # noqa: PLC0415 - only here

        plan = plan_offline(
            desired,
            read_snapshot(Path(snapshot), cluster=desired.cluster),
            there,
            options=asked,
            created=app.clock.now(),
        )
        plan = with_git(plan, app.git_state(file))
        return _shown(app, plan, None, forms, out, detailed=detailed_exitcode)
    look = Planning(
        app=app,
        desired=desired,
        file=file,
        folder=state_folder(file, state),
        base=there,
        trusted=trust_desired,
    ).live(asked, parallelism)
    plan = look.planned.plan
    return _shown(app, plan, look.in_the_way, forms, out, detailed=detailed_exitcode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """One `stalplan plan` that asks the nodes."""

    app: App
    desired: Desired
    file: str
    folder: Path
    base: BaseFile | None
    trusted: bool

    def live(self, asked: Options, parallelism: int) -> Look:
        """What the nodes make of the file, and of the one at the base."""
        state = recorded_state(self.folder, self.desired.cluster, self.app.terminal)
        secrets = self._secrets()
        transport = self.app.transport(parallelism)
        try:
            with progress(self.app.terminal) as reporter:
                look = make_plan(
                    self.desired,
                    transport=transport,
                    state=state,
                    options=asked,
                    begun_here=RunFolder(
                        self.folder, self.desired.cluster
                    ).unfinished(),
                    clock=self.app.clock,
                    reporter=reporter,
                    secrets=secrets,
                    withheld=self._withheld(),
                    git=self.app.git_state(self.file),
                )
        finally:
            transport.close()
        if self.base is None:
            return look
        from stalplan.run.review import compared  # noqa: PLC0415 - only here

        return compared(look, self.desired, self.base, state=state, secrets=secrets)

    def _withheld(self) -> Mapping[NodeName, Unreachable]:
        if self.base is None or self.trusted:
            return {}
        return not_asked(self.desired, self.base)

    def _secrets(self) -> Secrets:
        """What the references of both files lead to; the base's are reviewed ones."""
        commands = self.app.commands()
        if self.base is None:
            return resolve(self.desired, commands)
        withheld = _nothing if self.trusted else partial(withheld_secret, self.base)
        secrets = resolve(self.desired, commands, withheld=withheld)
        if self.base.desired is not None:
            known = secrets.keys()
            more = resolve(
                self.base.desired,
                commands,
                withheld=lambda ref: Unresolved("known") if ref in known else None,
            )
            secrets = {**more, **secrets}
        return secrets


def _nothing(_ref: SecretRef) -> None:
    """Nothing is withheld."""


def _shown(
    app: App,
    plan: Plan,
    in_the_way: StalplanError | None,
    forms: tuple[str, ...],
    out: Path | None,
    *,
    detailed: bool,
) -> int:
    if out is not None:
        write_saved_plan(out, plan)
    write_plan(app.terminal, plan, forms)
    if in_the_way is not None:
        app.terminal.say(f"\nWarning: {in_the_way.detail}")
        app.terminal.say(f"Hint: {in_the_way.hint}")
    elif out is not None and app.hints and plan.complete and plan.has_changes:
        app.terminal.say(f"\nTo carry out exactly this plan:\n  stalplan apply {out}")
    return exit_code(plan, detailed=detailed)
