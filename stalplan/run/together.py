"""Several nodes at once: the one place in `run` where threads are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

from stalplan.errors import StalplanError

T = TypeVar("T")
R = TypeVar("R")


def together(
    work: Callable[[T], R], items: Sequence[T], *, at_once: int = 32
) -> Iterator[tuple[T, R | StalplanError]]:
    """Each item with its result or its failure, in the order they come.

    At most *at_once* are worked on. Work that has begun is always waited for, also
    when the caller leaves early or *work* raises what is no StalplanError: a caller
    that goes on must not find a thread still acting on a node. What has not begun is
    then left out.
    """
    if not items:
        return
    with ThreadPoolExecutor(min(at_once, len(items)), "together") as pool:
        running = {pool.submit(work, item): item for item in items}
        try:
            for done in as_completed(running):
                try:
                    result: R | StalplanError = done.result()
                except StalplanError as error:
                    result = error
                yield running[done], result
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def all_of(results: Iterable[tuple[T, R | StalplanError]]) -> list[R]:
    """Every result, once all are over; or the first failure that came is raised."""
    found: list[R] = []
    failures: list[StalplanError] = []
    for _, result in results:
        if isinstance(result, StalplanError):
            failures.append(result)
        else:
            found.append(result)
    if failures:
        raise failures[0]
    return found


def aside() -> Executor:
    """Does what it is given while a block runs, one after the other, in their order.

    Leaving the block waits for it all. What a piece raised is raised by its result().
    """
    return ThreadPoolExecutor(1, "aside")


@contextmanager
def beating(work: Callable[[], None], *, every: float) -> Iterator[None]:
    """Do *work* again and again while the block runs, *every* so many seconds.

    The first time is after *every* seconds. Leaving the block waits for work that has
    begun; what it raised ends the beating and is raised then.
    """
    over = Event()

    def beat() -> None:
        while not over.wait(every):
            work()

    with ThreadPoolExecutor(1, "beating") as pool:
        beats = pool.submit(beat)
        try:
            yield
        finally:
            over.set()
        beats.result()
