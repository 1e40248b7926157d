"""`stalplan status` on real nodes."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from e2e.cluster import Cluster
from e2e.configs import WRITTEN_BY_BOTH, WRITTEN_BY_HAND, WRITTEN_BY_SERVER
from e2e.conftest import MakeCluster

NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
    "mx3": 'id = 3\nhostname = "mx3.example.org"',
}


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Three nodes of three shapes, never applied."""
    cluster = cluster_of(WRITTEN_BY_SERVER, WRITTEN_BY_HAND, WRITTEN_BY_BOTH)
    cluster.want('coordinator = "redis"', nodes=NODES)
    return cluster


def status(cluster: Cluster, *argv: str, code: int = 0) -> dict[str, Any]:
    """The nodes in the JSON of one `stalplan status`."""
    done = cluster.run("status", "--format", "json", *argv, code=code)
    nodes: dict[str, Any] = json.loads(done.out)["nodes"]
    return nodes


def test_what_runs_and_what_is_written(cluster: Cluster) -> None:
    """Each row tells what the process began with, not what the file says by now."""
    before = status(cluster)
    text = cluster["mx2"].text().replace("node-id = 2", "node-id = 7")
    cluster["mx2"].config.write_text(text, "utf-8")
    edited = status(cluster)
    said = cluster.run("status")

    assert {"mx1": 1, "mx2": 2, "mx3": 9} == {
        name: node["id"] for name, node in before.items()
    }
    assert {"as written"} == {node["running"] for node in before.values()}
    assert {"0.15.5"} == {node["server_version"] for node in before.values()}
    assert all(node["milliseconds"] > 0 for node in before.values())
    assert before["mx2"]["hostname"] == "old.example.org"
    assert before["mx1"]["roles"]["purge.stores"] == "off"
    assert edited["mx2"]["running"] in ("otherwise", "unknown")
    assert max(map(len, said.out.splitlines())) <= 80
    assert "mx1: " in said.out


def test_applied_and_stopped(cluster: Cluster) -> None:
    """The last apply is told of each node, and a server that is down."""
    cluster.run("apply", "--auto-approve")
    cluster["mx3"].node.folder.stop()

    nodes = status(cluster)
    said = cluster.run("status").out

    assert "mx3 is stopped; with its file: every role but" in " ".join(said.split())
    assert all(node["applied_at"] and node["plan"] for node in nodes.values())
    assert ["as written", "as written", "stopped"] == [
        node["running"] for node in nodes.values()
    ]
    assert (None, []) == (nodes["mx1"]["lease"], nodes["mx1"]["unfinished"])


def test_a_node_that_is_not_reached_has_a_row(cluster: Cluster) -> None:
    """Its cause is told, the others are as they are, and the exit code is 4."""
    cluster.know_hosts("mx2")

    nodes = status(cluster, code=4)

    assert not nodes["mx2"]["reached"]
    assert "known_hosts" in nodes["mx2"]["error"] or "key" in nodes["mx2"]["error"]
    assert nodes["mx1"]["reached"]


def with_api(cluster: Cluster, password: str) -> None:
    """Ask mx1's settings API of every node; only mx1 has it at that address."""
    (cluster.folder / "password").write_text(f"{password}\n", "utf-8")
    url = f"http://127.0.0.1:{cluster['mx1'].http}"
    api = f'[api]\nurl = "{url}"\nuser = "admin"\npassword = {{ file = "password" }}\n'
    cluster.want(nodes={"mx1": NODES["mx1"]}, after=api)


def test_the_running_server_is_asked(cluster: Cluster) -> None:
    """With [api] the values in the server's memory are compared with the file's."""
    with_api(cluster, "CANARY-admin")
    same = status(cluster)["mx1"]["api"]
    text = cluster["mx1"].text().replace("node-id = 1", "node-id = 5")
    cluster["mx1"].config.write_text(text, "utf-8")
    other = status(cluster)["mx1"]["api"]
    said = cluster.run("status")

    assert {"differs": [], "problem": None} == same
    assert {"differs": ["cluster.node-id"], "problem": None} == other
    assert "mx1 holds other settings than its file: cluster.node-id" in said.out
    (cluster.folder / "password").unlink()  # the one place here where it may stand
    cluster.no_secret_was_kept()


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("not-it", "refuses that user and password"),
        ("", "not asked, for want of the file"),
    ],
)
def test_a_password_that_is_refused(
    cluster: Cluster, password: str, problem: str
) -> None:
    """What keeps the API from answering is told, and is no failure of status."""
    with_api(cluster, password)

    api = status(cluster)["mx1"]["api"]

    assert problem in api["problem"]


def test_watching_needs_a_terminal(cluster: Cluster) -> None:
    """Without a terminal there is nothing to redraw."""
    assert "needs a terminal" in cluster.run("status", "--watch", code=64).err


def test_watching(cluster: Cluster) -> None:
    """On a terminal the table is redrawn until Ctrl-C, which is no failure."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "stalplan", "status", "--watch", "--interval", "100ms"],
        cwd=cluster.folder,
        env=cluster.environ() | {"TERM": "xterm", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    seen = b""
    end = time.monotonic() + 120
    while seen.count(b"Ctrl-C ends this") < 3 and time.monotonic() < end:
        seen += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    os.close(ours)

    assert seen.count(b"Ctrl-C ends this") >= 3
    assert (0, b"") == (process.returncode, said)
