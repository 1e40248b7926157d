"""Waiting for something true, and ports that nobody has."""

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.01  # seconds; what is waited for takes some tens of milliseconds
_FIRST_PORT = 20_000  # up to 32,000: below the range of outgoing connections
_BLOCK, _BLOCKS = 100, 120


def wait_until(
    condition: Callable[[], T], timeout: float = 60.0, what: str = "the condition"
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
    """A TCP port of 127.0.0.1 that nothing listens on, and no other test is given.

    A node keeps its port while its server is down, so looking whether a port is free
    is not enough where several processes test at once.
    """
    while True:
        port = next(_ports)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _all_ports() -> Iterator[int]:
    """Block after block; each is ours until this process ends.

    Whoever holds a block's first port owns the block. Drawn from the system's
    randomness: the plain generator has the same seed in every worker.
    """
    while True:
        first = _FIRST_PORT + _BLOCK * secrets.randbelow(_BLOCKS)
        owner = socket.socket()
        try:
            owner.bind(("127.0.0.1", first))
        except OSError:
            owner.close()
            continue
        owner.detach()  # open as long as this process lives
        yield from range(first + 1, first + _BLOCK)


_ports = _all_ports()


def answers(port: int) -> bool:
    """Whether something accepts connections on *port* of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(10.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
