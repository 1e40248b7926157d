"""`stalplan schema`: JSON Schema of the desired file and of the plan."""

import json

import click

from stalplan.cli.app import App
from stalplan.cli.options import Command, common_unused


@click.command("schema", cls=Command)
@click.argument("of", type=click.Choice(["desired", "plan"]), default="desired")
@common_unused
@click.pass_obj
def command(app: App, of: str) -> int:
    """Print a JSON Schema

    Of the desired file, in draft 4, with which editors complete and check
    stalplan.toml; or, with `plan`, of what `plan --format json` prints.

    For an editor that speaks Taplo, such as Even Better TOML in VS Code, write it to
    a file and name that in the first line of stalplan.toml, as in
    `#:schema ./stalplan.schema.json`.

    \b
    Examples:
      stalplan schema > stalplan.schema.json
      stalplan schema plan > plan.schema.json
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    if of == "plan":
        from stalplan.planning.plan_schema import plan_schema as made  # noqa: PLC0415 - one of two
    else:
        from stalplan.model.desired.schema import desired_schema as made  # noqa: PLC0415 - one of two
    app.terminal.write_raw(json.dumps(made(), indent=2) + "\n")
    return 0
