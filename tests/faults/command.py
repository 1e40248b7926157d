"""The real command line as a process of its own, which waits at one of its points.

Forked, not started anew: a python that has loaded everything saves most of the time
that a short command takes. What runs is `main`, with its own environment, folder,
streams and signals; it can be killed, stopped and left for dead like any process.
"""

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faults.points import AgentPoint, Points, install
from stalplan.cli.main import main

# Loaded once, for all children.
import stalplan.cli.apply  # isort: skip
import stalplan.cli.plan
import stalplan.cli.recover
import stalplan.transport.ssh  # noqa: F401 - as above

gc.freeze()  # what is loaded here need not be gone through again in each child


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The machine that a command runs on: its folder, which holds all it writes."""

    folder: Path
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Where a command is to wait: at a point of its own, or of a node's script."""

    at: int = 0
    agent: AgentPoint | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """One command that has ended; *code* is negative where a signal ended it."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str
    points: tuple[str, ...] = ()  # the names of those that it passed

    @property
    def last(self) -> str:
        """The last line of stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    def __str__(self) -> str:
        line = " ".join(self.argv)
        return f"$ {line}\n{self.out}--- err\n{self.err}--- exit {self.code}"


class Command:
    """A command that runs. poll() it until it has ended."""

    def __init__(
        self, where: Where, argv: Sequence[str], numbered: Numbered, *, steady: float
    ) -> None:
        self._steady = steady
        self.argv = tuple(argv)
        self._where = where
        self._stem = where.folder / f".command-{time.monotonic_ns()}"
        self._told, told = os.pipe()
        go, self._go = os.pipe()
        os.set_blocking(self._told, False)
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            self._become(numbered, told, go)
        os.close(told)
        os.close(go)
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status once it has ended; negative: the signal that ended it."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
                os.close(self._told)
                os.close(self._go)
        return self._status

    def waits_at(self) -> str:
        """The name of the point at which it waits, once; else nothing."""
        if self._status is not None:
            return ""
        try:
            return os.read(self._told, 1000).decode().strip()
        except BlockingIOError:
            return ""

    def go(self) -> None:
        """Let it go on."""
        if self.poll() is None:
            with suppress(BrokenPipeError):
                os.write(self._go, b"!")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def done(self) -> Done:
        """What it said. Only once it has ended."""
        assert self._status is not None
        files = [self._file(kind) for kind in ("out", "err", "points")]
        out, err, points = (file.read_text() for file in files)
        for file in files:
            file.unlink()
        return Done(self.argv, self._status, out, err, tuple(points.splitlines()))

    def _file(self, kind: str) -> Path:
        return self._stem.with_suffix(f".{kind}")

    def _become(self, numbered: Numbered, told: int, go: int) -> None:
        """Never returns: from here on this is the command's process."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            for number, kind in ((1, "out"), (2, "err")):
                os.dup2(os.open(self._file(kind), flags, 0o600), number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            trace = os.open(self._file("points"), flags, 0o600)
            os.environ.clear()
            os.environ.update(self._where.environ)
            os.chdir(self._where.folder)
            install(
                Points(numbered.at, trace, told, go),
                numbered.agent,
                steady=self._steady,
            )
            code = main(self.argv)
        except BaseException:  # noqa: BLE001 - as python's own last resort
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
