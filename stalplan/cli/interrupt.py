"""Ctrl-C in two stages: finish the node in hand; then leave at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from stalplan.cli.terminal import Terminal
from stalplan.errors import Unfinished

SHOW_CURSOR = "\x1b[?25h"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def two_stages(terminal: Terminal) -> Iterator[Callable[[], bool]]:
    """Tells whether a stop was asked for. SIGTERM counts like Ctrl-C.

    The second one ends this process at once, without any tidying: the node in hand
    finishes by itself, and `stalplan recover` says what became of it.
    """
    asked = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            _leave(terminal)
        asked = True
        _say(terminal, "Stopping after the node in hand. Once more: leave at once.")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
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
    os.write(terminal.err.fileno(), f"{text}\n".encode())
