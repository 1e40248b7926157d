"""What guards against a slip: an option set to nothing, an output over the input."""

import os
from pathlib import Path

import click


def guard(
    _ctx: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    """The value; a wrong usage where it is empty, also in the environment.

    An unset variable of a pipeline must not turn off what was asked for.
    """
    variable = option.envvar if isinstance(option.envvar, str) else ""
    if value == "" or (value is None and variable in os.environ):
        raise click.BadParameter("it is empty, and stands for nothing.")
    return value


def spare(file: str, *places: str | Path | None) -> None:
    """A wrong usage where one of *places* to write to is the desired *file*."""
    for place in places:
        if place is not None and Path(place).resolve() == Path(file).resolve():
            raise click.UsageError(
                f"{place} is the desired file, and would be lost: name another one."
            )
