"""Reading many nodes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import odd_servers
import pytest
from nodes.account import unix_account
from nodes.endpoint import Key
from nodes.factories import OpenSshNodes
from nodes.folder import SLEEPER
from nodes.openssh import OpenSshServer
from nodes.waiting import free_port

from stalplan.model.inventory import Node, ServiceSettings, SshSettings
from stalplan.model.live import NodeReport, Unreachable
from stalplan.names import NodeId, NodeName
from stalplan.transport.ssh import SshTransport

# Seconds of a connect timeout: one that is meant to pass, though not before the
# living have answered on a busy machine; and one that is not.
_SHORT, _AMPLE = 6.0, 60.0


@pytest.fixture
def sshd(openssh_nodes: OpenSshNodes, tmp_path: Path) -> OpenSshServer:
    work = {"STALPLAN_WORK_ROOT": str(tmp_path / "work")}
    sshd = openssh_nodes.sshd(environment=work)
    (tmp_path / "known").write_text(f"{sshd.endpoint.known_hosts_line}\n")
    return sshd


@pytest.fixture
def transport() -> Iterator[SshTransport]:
    transport = SshTransport(parallelism=4, ssh_config="none")
    yield transport
    transport.close()


class Nodes:
    """Makes nodes, all with the same folder."""

    def __init__(self, openssh_nodes: OpenSshNodes, known: Path, identity: Key) -> None:
        self._folder = openssh_nodes.folder("cluster.node-id = 1\n", command=SLEEPER)
        self._known, self._identity = known, identity

    def __call__(
        self,
        name: str,
        port: int,
        *,
        user: str | None = None,
        sudo: bool = False,
        connect_timeout: float = _AMPLE,
    ) -> Node:
        """A node of that name, reached on *port*."""
        folder = self._folder
        return Node(
            name=NodeName(name),
            node_id=NodeId(1),
            ssh=SshSettings(
                address="127.0.0.1",
                port=port,
                user=user,
                sudo=sudo,
                identity_file=str(self._identity.path),
                known_hosts=str(self._known),
                connect_timeout=connect_timeout,
            ),
            service=ServiceSettings(
                manager="command",
                config=str(folder.config),
                start=tuple(folder.start_argv),
                stop=tuple(folder.stop_argv),
                active=tuple(folder.active_argv),
                pid=tuple(folder.pid_argv),
            ),
        )


@pytest.fixture
def nodes(openssh_nodes: OpenSshNodes, tmp_path: Path, identity: Key) -> Nodes:
    return Nodes(openssh_nodes, tmp_path / "known", identity)


def test_every_node_is_seen_once(
    transport: SshTransport, sshd: OpenSshServer, nodes: Nodes
) -> None:
    """More nodes than are worked on at once, one login each, host key included."""
    asked = [nodes(f"mx{number}", sshd.port) for number in range(12)]

    seen = list(transport.read(asked))

    assert sorted(node.name for node in asked) == sorted(each.node for each in seen)
    assert {sshd.host_key_fingerprint} == {
        each.host_key for each in seen if isinstance(each, NodeReport)
    }
    assert 12 == sshd.logins()


def test_no_nodes_are_no_work(transport: SshTransport) -> None:
    """An empty list is answered with nothing."""
    assert [] == list(transport.read([]))


def test_the_line_of_the_reading_serves_the_session(
    transport: SshTransport, sshd: OpenSshServer, nodes: Nodes
) -> None:
    """One login for the whole run."""
    node = nodes("mx1", sshd.port)
    list(transport.read([node]))

    report = transport.session(node).report()

    assert sshd.host_key_fingerprint == report.host_key
    assert 1 == sshd.logins()


def test_a_node_that_can_not_be_asked_is_a_value(
    transport: SshTransport, nodes: Nodes
) -> None:
    """With the summary, detail and hint of the error that session() raises."""
    port = free_port()

    (seen,) = transport.read([nodes("mx1", port)])

    assert isinstance(seen, Unreachable)
    assert ("mx1", "Node unreachable") == (seen.node, seen.summary)
    assert f"port {port} refused the connection" in seen.detail
    assert f"nc -vz 127.0.0.1 {port}" == seen.hint


@pytest.mark.timeout(100)  # one after the other they would take over two minutes
def test_dead_nodes_hold_up_nobody(
    transport: SshTransport, sshd: OpenSshServer, nodes: Nodes
) -> None:
    """The living are read while twenty dead ones time out, all together."""
    with odd_servers.deaf() as deaf, ExitStack() as kept:
        sick = [
            kept.enter_context(odd_servers.listening(odd_servers.only_greets))
            for _ in range(2)
        ]
        ports = [*(deaf for _ in range(20)), *sick]
        asked = [
            nodes(f"sick{number}", port, connect_timeout=_SHORT)
            for number, port in enumerate(ports)
        ]
        asked += [nodes(f"mx{number}", sshd.port) for number in range(4)]
        order = [each.node for each in transport.read(asked)]

    assert {"mx0", "mx1", "mx2", "mx3"} == set(order[:4])
    assert 26 == len(order)


def test_a_reader_may_leave_early(
    transport: SshTransport, sshd: OpenSshServer, nodes: Nodes
) -> None:
    """What has not begun is left out; closing ends the rest."""
    reading = transport.read([nodes(f"mx{number}", sshd.port) for number in range(6)])
    next(reading)
    reading.close()  # type: ignore[attr-defined] # it is a generator


@pytest.mark.skipif(os.getuid() != 0, reason="makes Unix accounts")
@pytest.mark.parametrize(
    ("shell", "sudo", "rights", "expected"),
    [
        ("/bin/sh", True, False, "mx1: sudo needs a password"),
        ("/usr/sbin/nologin", False, False, "mx1: "),
        ("/bin/sh", True, True, None),
    ],
)
def test_what_the_account_can_not_do_is_told(
    openssh_nodes: OpenSshNodes,
    transport: SshTransport,
    nodes: Nodes,
    tmp_path: Path,
    shell: str,
    sudo: bool,
    rights: bool,
    expected: str | None,
) -> None:
    """The node was reached, but nothing of ours can run there; with rights it can."""
    with unix_account(shell=shell, sudo=rights) as account:
        sshd = openssh_nodes.sshd(user=account.name)
        (tmp_path / "known").write_text(f"{sshd.endpoint.known_hosts_line}\n")
        node = nodes("mx1", sshd.port, user=account.name, sudo=sudo)

        (seen,) = transport.read([node])

    if expected is None:
        assert isinstance(seen, NodeReport)
        return
    assert isinstance(seen, Unreachable)
    assert "The node can't do what was asked" == seen.summary
    assert seen.detail.startswith(expected)


_FEW_FILES = """\
import resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (40, {most}))
from stalplan.model.inventory import Node, SshSettings
from stalplan.transport.ssh import SshTransport
ssh = SshSettings(
    address="127.0.0.1", port={port}, identity_file={key!r}, connect_timeout=3.0
)
nodes = [Node(name=f"mx{{n}}", node_id=n, ssh=ssh) for n in range(60)]
seen = list(SshTransport(ssh_config="none").read(nodes))
told = [each for each in seen if {word!r} in each.detail]
print(len(seen), bool(told), len(told) == len(seen))
"""


@pytest.mark.parametrize(
    ("most", "word", "expected"),
    [
        ("hard", "did not answer within", "60 True True"),
        ("40", "can't be reached: Too many open files", "60 True False"),
    ],
)
def test_a_process_may_have_few_files(
    identity: Key, most: str, word: str, expected: str
) -> None:
    """More are allowed as far as that goes; beyond, nodes are told of, no traceback."""
    with odd_servers.deaf() as port:  # each connection stays open for a while
        program = _FEW_FILES.format(
            most=most, word=word, port=port, key=str(identity.path)
        )
        done = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        )

    assert expected == done.stdout.strip()
