"""Whoever reads what apply says goes away: the run itself is not their affair."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nodes.waiting import wait_until

from e2e.cluster import Cluster
from e2e.configs import small
from e2e.conftest import MakeCluster

NODES = {f"mx{n}": f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2)}
NOTHING = "No changes. The cluster matches stalplan.toml."


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Two nodes that get a name each, one after the other."""
    configs = small(1, hostname="a"), small(2, hostname="b")
    cluster = cluster_of(*configs, steady=None)  # there must be time to go away
    cluster.want(nodes=NODES, after='[apply]\norder = ["mx1", "mx2"]')
    return cluster


def at_work(cluster: Cluster) -> bool:
    """Whether the first node's transaction was begun."""
    return any(record.get("act") == "commit" for record in cluster.journal())


def test_a_reader_that_goes_away_ends_no_run(cluster: Cluster) -> None:
    """Both pipes are broken in the first node: the run is carried out, with 0."""
    process = cluster.begin("apply", "--auto-approve")
    assert process.stdout is not None
    assert process.stderr is not None
    wait_until(lambda: at_work(cluster), 60, "an apply at work")

    process.stdout.close()
    process.stderr.close()

    assert 0 == process.wait(120)
    assert NOTHING == cluster.run("plan").last
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last


def test_a_closed_terminal_is_a_stop(cluster: Cluster) -> None:
    """Its hangups, and nobody to tell: the node in hand is finished, then exit 8."""
    process = cluster.begin("apply", "--auto-approve")
    assert process.stdout is not None
    assert process.stderr is not None
    wait_until(lambda: at_work(cluster), 60, "an apply at work")

    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)

    assert 8 == process.wait(120)
    elsewhere = ("--state", str(cluster.folder / "elsewhere"))
    recovered = cluster.run("recover", "--auto-approve", *elsewhere)
    assert "Recovered. Nodes: 2 finished, 0 undone, 0 unknown." == recovered.last
    assert "taken over" not in recovered.err  # the leases were let go
    assert NOTHING == cluster.run("plan").last


def test_a_hangup_under_nohup_is_none(cluster: Cluster) -> None:
    """Where it is ignored it stays so: the run goes on to its end."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = cluster.begin("apply", "--auto-approve")
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_until(lambda: at_work(cluster), 60, "an apply at work")

    process.send_signal(signal.SIGHUP)
    done = cluster.collect(process)

    assert 0 == done.code, done.said
    assert done.last.startswith("Apply complete!")


def test_a_full_disk_takes_no_output(cluster_of: MakeCluster) -> None:
    """A plan that can't be printed is 1; a run that is over keeps its own code."""
    cluster = cluster_of(small(1, hostname="a"))
    cluster.want(nodes={"mx1": NODES["mx1"]})
    cluster.run("plan", "--out", "a.plan")

    planned = into_full(cluster, "plan")
    applied = into_full(cluster, "apply", "a.plan")

    assert 1 == planned.returncode
    assert "Error: The output can't be written\n\nNo space left" in planned.stderr
    assert "Traceback" not in planned.stderr + applied.stderr
    assert 0 == applied.returncode
    assert applied.stderr.rstrip().rpartition("\n")[2].startswith("Apply complete!")


def into_full(cluster: Cluster, *argv: str) -> "subprocess.CompletedProcess[str]":
    """Run one command line with its results going to a disk that is full."""
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [sys.executable, "-m", "stalplan", *argv],
            cwd=cluster.folder,
            env=cluster.environ(),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
