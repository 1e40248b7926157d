"""`stalplan plan`: what apply would do."""

from pathlib import Path

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.formats import format_option, write_plan
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.cli.planning_options import options_of, planning_options
from stalplan.cli.progress import progress
from stalplan.cli.saved import write_saved_plan
from stalplan.planning.outcome import exit_code
from stalplan.run.plan import Look, plan_now
from stalplan.run.secrets import resolve
from stalplan.store.runs import RunFolder
from stalplan.store.state import StateFile


@click.command("plan", cls=Command)
@format_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN",
    help="Save the plan, so that `stalplan apply PLAN` carries out exactly this.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes.")
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

    Exits 0; 2 with --detailed-exitcode if there are changes; 3 if the desired file
    is wrong or a finding blocks; 4 if a node could not be reached.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    folder = state_folder(file, state)
    transport = app.transport(parallelism)
    try:
        with progress(app.terminal) as reporter:
            seen = plan_now(
                desired,
                transport=transport,
                state=StateFile(folder, desired.cluster).load(),
                options=options_of(desired, **planning),  # type: ignore[arg-type]  # click's
                begun_here=RunFolder(folder, desired.cluster).unfinished(),
                clock=app.clock,
                reporter=reporter,
                secrets=resolve(desired, app.commands()),
            )
    finally:
        transport.close()
    return _shown(app, seen, forms, out, detailed=detailed_exitcode)


def _shown(
    app: App, seen: Look, forms: tuple[str, ...], out: Path | None, *, detailed: bool
) -> int:
    plan = seen.planned.plan
    if out is not None:
        write_saved_plan(out, plan)
    write_plan(app.terminal, plan, forms)
    if seen.in_the_way is not None:
        app.terminal.say(f"\nWarning: {seen.in_the_way.detail}")
        app.terminal.say(f"Hint: {seen.in_the_way.hint}")
    elif out is not None and app.hints and plan.complete and plan.has_changes:
        app.terminal.say(f"\nTo carry out exactly this plan:\n  stalplan apply {out}")
    return exit_code(plan, detailed=detailed)
