"""Work that many threads ask for and one of them does."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Once(Generic[K, V]):
    """Results by key; each is made once, and whoever else asks meanwhile waits.

    A failure is shared by all who wait for it and then forgotten: three hundred
    nodes behind a dead jump host wait for one timeout, and a later ask tries again.
    """

    def __init__(self) -> None:
        self._made: dict[K, Future[V]] = {}
        self._lock = Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result for *key*; raises what *make* raised, for every asker."""
        with self._lock:
            known = self._made.get(key)
            future = known or self._made.setdefault(key, Future())
        if known is None:
            try:
                future.set_result(make())
            except BaseException as error:
                with self._lock:
                    del self._made[key]
                future.set_exception(error)
                raise
        return future.result()

    def put(self, key: K, value: V) -> None:
        """Have *value* for *key*, as if it had just been made."""
        future: Future[V] = Future()
        future.set_result(value)
        with self._lock:
            self._made[key] = future

    def __contains__(self, key: K) -> bool:
        """Whether *key* is made, or somebody is making it."""
        with self._lock:
            return key in self._made

    def forget(self, key: K, value: V) -> None:
        """Make *key* anew next time, if *value* is still what it has."""
        with self._lock:
            future = self._made.get(key)
            if future and future.done() and future.result() is value:
                del self._made[key]

    def values(self) -> list[V]:
        """All results there are."""
        with self._lock:
            return [f.result() for f in self._made.values() if f.done()]
