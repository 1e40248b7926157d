"""Waiting for something true, and ports that nobody has."""

import secrets
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.01  # seconds; what is waited for takes some tens of milliseconds
_FIRST_PORT, _PORTS = 20_000, 12_000  # below the range of outgoing connections


def wait_until(
    condition: Callable[[], T], timeout: float = 10.0, what: str = "the condition"
) -> T:
    """The first true answer of *condition*, asked every ten milliseconds.

    Raises TimeoutError, which says *what* did not come, after *timeout* seconds.
    """
    end = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come true within {timeout:g} s")
        time.sleep(_PAUSE)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on.

    Drawn from the system's randomness: the plain generator has the same seed in
    every worker of a parallel run.
    """
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections on *port* of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
