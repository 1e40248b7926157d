"""Many nodes read by one thread: each goes on when what it waits for has come."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from stalplan.errors import NodeUnreachable
from stalplan.transport.ssh_line import hang_up
from stalplan.transport.ssh_reading import (
    LeftToThread,
    Refused,
    Steps,
    Told,
    Wait,
)

K = TypeVar("K")

_PATIENCE = 1.0  # seconds of silence, after which a node holds up no other

End = Told | Refused | LeftToThread | NodeUnreachable
"""How one node's steps ended."""


@dataclass(slots=True, eq=False)
class _Job(Generic[K]):
    """One node on its way."""

    key: K
    steps: Steps
    wait: Wait | None = None
    heard: float = 0.0  # when it last went on


class Loop(Generic[K]):
    """Drives the steps of many nodes, named by keys. Other threads may only ring().

    At most *at_once* nodes are worked on: of those that took a connection, the ones
    that are not silent. So neither dead nodes nor slow ones hold up the others.
    """

    def __init__(self, *, at_once: int) -> None:
        self._at_once = at_once
        self._selector = selectors.DefaultSelector()
        self._jobs: set[_Job[K]] = set()
        self._working: set[_Job[K]] = set()
        self._queue: deque[_Job[K]] = deque()  # for a place among those
        self._ended: deque[tuple[K, End]] = deque()
        self._look_at = inf  # when somebody may have waited for too long
        self._bell, self._button = socket.socketpair()
        self._bell.settimeout(0)
        self._button.settimeout(0)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def start(self, key: K, steps: Steps) -> None:
        """Begin the steps of *key*."""
        job = _Job(key, steps)
        self._jobs.add(job)
        self._go_on(job)
        self._let_in()

    def ends(self) -> Iterator[tuple[K, End]]:
        """All that have ended until now, each told once."""
        while self._ended:
            yield self._ended.popleft()

    def ring(self) -> None:
        """Let turn() return; for other threads."""
        with suppress(OSError):  # it rings already, or nobody is there any more
            self._button.send(b"!")

    def turn(self) -> None:
        """Wait until there is something to do, or somebody rings, and do it."""
        wait = max(0.0, self._look_at - time.monotonic())
        for key, _ in self._selector.select(None if wait == inf else wait):
            if key.data is None:
                self._bell.recv(4096)
            else:
                self._go_on(key.data)
        self._end_late()
        self._let_in()

    def close(self) -> None:
        """Leave all where they are; what they opened is closed, asked for or not."""
        for job in self._jobs:
            job.steps.close()
        for _, end in self.ends():
            match end:
                case Told(line=line):
                    line.close()
                case Refused(transport=transport):
                    hang_up(transport)
        self._selector.close()
        self._bell.close()
        self._button.close()

    def _go_on(self, job: _Job[K], late: TimeoutError | None = None) -> None:
        job.heard = time.monotonic()
        try:
            wants = next(job.steps) if late is None else job.steps.throw(late)
        except StopIteration as over:
            self._end(job, over.value)
        except NodeUnreachable as error:
            self._end(job, error)
        else:
            self._attend(job, wants if isinstance(wants, Wait) else None)

    def _attend(self, job: _Job[K], wait: Wait | None) -> None:
        """Look after what *job* waits for: a line, or else a place."""
        before, job.wait = job.wait, wait
        if before is not None and (wait is None or wait.line is not before.line):
            self._selector.unregister(before.line)
            before = None
        if wait is None:
            self._queue.append(job)
            return
        self._look_at = min(self._look_at, wait.until)
        events = selectors.EVENT_READ | selectors.EVENT_WRITE * wait.writing
        if before is None:
            self._selector.register(wait.line, events, job)
        elif before.writing != wait.writing:
            self._selector.modify(wait.line, events, job)

    def _end(self, job: _Job[K], end: End) -> None:
        if job.wait is not None:
            self._selector.unregister(job.wait.line)
        self._jobs.discard(job)
        self._working.discard(job)
        self._ended.append((job.key, end))

    def _end_late(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = inf
        for job in [job for job in self._jobs if job.wait and job.wait.until <= now]:
            self._go_on(job, TimeoutError())
        untils = (job.wait.until for job in self._jobs if job.wait)
        self._look_at = min(self._look_at, *untils, inf)

    def _let_in(self) -> None:
        while self._queue and self._has_place():
            job = self._queue.popleft()
            self._working.add(job)
            self._go_on(job)

    def _has_place(self) -> bool:
        if len(self._working) < self._at_once:
            return True
        now = time.monotonic()
        heard = [job.heard for job in self._working if now - job.heard < _PATIENCE]
        if len(heard) < self._at_once:
            return True
        self._look_at = min(self._look_at, min(heard) + _PATIENCE)
        return False
