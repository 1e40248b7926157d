"""Progress: a live table for people, plain lines for logs."""

import io

import pytest

from stalplan.cli import progress as module
from stalplan.cli.progress import progress
from stalplan.cli.terminal import Terminal
from stalplan.names import NodeName


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is not, but nobody can tell."""
        return True


def told(err: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    now = iter(range(100, 10_000, 7))
    monkeypatch.setattr(
        "stalplan.cli.progress.time.monotonic", lambda: float(next(now))
    )
    terminal = Terminal(out=io.StringIO(), err=err, environ={"TERM": "xterm"})
    with progress(terminal) as reporter:
        reporter.node(NodeName("mx1"), "Stopping the server.")
        reporter.node(NodeName("mx2"), "staging \x1b[2J")
        reporter.note("Taking back what was done.")
        if isinstance(reporter, module.LiveReporter):
            reporter.live.refresh()
    return err.getvalue()


def test_a_terminal_has_a_row_per_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is doing and for how long; a note stays above; nothing steers it."""
    text = told(Screen(), monkeypatch)

    assert "Stopping the server." in text
    assert "s" == text.split("Stopping the server.")[1].split()[0][-1]
    assert "Taking back what was done." in text
    assert "\x1b[2J" not in text.replace("\\x1b[2J", "")


def test_a_log_has_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line an event, in the order in which they came."""
    text = told(io.StringIO(), monkeypatch)

    assert (
        "mx1: Stopping the server.\nmx2: staging \\x1b[2J\nTaking back what was done.\n"
    ) == text
