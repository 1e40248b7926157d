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
        terminal.say("Stopping after the node in hand. Once more: leave at once.")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(terminal: Terminal) -> None:
    if terminal.err.isatty():
        terminal.err.write(SHOW_CURSOR)  # a live table may have hidden it
    terminal.error(
        Unfinished.summary,
        "Left at once, as asked. What was begun on a node ends there by itself.",
        "stalplan recover",
    )
    os._exit(Unfinished.exit_code)
