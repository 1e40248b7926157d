"""The table of `stalplan status`, whole or redrawn."""

import io
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from stalplan.cli.terminal import harmless
from stalplan.planning.status import NodeStatus
from stalplan.render.status import cells_of, notes_of

if TYPE_CHECKING:
    from rich.table import Table

_WIDTH = 80


def status_text(statuses: Sequence[NodeStatus]) -> str:
    """The table, and below it what is worth a sentence."""
    from rich.console import Console  # noqa: PLC0415 - only where it is seen

    out = io.StringIO()
    console = Console(file=out, width=_WIDTH, no_color=True, highlight=False)
    console.print(status_table(statuses))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    notes = [_wrapped(note) for status in statuses for note in notes_of(status)]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _wrapped(note: str) -> str:
    return "\n".join(
        wrap(note, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    )


def status_table(statuses: Sequence[NodeStatus]) -> "Table":
    """A row for each node."""
    from rich.table import Table  # noqa: PLC0415 - only where it is seen
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("NODE", no_wrap=True)
    table.add_column("REACHED", justify="right", no_wrap=True)
    table.add_column("RELEASE", no_wrap=True)
    table.add_column("ID", justify="right", no_wrap=True)
    table.add_column("HOSTNAME", overflow="fold")
    table.add_column("SERVER", overflow="fold")
    table.add_column("APPLIED", no_wrap=True)
    for status in statuses:
        table.add_row(*(Text(harmless(cell)) for cell in cells_of(status)))
    return table
