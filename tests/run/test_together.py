import threading
import time

import pytest

from stalplan.errors import NodeUnreachable, StalplanError
from stalplan.run.together import aside, beating, together

_PATIENCE = 60.0  # seconds; what is waited for comes at once


def test_each_item_comes_once_with_its_result() -> None:
    """In any order, paired with what was made of it."""
    assert {(n, n * n) for n in range(20)} == set(together(lambda n: n * n, range(20)))


def test_a_failure_is_a_result_too() -> None:
    """The others are not disturbed."""
    error = NodeUnreachable("gone")

    def work(n: int) -> int:
        if n == 1:
            raise error
        return n

    assert {0: 0, 1: error, 2: 2} == dict(together(work, [0, 1, 2]))


def test_what_is_no_failure_of_ours_is_raised() -> None:
    """A bug is not turned into an outcome."""
    with pytest.raises(ZeroDivisionError):
        list(together(lambda n: 1 // n, [0]))


def test_no_more_than_asked_for_are_worked_on_at_once() -> None:
    """And no fewer, where there is work for all."""
    lock, now, most = threading.Lock(), 0, 0
    full = threading.Barrier(3)

    def work(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(_PATIENCE)
        with lock:
            now -= 1

    list(together(work, range(9), at_once=3))

    assert 3 == most


def test_results_come_before_the_slowest_is_done() -> None:
    """Nobody waits for the last one to look at the first."""
    gate = threading.Event()

    def work(n: int) -> int:
        if n == 0:
            gate.wait(_PATIENCE)
        return n

    results = together(work, [0, 1])
    first = next(results)
    gate.set()

    assert ((1, 1), [(0, 0)]) == (first, list(results))


def test_begun_work_is_waited_for_when_the_caller_leaves() -> None:
    """No thread acts on a node afterwards; what had not begun is left out."""
    begun: list[int] = []
    done: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        if n:
            time.sleep(0.5)  # time for the caller to leave, on a busy machine too
        done.append(n)
        return n

    results = together(work, range(10), at_once=2)
    next(results)
    results.close()  # type: ignore[attr-defined] # it is a generator

    assert sorted(begun) == sorted(done)
    assert len(begun) < 10


def test_no_items_are_no_work() -> None:
    """Not even a thread."""
    results: list[tuple[int, int | StalplanError]] = list(together(abs, []))

    assert [] == results


def test_beats_go_on_while_the_block_runs() -> None:
    """And end with it."""
    beats = threading.Semaphore(0)

    with beating(beats.release, every=0.01):
        assert beats.acquire(timeout=_PATIENCE)
        assert beats.acquire(timeout=_PATIENCE)
    while beats.acquire(blocking=False):
        pass

    assert not beats.acquire(timeout=0.05)


def test_a_beat_that_fails_is_told_at_the_end() -> None:
    """Not swallowed, and not in the middle of what the block does."""
    beaten, ended = threading.Event(), []

    def fail() -> None:
        beaten.set()
        raise NodeUnreachable("gone")

    def run() -> None:
        with beating(fail, every=0.001):
            ended.append(beaten.wait(_PATIENCE))

    with pytest.raises(NodeUnreachable):
        run()

    assert [True] == ended


def test_the_blocks_own_failure_comes_first() -> None:
    """Whatever the beats did."""

    def run() -> None:
        with beating(lambda: None, every=10):
            raise NodeUnreachable("the block's")

    with pytest.raises(NodeUnreachable, match="the block's"):
        run()


def test_work_is_done_aside() -> None:
    """In its order, while the block runs, and is over when the block is left."""
    here = threading.Event()
    done: list[int] = []

    with aside() as other:
        other.submit(here.wait)
        for number in range(3):
            other.submit(done.append, number)
        assert [] == done
        here.set()

    assert [0, 1, 2] == done


def test_what_fails_aside_is_raised_where_it_is_asked_for() -> None:
    """What comes after it is done all the same."""
    with aside() as other:
        broken = other.submit(lambda: 1 // 0)
        whole = other.submit(lambda: 1 // 1)

    assert 1 == whole.result()
    with pytest.raises(ZeroDivisionError):
        broken.result()
