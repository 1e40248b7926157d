"""One program run to its end: how long, how much work, how much memory."""

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.delay import OPENED


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run took, in seconds; *memory* is bytes of the largest process.

    *trips* are a connection's round trips, the middle of all; 0 where none are counted.
    *of* is how many runs the figures are the middle of.
    """

    wall: float
    client: float
    server: float
    memory: int
    trips: float = 0.0
    of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a contestant is run with."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    codes: tuple[int, ...] = (0,)


class Failed(Exception):
    """A contestant did not do its work, so its time means nothing."""


def measured(told: Told, server: int, trips: Path | None = None) -> Run:
    """One run; *server* is the process id of the sshd that serves it.

    *trips* is where a delaying proxy tells the round trips of each connection.
    """
    if trips is not None:
        trips.write_text("")
    before, began = _of_server(server), time.monotonic()
    with subprocess.Popen(
        list(told.argv),
        env={"PATH": os.environ["PATH"], **told.environment},
        cwd=told.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode not in told.codes:
        end = said[-2000:].decode(errors="replace")
        raise Failed(f"{told.argv[0]} ended with {process.returncode}:\n{end}")
    return Run(
        wall=wall,
        client=used.ru_utime + used.ru_stime,
        server=_settled(server) - before,
        memory=used.ru_maxrss * 1024,
        trips=_middle(trips) if trips is not None else 0.0,
    )


def _middle(trips: Path) -> float:
    """Of all connections, once the last is over, which is after the program's end."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        lines = trips.read_text().split()
        counts = [int(line) for line in lines if line != OPENED]
        if counts and 2 * len(counts) == len(lines):
            return median(counts)
        time.sleep(0.02)
    raise Failed(f"{trips} tells of no connection, or of one that did not end")


def _of_server(pid: int) -> float:
    """Seconds of work of an sshd and of all sessions that it has ended."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def _settled(pid: int) -> float:
    """The same, once the last sessions are over: their work counts only then."""
    seen = _of_server(pid)
    end = time.monotonic() + 2
    while time.monotonic() < end and _has_children(pid):
        time.sleep(0.02)
    return max(seen, _of_server(pid))


def _has_children(pid: int) -> bool:
    return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().strip())


def medians(runs: Sequence[Run]) -> Run:
    """The middle of each figure by itself."""
    return Run(
        wall=median(run.wall for run in runs),
        client=median(run.client for run in runs),
        server=median(run.server for run in runs),
        memory=round(median(run.memory for run in runs)),
        trips=median(run.trips for run in runs),
        of=len(runs),
    )


def more_files() -> None:
    """Let this process and its children open as many files as the system lets them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
