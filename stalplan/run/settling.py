"""The wait between two steps: `apply.settle`."""

from collections.abc import Callable

from stalplan.ports import Clock, Reporter

_LOOK_EVERY = 0.2  # seconds between two looks whether a stop was asked for


def settle(
    seconds: float, *, clock: Clock, reporter: Reporter, stop_asked: Callable[[], bool]
) -> None:
    """Let the nodes of a step settle before those of the next are stopped.

    Ends sooner where a stop is asked for: no node is in hand.
    """
    if seconds <= 0:
        return
    reporter.note(f"Waiting {seconds:g} s before the next step (apply.settle).")
    left = seconds
    while left > 0 and not stop_asked():
        part = min(left, _LOOK_EVERY)
        clock.sleep(part)
        left -= part
