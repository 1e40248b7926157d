"""`stalplan inspect`: what a server would read from a config.toml, offline."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stalplan.cli.app import App
from stalplan.cli.inspection import Inspection, inspected
from stalplan.cli.options import Command, common
from stalplan.stalwart.releases import Release, ServerVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 16 << 20  # what is read of one file; a config file has at most 1 MiB


class _Version(click.ParamType[ServerVersion]):
    """A release line or a patch release."""

    name = "release"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> ServerVersion:
        if isinstance(value, ServerVersion):
            return value
        try:
            return ServerVersion.parse(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


@click.command("inspect", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--release",
    "version",
    type=_Version(),
    default=Release.V0_15.value,
    show_default=True,
    help="The server's release: a line, or a patch release such as 0.13.0.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What goes to stdout; json is one object per file, a line each.",
)
@click.option(
    "--show-values",
    is_flag=True,
    help="Show every key and its text, passwords too.",
)
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    files: tuple[str, ...],
    version: ServerVersion,
    form: str,
    show_values: bool,
    file: str | None,  # noqa: ARG001 - common to all commands
    state: str | None,  # noqa: ARG001 - common to all commands
) -> int:
    """Show what a server would read from a config.toml

    Reads each FILE by the server's own rules, which are not TOML's, and tells what
    that server would run with and what is wrong. `-` reads standard input. Needs no
    network and no stalplan.toml.

    \b
    Examples:
      stalplan inspect /opt/stalwart/etc/config.toml
      stalplan inspect --release 0.13.0 --format json mx*.toml
      ssh mx1 cat /opt/stalwart/etc/config.toml | stalplan inspect -

    Exits 0 if every file was read; 1 if the server would refuse one.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    refused = False
    for result in _inspect(app, files, version):
        refused = refused or result.refused is not None
        if form == "json":
            document = result.document(show_values=show_values)
            app.terminal.write_raw(json.dumps(document, sort_keys=True) + "\n")
        else:
            app.terminal.write(result.text(show_values=show_values))
    return 1 if refused else 0


def _inspect(
    app: App, files: tuple[str, ...], version: ServerVersion
) -> "Iterator[Inspection]":
    for name in files:
        try:
            data = _bytes_of(app, name)
        except OSError as error:
            yield Inspection.unread(name, version, error.strerror or "can't be read")
            continue
        if len(data) > MOST_BYTES:
            yield Inspection.unread(name, version, "over 16 MiB, and not read")
        else:
            yield inspected(name, data, version)


def _bytes_of(app: App, name: str) -> bytes:
    """Raises OSError."""
    if name != "-":
        with Path(name).open("rb") as handle:
            return handle.read(MOST_BYTES + 1)
    stream = getattr(app.terminal.inp, "buffer", None)
    if stream is None:  # a text stream of a test
        return app.terminal.inp.read().encode()
    data: bytes = stream.read(MOST_BYTES + 1)
    return data
