"""Several nodes at once: the one module of the use cases that has threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

from stalplan.errors import StalplanError

AT_ONCE = 32

T = TypeVar("T")
R = TypeVar("R")


def together(
    work: Callable[[T], R], items: Sequence[T], *, at_once: int = AT_ONCE
) -> Iterator[tuple[T, R | StalplanError]]:
    """*work* on every item, at most *at_once* in parallel; pairs as they finish.

    A failure we can explain is a result like any other, so that one bad node never
    hides the rest. Leaving the loop early still waits for what has begun.
    """
    if not items:
        return
    with ThreadPoolExecutor(max_workers=min(at_once, len(items))) as pool:
        begun = {pool.submit(_tried, work, item): item for item in items}
        for future in as_completed(begun):
            yield begun[future], future.result()


def _tried(work: Callable[[T], R], item: T) -> R | StalplanError:
    try:
        return work(item)
    except StalplanError as error:
        return error


@contextmanager
def beating(act: Callable[[], None], *, every: float) -> Iterator[None]:
    """Call *act* each *every* seconds while the block runs, from another thread."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            act()

    thread = threading.Thread(target=beat, name="beating", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
