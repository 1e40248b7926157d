"""The demo's cluster: what is planted in it, and that nothing of it remains."""

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from demo.standin import DIRECT
from demo.traces import gone, marked
from stalplan.demo.cluster import DemoCluster, demo_cluster
from stalplan.demo.node import DemoNode, free_ports

KILLED = """
import sys, time
from stalplan.demo.cluster import demo_cluster
with demo_cluster() as cluster:
    print(cluster.folder, flush=True)
    time.sleep(60)
"""


def status(node: DemoNode) -> dict[str, Any]:
    url = f"http://127.0.0.1:{node.http_port}/standin/status"
    with DIRECT.open(url, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def test_the_faults_are_really_there() -> None:
    """Two servers run as id 2, one announces another's name, and nobody purges."""
    with demo_cluster() as cluster:
        found = {node.name: status(node) for node in cluster.nodes}

    ids = [each["node_id"] for each in found.values()]
    assert [1, 2, 2] == ids
    assert "mx2.example.org" == found["mx3"]["hostname"]
    assert {"off"} == {each["roles"]["purge.stores"] for each in found.values()}
    assert {"redis"} == {each["coordinator"] for each in found.values()}


def test_a_service_starts_and_stops_as_its_manager_says() -> None:
    """active, pid, stop and start tell and do what they are called."""
    with demo_cluster() as cluster:
        node = cluster.nodes[0]
        pid = status(node)["pid"]

        assert (0, pid) == _asked(node, "pid")
        assert (0, None) == _asked(node, "active")
        assert (0, None) == _asked(node, "stop")
        assert (1, None) == _asked(node, "active")
        assert (1, None) == _asked(node, "pid")
        assert str(pid) not in marked(cluster.folder)
        assert (0, None) == _asked(node, "start")
        assert (0, None) == _asked(node, "active")
        assert pid != _asked(node, "pid")[1]


def _asked(node: DemoNode, verb: str) -> tuple[int, int | None]:
    told = subprocess.run(
        node.service(verb), env=node.environ, capture_output=True, check=False
    )
    return told.returncode, int(told.stdout) if told.stdout else None


def test_the_version_is_told_without_starting_anything() -> None:
    """The service's version is the server's own, bare."""
    with demo_cluster() as cluster:
        argv = [str(cluster.nodes[0].folder / "stalwart"), "--version"]
        binary = subprocess.run(argv, capture_output=True, check=True)
        argv = cluster.nodes[0].service("version")
        service = subprocess.run(argv, capture_output=True, check=True)

    assert b"0.15.5\n" == binary.stdout == service.stdout


def test_openssh_reaches_a_node_with_the_files_that_are_there() -> None:
    """The identity and the known_hosts of the folder satisfy OpenSSH's client."""
    with demo_cluster() as cluster:
        node = cluster.nodes[2]
        told = _ssh(cluster, node, "cat config.toml")
        text = node.config.read_bytes()

    assert (0, text) == (told.returncode, told.stdout)


def _ssh(
    cluster: DemoCluster, node: DemoNode, command: str
) -> "subprocess.CompletedProcess[bytes]":
    options = {
        "IdentityFile": cluster.folder / "identity",
        "UserKnownHostsFile": cluster.folder / "known_hosts",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
    }
    told = [word for name in options for word in ("-o", f"{name}={options[name]}")]
    target = [f"-p{node.ssh.port}", f"{node.ssh.user}@127.0.0.1"]
    return subprocess.run(
        ["ssh", "-Fnone", *told, *target, command],
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_nothing_remains() -> None:
    """Folder and servers are gone once the cluster is left, by whatever way."""
    with demo_cluster() as cluster:
        assert 3 == len(marked(cluster.folder))

    assert gone(cluster.folder)

    with pytest.raises(ZeroDivisionError), demo_cluster() as cluster:
        1 // 0  # noqa: B018 - it is to fail

    assert gone(cluster.folder)


def test_restarted_and_detached_processes_go_as_well() -> None:
    """What was started over SSH and detached itself is found and ended."""
    with demo_cluster() as cluster:
        node = cluster.nodes[1]
        assert 0 == _ssh(cluster, node, "./service stop && ./service start").returncode
        detach = "setsid sleep 1000 </dev/null >/dev/null 2>&1 &"
        assert 0 == _ssh(cluster, node, detach).returncode
        assert 4 == len(marked(cluster.folder))

    assert gone(cluster.folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_demo_leaves_nothing(number: signal.Signals) -> None:
    """Even when the demo's own process is killed, the rest goes a moment later."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().strip())
        assert 3 == len(marked(folder))

        process.send_signal(number)
        process.wait(60)

    assert gone(folder)


def test_no_two_demos_have_a_port_in_common() -> None:
    """Though nothing listens there yet, or again after a stop."""
    with ExitStack() as demos:
        drawn = [free_ports(2) for _ in range(300)]
        for guard, _ in drawn:
            demos.callback(guard.close)
        ports = [port for _, two in drawn for port in two]

    assert 600 == len(set(ports))


def test_all_ports_are_high() -> None:
    """No port is below 1024, so no rights are needed."""
    with demo_cluster() as cluster:
        ports = [
            port
            for node in cluster.nodes
            for port in (node.http_port, node.smtp_port, node.ssh.port)
        ]

    assert 9 == len(set(ports))
    assert min(ports) >= 1024
