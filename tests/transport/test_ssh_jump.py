"""Ways to nodes that can't be dialled directly."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes.endpoint import Key
from nodes.factories import OpenSshNodes
from nodes.openssh import OpenSshServer
from nodes.waiting import free_port, wait_until
from ssh_reach import Reach

from stalplan.errors import HostKeyUnknown, NodeUnreachable
from stalplan.names import NodeName

_RELAY = """
import os, socket, sys, threading
line = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def send():
    while data := os.read(0, 65536):
        line.sendall(data)
    line.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := line.recv(65536):
    os.write(1, data)
"""


@pytest.fixture
def reach(tmp_path: Path, identity: Key) -> Iterator[Reach]:
    with Reach(tmp_path, identity) as reach:
        yield reach


@pytest.fixture
def servers(openssh_nodes: OpenSshNodes, reach: Reach) -> list[OpenSshServer]:
    """Two jump hosts and a node, all known."""
    servers = [openssh_nodes.sshd() for _ in range(3)]
    for server in servers:
        reach.know(server.endpoint.known_hosts_line)
    return servers


def hop(server: OpenSshServer) -> str:
    """A jump host as the desired file names it."""
    return f"{server.endpoint.user}@127.0.0.1:{server.port}"


def test_a_jump_host_serves_all_nodes_behind_it(
    reach: Reach, servers: list[OpenSshServer]
) -> None:
    """One login there, however many lines go through."""
    first, _, node = servers
    settings = reach.settings(port=node.port, jump=hop(first))

    lines = [reach.lines.to(NodeName(name), settings) for name in ("mx1", "mx2")]

    assert all(line.alive for line in lines)
    assert (1, 2) == (first.logins(), node.logins())


def test_jump_hosts_can_be_chained(reach: Reach, servers: list[OpenSshServer]) -> None:
    """Each is reached through the one before."""
    first, second, node = servers
    hops = f"{hop(first)},{hop(second)}"

    said = reach.run("cat", b"through", port=node.port, jump=hops)

    assert b"through" == said.stdout
    assert [1, 1, 1] == [server.logins() for server in servers]


def test_a_jump_host_may_need_one_itself(
    reach: Reach, servers: list[OpenSshServer]
) -> None:
    """Its own ssh_config counts, as with ssh."""
    first, second, node = servers
    reach.configure(
        f"Host second\n HostName 127.0.0.1\n Port {second.port}\n"
        f" HostKeyAlias [127.0.0.1]:{second.port}\n ProxyJump {hop(first)}\nHost *\n"
    )

    assert 0 == reach.run("true", port=node.port, jump="second").status
    assert [1, 1, 1] == [server.logins() for server in servers]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_a_jump_host_that_is_its_own_is_refused(
    reach: Reach, servers: list[OpenSshServer], address: str
) -> None:
    """`Host *` with ProxyJump would have it jump over itself, for ever."""
    first, second, node = servers
    reach.configure(
        f"Host {address}\n ProxyJump root@127.0.0.1:{first.port}\n"
        f"Host 127.0.0.1\n ProxyJump root@localhost:{second.port}\n"
    )

    with pytest.raises(NodeUnreachable, match="loop"):
        reach.run("true", port=node.port, address=address)

    assert 0 == first.logins()


def test_a_strange_jump_host_gets_no_login(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """Its key is checked like any other; the error names node and jump host."""
    stranger = openssh_nodes.sshd()

    with pytest.raises(HostKeyUnknown, match=r"mx1: jump host 127\.0\.0\.1: "):
        reach.run("true", port=free_port(), jump=hop(stranger))

    assert 0 == stranger.logins()


def test_a_node_that_the_jump_host_can_not_reach(
    reach: Reach, servers: list[OpenSshServer]
) -> None:
    """The jump host is well; the node behind it is not."""
    port = free_port()

    with pytest.raises(
        NodeUnreachable, match=rf"can't connect to 127\.0\.0\.1 port {port}"
    ):
        reach.run("true", port=port, jump=hop(servers[0]))


def test_a_jump_host_that_forwards_nothing(
    reach: Reach, openssh_nodes: OpenSshNodes, servers: list[OpenSshServer]
) -> None:
    """Its refusal is told in its words."""
    mean = openssh_nodes.sshd(settings={"AllowTcpForwarding": "no"})
    reach.know(mean.endpoint.known_hosts_line)

    with pytest.raises(NodeUnreachable, match="Administratively prohibited"):
        reach.run("true", port=servers[2].port, jump=hop(mean))


def test_a_broken_jump_line_is_opened_again(
    reach: Reach, servers: list[OpenSshServer]
) -> None:
    """All lines behind it break with it; the next command gets new ones."""
    first, _, node = servers
    reach.run("true", port=node.port, jump=hop(first))
    first.cut_connections()
    wait_until(lambda: not any(line.alive for line in reach.open_lines()))

    assert 0 == reach.run("true", port=node.port, jump=hop(first)).status
    assert (2, 2) == (first.logins(), node.logins())


def test_a_proxy_command_is_a_line(
    reach: Reach, servers: list[OpenSshServer], tmp_path: Path
) -> None:
    """Its stdin and stdout carry the bytes; it is gone when the line is closed."""
    relay = tmp_path / "relay.py"
    relay.write_text(_RELAY)
    reach.configure(f"ProxyCommand {sys.executable} {relay} %h %p")

    said = reach.run("cat", b"x" * 100_000, port=servers[2].port)
    reach.lines.close()

    assert 100_000 == len(said.stdout)
    assert str(relay) not in running_commands()


def test_a_proxy_command_that_ends_at_once(
    reach: Reach, servers: list[OpenSshServer]
) -> None:
    """The line breaks when the command ends; nobody waits for the timeout."""
    reach.configure("ProxyCommand false")

    with pytest.raises(NodeUnreachable, match="did not answer as an SSH server"):
        reach.run("true", port=servers[2].port)


def running_commands() -> str:
    """All command lines of this machine."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_text().replace("\0", " "))
        except (OSError, UnicodeDecodeError):  # gone meanwhile
            continue
    return "\n".join(lines)
