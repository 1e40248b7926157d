"""A random sample of faults on real OpenSSH servers and real processes."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def run_faults(*argv: str) -> "subprocess.CompletedProcess[str]":
    """The program as `make faults` starts it."""
    places = [str(TESTS.parent), str(TESTS)]
    return subprocess.run(
        [sys.executable, "-m", "faults", *argv],
        check=False,
        capture_output=True,
        text=True,
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )


@pytest.mark.timeout(300)
def test_a_sample_of_random_faults() -> None:
    """Nothing is lost; the seeds that are printed repeat what was."""
    seed = random.randrange(1_000_000)  # pytest-randomly prints its own seed

    done = run_faults("--faults", "6", "--seed", str(seed), "--seconds", "30")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"seeds {seed} to {seed + 5}\n" in done.stdout
    assert " faults held, 0 lost\n" in done.stdout
