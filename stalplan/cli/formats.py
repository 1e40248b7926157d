"""`--format FORMAT` and `--format FORMAT=PATH`, from one plan."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stalplan.cli.terminal import Terminal
from stalplan.planning.plan import Plan
from stalplan.render import RENDERERS
from stalplan.store.files import write_atomic


def _checked(
    _ctx: click.Context, _option: click.Parameter, forms: tuple[str, ...]
) -> tuple[str, ...]:
    for form in forms:
        name = form.partition("=")[0]
        if name not in RENDERERS:
            known = ", ".join(sorted(RENDERERS))
            raise click.BadParameter(f"{name!r} is none of {known}.")
    if sum("=" not in form for form in forms) > 1:
        raise click.BadParameter("only one can go to stdout; give the others a =PATH.")
    return forms


format_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--format",
    "forms",
    multiple=True,
    metavar="FORMAT[=PATH]",
    callback=_checked,
    help=f"{', '.join(sorted(RENDERERS))}; with =PATH into a file, several times.",
)


def write_plan(terminal: Terminal, plan: Plan, forms: tuple[str, ...]) -> None:
    """*plan* in every form that was asked for; text on stdout where none goes there."""
    for form in (each for each in forms if "=" in each):
        name, _, path = form.partition("=")
        write_atomic(Path(path), RENDERERS[name](plan).encode(), mode=0o644)
    plain = [form for form in forms if "=" not in form]
    name = plain[0] if plain else "text"
    write = terminal.write if name == "text" else terminal.write_raw  # colour
    write(RENDERERS[name](plan))
