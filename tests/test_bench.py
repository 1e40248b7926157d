"""The benchmarks run; how long anything takes is asserted nowhere."""

import os
import subprocess
import sys
from pathlib import Path

from bench.delay import Trips

TESTS = Path(__file__).parent


def bench(*argv: str) -> str:
    """What one benchmark prints."""
    done = subprocess.run(
        [sys.executable, "-m", *argv],
        check=True,
        env=os.environ | {"PYTHONPATH": f"{TESTS}:{TESTS / 'transport'}"},
        capture_output=True,
        text=True,
    )
    assert "" == done.stderr
    return done.stdout


def test_planning_is_measured() -> None:
    """A row for each size, and what several clusters take."""
    text = bench("bench.planning", "--nodes", "3", "--runs", "1", "--clusters", "1")

    assert "\n| 3 | 0." in text
    assert "1 clusters of 500 nodes: " in text


def test_reading_is_measured() -> None:
    """Ours beside OpenSSH's client, on loopback and through a long way."""
    only = ["stalplan plan", "OpenSSH cat under xargs -P32"]
    sizes = ["--nodes", "2", "--delayed-nodes", "2", "--delays", "0", "20"]
    sizes += ["--at-once", "2"]
    text = bench("bench", "--runs", "1", "--no-sick", *sizes, "--only", *only)

    assert "| stalplan plan takes | 2 | 2 at 20 ms |\n" in text
    assert "### 2 nodes, loopback\n" in text
    assert "### 2 nodes, 20 ms of added round trip\n" in text
    assert 2 == text.count("| OpenSSH cat under xargs -P32 | ")
    assert 2 == text.count(" of it |")
    assert "| seconds of a plan | 4 | 8 | 16 | 32 | 64 |\n" in text
    assert 1 == text.count("\n| loopback | ")
    assert 1 == text.count("\n| 20 ms of added round trip | ")


def test_round_trips_are_counted() -> None:
    """Both greet at once; then one question and one answer at a time."""
    trips = Trips()

    greeting, greeted = trips.sent(), trips.answered()
    trips.arrived(greeting)
    trips.returned(greeted)
    assert 1 == trips.to_last_byte  # it did not wait for ours

    trips.returned(trips.answered())
    assert 2 == trips.to_last_byte

    first, ahead = trips.sent(), trips.sent()
    trips.arrived(first)
    trips.arrived(ahead)
    trips.returned(trips.answered())
    assert 3 == trips.to_last_byte  # sent ahead of the answer, it costs no trip more

    trips.sent()
    assert 3 == trips.to_last_byte  # nobody answers a farewell
