"""The options of `stalplan import`: one for each key of [ssh] and [service]."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

import click

from stalplan.model.desired.descriptions import DESCRIPTIONS
from stalplan.model.desired.fields import Reader, Unfit
from stalplan.model.desired.nodes import SSH_KEYS
from stalplan.model.desired.service import SERVICE_KEYS
from stalplan.model.desired.shapes import shape_of
from stalplan.model.rewriting.writing import Value

TABLES = {"ssh": SSH_KEYS, "service": SERVICE_KEYS}


class Setting(click.ParamType[Value]):
    """A value as the desired file would have it, checked as it would be there.

    A command is one text, quoted as in a shell.
    """

    name = "setting"

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.kind = shape_of(reader).get("type", "string")

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Value:
        """The value as TOML has it; the reader's own complaint where it is wrong."""
        try:
            found = self._value(value) if isinstance(value, str) else value
            self.reader(found)
        except Unfit as error:
            self.fail(f"It {error.what}.", param, ctx)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)
        return found

    def _value(self, text: str) -> Value:
        """Raises ValueError for a quote that isn't closed."""
        if self.kind == "array":
            return shlex.split(text)
        if self.kind == "integer" and text.isdecimal():
            return int(text)
        if "boolean" in self.kind and text in ("true", "false"):
            return text == "true"
        return text


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--ssh-user` and so on, in the order of the desired file's tables."""
    every = [(table, key) for table, keys in TABLES.items() for key in keys]
    for table, key in reversed(every):
        reader = TABLES[table][key]
        option = f"--{table}-{key}".replace("_", "-")
        setting = Setting(reader)
        if setting.kind == "boolean":
            decorate = click.option(
                option, is_flag=True, default=None, help=_help(table, key)
            )
        else:
            decorate = click.option(
                option,
                type=setting,
                metavar="ARGV" if setting.kind == "array" else key.upper(),
                help=_help(table, key),
            )
        command = decorate(command)
    return command


def _help(table: str, key: str) -> str:
    return DESCRIPTIONS[f"{table}.{key}"]


def settings_of(table: str, given: Mapping[str, Value | None]) -> dict[str, Value]:
    """The keys of one table that were given on the command line."""
    found = {key: given[f"{table}_{key}"] for key in TABLES[table]}
    return {key: value for key, value in found.items() if value is not None}
