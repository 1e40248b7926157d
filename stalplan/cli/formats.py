"""`--format FORMAT` and `--format FORMAT=PATH`, from one plan."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from stalplan.cli.form_files import write_form
from stalplan.cli.guards import spare
from stalplan.cli.terminal import Terminal
from stalplan.planning.plan import Plan
from stalplan.render import ON_LINES, RENDERERS


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
    places = [Path(place).absolute() for place in places_of(forms)]
    if "" in places_of(forms):
        raise click.BadParameter("there is no PATH after the =.")
    if twice := sorted({str(place) for place in places if places.count(place) > 1}):
        raise click.BadParameter(f"only one can go to {twice[0]}.")
    return forms


def places_of(forms: tuple[str, ...]) -> list[str]:
    """The files that *forms* go to."""
    return [form.partition("=")[2] for form in forms if "=" in form]


format_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--format",
    "forms",
    multiple=True,
    metavar="FORMAT[=PATH]",
    shell_complete=lambda _ctx, _option, begun: [
        name for name in sorted(RENDERERS) if name.startswith(begun)
    ],
    callback=_checked,
    help=f"{', '.join(sorted(RENDERERS))}; with =PATH into a file, several times.",
)


def write_plan(terminal: Terminal, plan: Plan, forms: tuple[str, ...]) -> None:
    """*plan* in every form that was asked for; text on stdout where none goes there.

    `github` also adds to the files that a step of GitHub Actions has for its outputs
    and its summary.

    Raises:
        click.UsageError: the desired file would be lost.
        FormatUnwritable: with the file; what stands before it was written.
    """
    spare(plan.desired.path, *places_of(forms))
    at = repository_path(plan.desired.path, terminal.environ)
    for form in (each for each in forms if "=" in each):
        name, _, path = form.partition("=")
        write_form(path, _rendered(name, plan, at))
    if any(form.partition("=")[0] == "github" for form in forms):
        from stalplan.cli.github_step import tell_step  # noqa: PLC0415 - only here

        tell_step(terminal, plan)
    plain = [form for form in forms if "=" not in form]
    name = plain[0] if plain else "text"
    write = terminal.write if name == "text" else terminal.write_raw  # colour
    write(_rendered(name, plan, at))


def _rendered(name: str, plan: Plan, at: str) -> str:
    if name in ON_LINES:
        return ON_LINES[name](plan, at)
    return RENDERERS[name](plan)


def repository_path(path: str, environ: Mapping[str, str]) -> str:
    """*path* from the top of the checkout, where a pipeline says where that is."""
    top = environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR")
    if top:
        whole = Path(path).absolute()
        if whole.is_relative_to(top):
            return whole.relative_to(top).as_posix()
    return path
