"""Progress on stderr: a live table for people, plain lines for logs."""

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stalplan.cli.terminal import Terminal, harmless
from stalplan.names import NodeName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from stalplan.ports import Reporter

ROWS = 20  # a live table longer than the screen would flicker


class PlainReporter:
    """One line an event, as a log wants it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def node(self, node: NodeName, text: str) -> None:
        """`mx1: stop`."""
        self._terminal.say(f"{node}: {text}")

    def note(self, text: str) -> None:
        """The line as it is."""
        self._terminal.say(text)


class LiveReporter:
    """A table that is redrawn: what each node is doing, and for how long."""

    def __init__(self, terminal: Terminal) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where it is seen
        from rich.live import Live  # noqa: PLC0415 - as above

        console = Console(
            file=terminal.err,
            stderr=True,
            no_color=not terminal.colours(terminal.err),
            highlight=False,
        )
        self._doing: dict[NodeName, tuple[str, float]] = {}
        self._several = threading.Lock()
        self.live = Live(
            console=console,
            get_renderable=self._table,
            transient=True,
            refresh_per_second=8,
        )

    def node(self, node: NodeName, text: str) -> None:
        """Replace the node's row."""
        with self._several:
            self._doing.pop(node, None)  # the newest stands last
            self._doing[node] = (harmless(text), time.monotonic())

    def note(self, text: str) -> None:
        """A line above the table, which stays."""
        self.live.console.print(harmless(text), markup=False)

    def _table(self) -> "Table":
        from rich.table import Table  # noqa: PLC0415 - as above

        table = Table(box=None, show_header=False, padding=(0, 1))
        with self._several:
            rows = list(self._doing.items())[-ROWS:]
        for node, (text, since) in rows:
            seconds = f"{time.monotonic() - since:.0f}s"
            table.add_row(f"  {node}", text.replace("[", r"\["), seconds)
        return table


@contextmanager
def progress(terminal: Terminal) -> "Iterator[Reporter]":
    """A reporter for the length of the block; its table is gone afterwards."""
    if not terminal.err.isatty():
        yield PlainReporter(terminal)
        return
    reporter = LiveReporter(terminal)
    with reporter.live:
        yield reporter
