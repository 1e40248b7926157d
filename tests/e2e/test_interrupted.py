"""The controller dies, or two of them meet: every node ends whole, recover ends it."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from nodes.waiting import wait_until

from e2e.cluster import Cluster, Shot
from e2e.configs import small
from e2e.conftest import MakeCluster

Record = Mapping[str, Any]
NODES = {
    name: f'id = {name[2]}\nhostname = "{name}.example.org"' for name in ("mx1", "mx2")
}
NOTHING = "No changes. The cluster matches stalplan.toml."


def seen(event: str, act: str, *, times: int = 1) -> Callable[[Sequence[Record]], bool]:
    """Whether the journal has *times* records of this event and act."""

    def is_so(journal: Sequence[Record]) -> bool:
        found = [
            record
            for record in journal
            if (record["event"], record.get("act")) == (event, act)
        ]
        return len(found) >= times

    return is_so


MOMENTS = {
    "as the run begins": bool,
    "while staging": seen("begin", "stage"),
    "when all is staged": seen("done", "stage"),
    "in the first node": seen("begin", "commit"),
    "between two nodes": seen("done", "commit"),
    "in the last node": seen("begin", "commit", times=2),
    "after the last node": seen("done", "commit", times=2),
}


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """A name to change on the first node, an id on the second.

    A hook of the second keeps the run from being over before it is killed.
    """
    cluster = cluster_of(small(1, hostname="a"), small(8, hostname="mx2.example.org"))
    held = NODES | {"mx2": f"{NODES['mx2']}\nservice.after_healthy = {holds(cluster)}"}
    cluster.want(nodes=held, after='[apply]\norder = ["mx1", "mx2"]')
    return cluster


def free(cluster: Cluster) -> Path:
    """The file for which a hook waits that holds()."""
    return cluster.folder / "free"


def holds(cluster: Cluster) -> str:
    """A hook that ends once there is the file free()."""
    waits = f"until [ -e '{free(cluster)}' ]; do sleep 0.1; done"
    return json.dumps(["sh", "-c", waits])


def killed(cluster: Cluster, moment: Callable[[Sequence[Record]], bool]) -> bool:
    """Apply, and kill -9 it at *moment*; False when it was over by then.

    Nothing holds() what comes later.
    """
    process = cluster.begin("apply", "--auto-approve")
    wait_until(
        lambda: process.poll() is not None or moment(cluster.journal()),
        60,
        "the moment",
    )
    process.kill()
    free(cluster).touch()
    done = cluster.collect(process)
    return done.code == -signal.SIGKILL


def goals(bases: Mapping[str, Shot]) -> dict[str, bytes]:
    """Every node's file as it should be in the end."""
    return {
        "mx1": bases["mx1"].data.replace(b'"a"', b'"mx1.example.org"'),
        "mx2": bases["mx2"].data.replace(b"node-id = 8", b"node-id = 2"),
    }


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_recover_ends_what_a_killed_apply_began(
    cluster: Cluster, moment: Callable[[Sequence[Record]], bool]
) -> None:
    """Plan warns, apply refuses with 8, recover goes on to the end, plan agrees."""
    bases = cluster.shots()
    wanted = goals(bases)
    assert killed(cluster, moment)

    refused = cluster.run("apply", "--auto-approve", code=8)
    planned = cluster.run("plan", code=None)
    recovered = cluster.run("recover", "--auto-approve")

    assert "Error: An apply is unfinished" in refused.err
    assert "Hint: stalplan recover" in refused.err
    assert planned.code == 0, planned.said
    assert "stalplan recover" in planned.err
    assert recovered.last.startswith("Recovered. Nodes: "), recovered.said
    assert recovered.last.endswith(", 0 unknown."), recovered.said
    cluster.is_whole(bases, wanted)
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last
    cluster.run("apply", "--auto-approve")
    assert wanted == {node.name: node.node.folder.read() for node in cluster.nodes}
    assert NOTHING == cluster.run("plan", "--detailed-exitcode").last
    for name in NODES:
        status = cluster.wait_ready(name)
        assert (int(name[2]), f"{name}.example.org") == (
            status["node_id"],
            status["hostname"],
        )


def test_recover_carries_the_rest_out(cluster: Cluster) -> None:
    """Forward: what was begun and what was not yet is all done in the end."""
    bases = cluster.shots()
    wanted = goals(bases)
    assert killed(cluster, MOMENTS["between two nodes"])

    recovered = cluster.run("recover", "--auto-approve")

    sentence = "Recovered. Nodes: 2 finished, 0 undone, 0 unknown."
    assert sentence == recovered.last, recovered.said
    assert wanted == {node.name: node.node.folder.read() for node in cluster.nodes}
    assert {name: bases[name].starts + 1 for name in NODES} == {
        node.name: node.starts() for node in cluster.nodes
    }
    assert NOTHING == cluster.run("plan").last


def test_another_machine_sees_the_lease(cluster: Cluster) -> None:
    """Elsewhere a dead run's leases are a run at work: 5, and recover is named."""
    bases = cluster.shots()
    assert killed(cluster, MOMENTS["between two nodes"])
    elsewhere = ("--state", str(cluster.folder / "elsewhere"))

    refused = cluster.run("apply", "--auto-approve", *elsewhere, code=5)
    planned = cluster.run("plan", *elsewhere)
    recovered = cluster.run("recover", "--auto-approve", *elsewhere)

    assert "Error: Another run holds the cluster" in refused.err
    assert "stalplan recover" in refused.err
    assert "Plan: " in planned.out
    assert recovered.last.startswith("Recovered. Nodes: "), recovered.said
    cluster.is_whole(bases, goals(bases))
    assert "0 unknown." in recovered.last


def test_an_expired_lease_is_an_unfinished_run(cluster_of: MakeCluster) -> None:
    """Once the lease has run out it is 8 everywhere, and plan warns."""
    cluster = cluster_of(small(1, hostname="a"), steady=None)
    cluster.want(nodes={"mx1": NODES["mx1"]}, after='[apply]\nlease = "10s"')
    assert killed(cluster, MOMENTS["when all is staged"])
    elsewhere = ("--state", str(cluster.folder / "elsewhere"))

    def expired() -> bool:
        refused = cluster.run("apply", "--auto-approve", *elsewhere, code=None)
        assert refused.code in (5, 8), refused.said
        return refused.code == 8

    wait_until(expired, 60, "the lease's end")
    planned = cluster.run("plan", *elsewhere)
    recovered = cluster.run("recover", "--auto-approve", *elsewhere)

    assert "Hint: stalplan recover" in planned.err
    assert recovered.last.endswith("0 unknown."), recovered.said
    cluster.run("apply", "--auto-approve", *elsewhere)


@contextlib.contextmanager
def held(cluster: Cluster) -> Iterator[None]:
    """While the block runs an apply is at work, as its hook holds() it."""
    process = cluster.begin("apply", "--auto-approve")
    try:
        at_work = seen("begin", "commit")
        wait_until(lambda: at_work(cluster.journal()), 60, "an apply at work")
        yield
        free(cluster).touch()
        done = cluster.collect(process)
        assert 0 == done.code, done.said
        assert done.last.startswith("Apply complete!")
    finally:
        free(cluster).touch()
        process.kill()
        process.wait()


def test_two_applies_at_once(cluster_of: MakeCluster) -> None:
    """The second finds the lock, or from elsewhere the leases: 5, nothing touched."""
    cluster = cluster_of(small(1, hostname="a"))
    mx1 = f"{NODES['mx1']}\nservice.after_healthy = {holds(cluster)}"
    cluster.want(nodes={"mx1": mx1})

    with held(cluster):
        here = cluster.run("apply", "--auto-approve", code=5)
        recover = cluster.run("recover", "--auto-approve", code=5)
        elsewhere = cluster.run(
            "apply", "--auto-approve", "--state", "elsewhere", code=5
        )

    assert "Error: Another run holds the cluster" in here.err
    for word in ("Lock Info:", "ID:", "Operation: apply", "Who:", "Created:"):
        assert word in here.err
    assert "Error: Another run holds the cluster" in recover.err
    assert "mx1" in elsewhere.err.partition("Error: Another run")[2]
    assert NOTHING == cluster.run("plan").last


POLITE = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@POLITE
def test_ctrl_c_finishes_the_node_in_hand(
    cluster: Cluster, number: signal.Signals
) -> None:
    """Once: the node in hand is finished, the others are left, exit 8."""
    cluster.steady = None  # the first node must still be in hand
    free(cluster).touch()
    bases = cluster.shots()
    process = cluster.begin("apply", "--auto-approve")
    at_work = MOMENTS["in the first node"]
    wait_until(lambda: at_work(cluster.journal()), 60, "an apply at work")

    process.send_signal(number)
    done = cluster.collect(process)

    assert 8 == done.code, done.said
    assert "Apply failed. Nodes: 1 done, 0 restored, 1 untouched, 0 unknown." == (
        done.last
    )
    assert bases["mx2"] == cluster["mx2"].shot()
    recovered = cluster.run("recover", "--auto-approve")
    assert recovered.last.startswith("Recovered. Nodes: "), recovered.said
    cluster.is_whole(bases, goals(bases))


def test_ctrl_c_twice_leaves_at_once(cluster_of: MakeCluster) -> None:
    """Twice: the command is gone, the node finishes by itself, recover tells so."""
    cluster = cluster_of(
        small(1, hostname="a"), environ={"mx1": {"STANDIN_SLOW_START": "3"}}
    )
    cluster.want(nodes={"mx1": NODES["mx1"]})
    process = cluster.begin("apply", "--auto-approve")
    stderr = process.stderr
    assert stderr is not None
    wait_until(lambda: "Stopping the server" in stderr.readline(), 60, "its work")

    process.send_signal(signal.SIGINT)
    wait_until(lambda: "Stopping after" in stderr.readline(), 60, "the first answer")
    process.send_signal(signal.SIGINT)
    done = cluster.collect(process)

    assert 8 == done.code, done.said
    recovered = cluster.run("recover", "--auto-approve")
    assert "Recovered. Nodes: 1 finished, 0 undone, 0 unknown." == recovered.last
    assert "mx1.example.org" == cluster.wait_ready("mx1")["hostname"]
    assert NOTHING == cluster.run("plan").last


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_before_anything_was_touched(
    cluster_of: MakeCluster, number: signal.Signals
) -> None:
    """While nodes are still read there is nothing to finish: exit 130."""
    cluster = cluster_of(small(1, hostname="a"))
    cluster.want(nodes={"mx1": NODES["mx1"]})
    cluster["mx1"].node.sshd.stop()
    port = cluster["mx1"].node.sshd.port
    silent = cluster.folder / "silent.py"
    silent.write_text(
        "import socket, time\n"
        f"server = socket.create_server(('127.0.0.1', {port}))\n"
        "print('up', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, silent], stdout=subprocess.PIPE) as mute:
        assert mute.stdout is not None
        mute.stdout.readline()
        process = cluster.begin("apply", "--auto-approve")
        assert process.stderr is not None
        process.stderr.readline()  # "Reading 1 node …"
        process.send_signal(number)
        done = cluster.collect(process)
        mute.kill()

    assert 130 == done.code, done.said
    assert not list(cluster.state.glob("runs/*"))


def test_the_lock_of_a_dead_run_is_free(cluster: Cluster) -> None:
    """The kernel lets the lock go with its process: 8 and not 5."""
    assert killed(cluster, MOMENTS["when all is staged"])

    done = cluster.run("apply", "--auto-approve", "--format", "json", code=8)

    assert 8 == json.loads(done.out)["error"]["exit_code"]
    cluster.run("recover", "--auto-approve")
