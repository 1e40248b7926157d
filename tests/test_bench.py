"""The benchmarks run; how long anything takes is asserted nowhere."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def bench(*argv: str) -> str:
    """What one benchmark prints."""
    done = subprocess.run(
        [sys.executable, "-m", *argv],
        check=True,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
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
    text = bench("bench", "--runs", "1", *sizes, "--only", *only)

    assert "### 2 nodes, loopback\n" in text
    assert "### 2 nodes, 20 ms of added round trip\n" in text
    assert 2 == text.count("| OpenSSH cat under xargs -P32 | ")
    assert 2 == text.count(" of it |")
