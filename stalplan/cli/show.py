"""`stalplan show`: a saved plan, in any format."""

from pathlib import Path

import click

from stalplan.cli.app import App
from stalplan.cli.formats import format_option, write_plan
from stalplan.cli.options import Command, common_unused
from stalplan.cli.saved import read_saved_plan


@click.command("show", cls=Command)
@click.argument("plan", type=click.Path(path_type=Path))
@format_option
@common_unused
@click.pass_obj
def command(app: App, plan: Path, forms: tuple[str, ...]) -> int:
    """Print a saved plan

    PLAN is a file that `stalplan plan --out PLAN` wrote. Nothing is read but it: no
    node is asked, and the plan may be stale by now, which `stalplan apply` finds out.

    \b
    Examples:
      stalplan show monday.plan
      stalplan show monday.plan --format markdown
      stalplan show monday.plan --format html=monday.html

    Exits 0, also where the plan can't be applied; 1 if PLAN is no plan.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    write_plan(app.terminal, read_saved_plan(plan), forms)
    return 0
