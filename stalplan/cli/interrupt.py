"""Ctrl-C in two stages: finish the node in hand; then leave at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from stalplan.cli.terminal import Terminal
from stalplan.errors import Unfinished

SHOW_CURSOR = "\x1b[?25h"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def two_stages(terminal: Terminal) -> Iterator[Callable[[], bool]]:
    """Tells whether a stop was asked for. SIGTERM and SIGHUP count like Ctrl-C.

    The second one ends this process at once, without any tidying: the node in hand
    finishes by itself, and `stalplan recover` says what became of it. SIGHUP is never
    a second one: a terminal that is closed sends several. `nohup` stays in force.
    """
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGHUP:
            return
        if asked:
            _leave(terminal)
        asked = True
        _say(terminal, "Stopping after the node in hand. Once more: leave at once.")

    ours = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, on_signal) for number in ours}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(terminal: Terminal) -> None:
    cursor = SHOW_CURSOR if terminal.err.isatty() else ""  # a table may have hidden it
    detail = "Left at once, as asked. What was begun on a node ends there by itself."
    text = f"Error: {Unfinished.summary}\n\n{detail}\n\nHint: stalplan recover"
    _say(terminal, cursor + text)
    os._exit(Unfinished.exit_code)


def _say(terminal: Terminal, text: str) -> None:
    """Past the stream's buffer: a signal may come in the middle of a write to it."""
    with suppress(OSError):  # the terminal may be gone
        os.write(terminal.err.fileno(), f"{text}\n".encode())
