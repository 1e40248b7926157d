"""The two worlds that the suite for sessions runs in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes.endpoint import Key
from nodes.folder import NodeFolder
from nodes.openssh import OpenSshServer
from nodes.waiting import answers, free_port, wait_until

from ports.worlds import SICK_ID, InMemory, OverSsh, World, config, health, over_ssh
from stalplan.transport.memory import MemoryCluster
from stalplan.transport.ssh import SshTransport


@pytest.fixture(scope="module")
def sshd(
    tmp_path_factory: pytest.TempPathFactory, identity: Key
) -> Iterator[OpenSshServer]:
    root = tmp_path_factory.mktemp("sshd")
    environment = {"STALPLAN_WORK_ROOT": str(root / "work")}
    server = OpenSshServer(root, identity, environment=environment)
    yield server
    server.close()


@pytest.fixture(scope="module")
def transport(sshd: OpenSshServer) -> Iterator[SshTransport]:
    known = sshd.endpoint.identity.with_name("session_known")
    known.write_text(f"{sshd.endpoint.known_hosts_line}\n")
    transport = SshTransport(ssh_config="none")
    yield transport
    transport.close()


@pytest.fixture(params=["memory", "openssh"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        base = config(1, 8080)
        cluster = MemoryCluster({"mx1": base})
        sick = f"cluster.node-id = {SICK_ID}".encode()
        cluster["mx1"].script.healthy = lambda data: sick not in data
        yield InMemory(cluster, base, health(8080))
        return
    port = free_port()
    misbehaviour = {"STANDIN_REFUSE": "1", "STANDIN_STOP_SECONDS": "0.1"}
    misbehaviour["STANDIN_WHEN"] = f"cluster.node-id={SICK_ID}"
    folder = NodeFolder(tmp_path / "node", config(1, port), environment=misbehaviour)
    node = over_ssh(request.getfixturevalue("sshd"), folder)
    folder.start()
    try:
        wait_until(lambda: answers(port), what="a server that is ready")
        yield OverSsh(
            request.getfixturevalue("transport"),
            node,
            folder,
            config(1, port),
            health(port),
        )
    finally:
        folder.kill()
