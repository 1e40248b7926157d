"""The benchmarks run; how long anything takes is asserted nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
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


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([("sent", 0.0), ("answered", 0.1)], 2),
        ([("sent", 0.0), ("sent", 0.01), ("answered", 0.1)], 2),
        ([("sent", 0.0), ("answered", 0.1), ("sent", 0.2), ("answered", 0.3)], 3),
        ([("sent", 0.0), ("answered", 0.1), ("sent", 0.2)], 2),
    ],
)
def test_round_trips_are_counted(
    moments: list[tuple[str, float]], expected: int
) -> None:
    """With the TCP handshake, up to the last byte that the server sends."""
    trips = Trips(0.1, begun=-1.0)

    for what, at in moments:
        getattr(trips, what)(at)

    assert expected == trips.to_last_byte
