"""A random sample of faults on real systemd nodes."""

import random

import pytest

from faults.test_real import run_faults


@pytest.mark.systemd
@pytest.mark.timeout(300)
def test_a_sample_of_faults_under_systemd() -> None:
    """Detached by systemd-run, restarted by systemd, cut off from the power."""
    seed = random.randrange(1_000_000)  # pytest-randomly prints its own seed

    done = run_faults("--systemd", "--faults", "3", "--seed", str(seed))

    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"seeds {seed} to {seed + 2}\n" in done.stdout
    assert " faults held, 0 lost\n" in done.stdout
