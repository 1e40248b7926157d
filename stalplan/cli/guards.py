"""Options that guard something: set to nothing they are a mistake, never absent."""

import os

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
