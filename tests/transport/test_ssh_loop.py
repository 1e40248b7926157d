"""Nodes read by one loop: what it does itself, and what it leaves to threads."""

import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import odd_servers
import paramiko
import pytest
from nodes.endpoint import Key, make_key
from nodes.factories import OpenSshNodes
from nodes.openssh import OpenSshServer
from nodes.waiting import free_port, wait_until
from paramiko.common import (
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
)
from ssh_reach import Reach

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen, Unreachable
from stalplan.transport.ssh import SshTransport
from stalplan.transport.ssh_driven import DRIVABLE, DrivenTransport
from stalplan.transport.ssh_loop import Loop
from stalplan.transport.ssh_reading import Told, reading

# Seconds of a connect timeout: one that is meant to pass; one that is, though not
# before the other side has done its part on a busy machine; and one that is not.
_SHORT, _LONGER, _AMPLE = 0.6, 4.0, 60.0


@pytest.fixture
def reach(tmp_path: Path, identity: Key) -> Iterator[Reach]:
    with Reach(tmp_path, identity) as reach:
        yield reach


@pytest.fixture
def transport(reach: Reach) -> Iterator[SshTransport]:
    transport = reach.transport()
    yield transport
    transport.close()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of nodes that were left to a thread, as they come."""
    left: list[str] = []
    look = SshTransport._look

    def noted(self: SshTransport, node: Node) -> Seen:
        left.append(str(node.name))
        return look(self, node)

    monkeypatch.setattr(SshTransport, "_look", noted)
    return left


@pytest.fixture
def sshd(openssh_nodes: OpenSshNodes, reach: Reach, tmp_path: Path) -> OpenSshServer:
    """A server that is known and lets our key in."""
    work = {"STALPLAN_WORK_ROOT": str(tmp_path / "work")}
    sshd = openssh_nodes.sshd(environment=work)
    reach.know(sshd.endpoint.known_hosts_line)
    return sshd


def report(transport: SshTransport, reach: Reach, **settings: object) -> NodeReport:
    """The one report of mx1."""
    (seen,) = transport.read([reach.node(**settings)])
    assert isinstance(seen, NodeReport), seen
    assert seen.file is not None
    assert b"cluster.node-id = 1\n" == seen.file.data
    return seen


def test_the_installed_paramiko_can_be_driven() -> None:
    """A release that changed its inner parts shows here, not as a slow plan."""
    assert DRIVABLE


def test_another_paramiko_is_used_by_threads(
    transport: SshTransport,
    reach: Reach,
    sshd: OpenSshServer,
    threads: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A release without the inner parts costs time, and nothing else."""
    monkeypatch.setattr("stalplan.transport.ssh_lines.DRIVABLE", False)

    report(transport, reach, port=sshd.port)

    assert ["mx1"] == threads


def test_the_loop_reads_by_itself(
    transport: SshTransport, reach: Reach, sshd: OpenSshServer, threads: list[str]
) -> None:
    """A key in a file and a direct way are all that it needs."""
    seen = report(transport, reach, port=sshd.port)

    assert sshd.host_key_fingerprint == seen.host_key
    assert [] == threads
    assert 1 == sshd.logins()


def test_lines_that_nobody_asked_for_are_closed(
    transport: SshTransport, reach: Reach, sshd: OpenSshServer
) -> None:
    """Who leaves early has not heard of every node that was read by then."""
    loop: Loop[int] = Loop(at_once=2)
    for number in range(2):
        way = transport._lines.way(reach.node(port=sshd.port))
        assert way is not None
        loop.start(number, reading(way))
    while len(loop._ended) < 2:
        loop.turn()
    lines = [end.line for _, end in loop._ended if isinstance(end, Told)]

    loop.close()

    assert [False, False] == [line.alive for line in lines]


def test_a_line_lies_idle_until_a_session_needs_it(
    transport: SshTransport, reach: Reach, sshd: OpenSshServer
) -> None:
    """The same login, now with a thread; a second reading uses it as well."""
    node = reach.node(port=sshd.port)
    list(transport.read([node]))

    assert transport.session(node).report().file is not None
    assert isinstance(next(iter(transport.read([node]))), NodeReport)
    assert 1 == sshd.logins()


def test_an_idle_line_that_was_cut_is_opened_again(
    transport: SshTransport, reach: Reach, sshd: OpenSshServer
) -> None:
    """Nobody listens to an idle line, so it is looked at before it is used."""
    node = reach.node(port=sshd.port)
    list(transport.read([node]))
    sshd.cut_connections()
    (line,) = transport._lines._to_nodes.values()
    wait_until(lambda: not line.alive, what="the end of the line")

    assert transport.session(node).report().file is not None
    assert 2 == sshd.logins()


def test_an_idle_line_answers_late(
    transport: SshTransport, reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """What the node asked meanwhile is answered before the line is used."""
    sshd = openssh_nodes.sshd(
        settings={"ClientAliveInterval": "1", "ClientAliveCountMax": "3"}
    )
    reach.know(sshd.endpoint.known_hosts_line)
    node = reach.node(port=sshd.port)
    list(transport.read([node]))
    (line,) = transport._lines._to_nodes.values()
    driven = line._transport
    assert isinstance(driven, DrivenTransport)
    wait_until(
        lambda: bool(_peeked(driven.wire.line)), what="the node asking whether we live"
    )

    assert transport.session(node).report().file is not None
    assert 1 == sshd.logins()


def _peeked(line: socket.socket) -> bytes:
    try:
        return line.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return b""


def test_keys_are_exchanged_anew_amid_a_report(
    transport: SshTransport,
    reach: Reach,
    openssh_nodes: OpenSshNodes,
    threads: list[str],
) -> None:
    """A node may ask for new keys at any moment; what we send waits for them."""
    sshd = openssh_nodes.sshd(settings={"RekeyLimit": "16K"})
    reach.know(sshd.endpoint.known_hosts_line)

    report(transport, reach, port=sshd.port)

    assert [] == threads
    assert 1 == sshd.logins()


def test_a_node_without_our_ciphers_is_read_by_a_thread(
    transport: SshTransport,
    reach: Reach,
    openssh_nodes: OpenSshNodes,
    threads: list[str],
) -> None:
    """The loop takes only packets that tell their length in clear."""
    sshd = openssh_nodes.sshd(
        settings={"Ciphers": "aes256-ctr", "MACs": "hmac-sha2-512"}
    )
    reach.know(sshd.endpoint.known_hosts_line)

    report(transport, reach, port=sshd.port)

    assert ["mx1"] == threads


@pytest.mark.parametrize("cipher", ["aes128-ctr", "aes256-gcm@openssh.com"])
def test_the_loop_reads_with_other_ciphers(
    transport: SshTransport,
    reach: Reach,
    openssh_nodes: OpenSshNodes,
    threads: list[str],
    cipher: str,
) -> None:
    """Every kind of packet that tells its length in clear."""
    sshd = openssh_nodes.sshd(settings={"Ciphers": cipher})
    reach.know(sshd.endpoint.known_hosts_line)

    report(transport, reach, port=sshd.port)

    assert [] == threads


def test_a_second_key_is_offered_on_the_same_line(
    transport: SshTransport, reach: Reach, sshd: OpenSshServer, tmp_path: Path
) -> None:
    """A thread goes on where the loop was refused: one connection, no key twice."""
    stranger = make_key(tmp_path / "stranger").path
    reach.configure(f"IdentityFile {stranger}\nIdentityFile {reach.identity.path}")

    report(transport, reach, port=sshd.port, identity_file=None)

    tried = re.findall(r"(Failed|Accepted) publickey .* port (\d+)", sshd.log)
    assert ["Failed", "Accepted"] == [how for how, _ in tried]
    assert 1 == len({port for _, port in tried})


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_keys_of_other_types_log_in(
    transport: SshTransport,
    reach: Reach,
    sshd: OpenSshServer,
    tmp_path: Path,
    threads: list[str],
    kind: str,
) -> None:
    """An RSA key waits to hear which signatures the node takes."""
    path = tmp_path / kind
    argv = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    with (tmp_path / "sshd1" / "authorized_keys").open("a") as allowed:
        allowed.write(path.with_suffix(".pub").read_text())

    report(transport, reach, port=sshd.port, identity_file=str(path))

    assert [] == threads


def test_a_pinned_key_of_another_type_is_found_by_a_thread(
    transport: SshTransport,
    reach: Reach,
    openssh_nodes: OpenSshNodes,
    tmp_path: Path,
    threads: list[str],
) -> None:
    """A pin doesn't tell its type, so the types are asked for one after the other."""
    path = tmp_path / "host_rsa"
    argv = ["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    sshd = openssh_nodes.sshd()
    config = tmp_path / "sshd1" / "sshd_config"
    config.write_text(f"{config.read_text()}HostKey {path}\n")
    sshd.restart()

    seen = report(transport, reach, port=sshd.port, host_key=Key(path).fingerprint)

    assert Key(path).fingerprint == seen.host_key
    assert ["mx1"] == threads


def _nobody(_: OpenSshNodes, __: Path) -> tuple[AbstractContextManager[int], str]:
    return nullcontext(free_port()), ""


def _deaf(_: OpenSshNodes, __: Path) -> tuple[AbstractContextManager[int], str]:
    return odd_servers.deaf(), ""


def _odd(behaviour: odd_servers.Behaviour) -> "Sick":
    return lambda _, __: (odd_servers.listening(behaviour), "")


def _mute(*, opens_channels: bool) -> "Sick":
    def sick(_: OpenSshNodes, folder: Path) -> tuple[AbstractContextManager[int], str]:
        key = make_key(folder / "host")
        server = odd_servers.mute_after_login(key.path, opens_channels=opens_channels)
        return server, key.public

    return sick


def _refusing(nodes: OpenSshNodes, _: Path) -> tuple[AbstractContextManager[int], str]:
    sshd = nodes.sshd()
    (sshd._folder / "authorized_keys").write_text("")
    return nullcontext(sshd.port), sshd.endpoint.host_key


def _openssh(*, known: bool = True, **settings: str) -> "Sick":
    def sick(nodes: OpenSshNodes, _: Path) -> tuple[AbstractContextManager[int], str]:
        sshd = nodes.sshd(settings=settings)
        return nullcontext(sshd.port), sshd.endpoint.host_key if known else ""

    return sick


Sick = Callable[[OpenSshNodes, Path], tuple[AbstractContextManager[int], str]]
_SICK: dict[str, Sick] = {
    "nobody listens": _nobody,
    "no answer": _deaf,
    "silence": _odd(odd_servers.silent),
    "only a greeting": _odd(odd_servers.only_greets),
    "hung up": _odd(odd_servers.hangs_up),
    "another protocol": _odd(odd_servers.speaks_http),
    "no channel": _mute(opens_channels=False),
    "no command": _mute(opens_channels=True),
    "a stranger": _openssh(known=False),
    "passwords only": _openssh(PubkeyAuthentication="no", PasswordAuthentication="yes"),
    "a password as well": _openssh(
        PasswordAuthentication="yes", AuthenticationMethods="publickey,password"
    ),
    "no sessions": _openssh(MaxSessions="0"),
    "no such key": _refusing,
    "no kex in common": _openssh(KexAlgorithms="sntrup761x25519-sha512@openssh.com"),
}


_WAITS = {
    "no answer": _SHORT,
    "silence": _SHORT,
    "only a greeting": _LONGER,
    "no channel": _LONGER,
    "no command": _LONGER,
}


@pytest.mark.parametrize("what", _SICK)
def test_both_ways_tell_the_same(
    reach: Reach,
    transport: SshTransport,
    openssh_nodes: OpenSshNodes,
    tmp_path: Path,
    what: str,
) -> None:
    """Whoever reads a sick node, a loop or a thread: one summary, detail and hint."""
    server, key = _SICK[what](openssh_nodes, tmp_path)
    timeout = _WAITS.get(what, _AMPLE)
    with server as port:
        if key:
            reach.know(f"[127.0.0.1]:{port} {key}")
        (seen,) = transport.read([reach.node(port=port, connect_timeout=timeout)])
        with pytest.raises(NodeUnreachable) as caught:
            reach.commands(port=port, connect_timeout=timeout).run("true", b"")

    assert isinstance(seen, Unreachable)
    by_thread = caught.value
    assert (by_thread.summary, by_thread.detail, by_thread.hint) == (
        seen.summary,
        seen.detail,
        seen.hint,
    )


def test_no_key_is_shown_to_a_stranger(
    transport: SshTransport, reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """Nothing is sent ahead of the check of the host's key: no login, no script."""
    sshd = openssh_nodes.sshd()

    (seen,) = transport.read([reach.node(port=sshd.port)])

    assert isinstance(seen, Unreachable)
    assert "Host key unknown" == seen.summary
    assert "Accepted" not in sshd.log
    assert "Failed" not in sshd.log
    assert "userauth-request" not in sshd.log


def test_what_is_no_message_ends_one_line_only(
    transport: SshTransport, reach: Reach, sshd: OpenSshServer
) -> None:
    """A server that sends rubbish after its greeting holds up nobody."""

    def rubbish(line: socket.socket) -> None:
        line.sendall(b"SSH-2.0-Sick\r\n\x7f and more")
        odd_servers.silent(line)

    def endless(line: socket.socket) -> None:
        while True:
            line.sendall(b"not yet\r\n" * 1000)

    with (
        odd_servers.listening(rubbish) as first,
        odd_servers.listening(endless) as second,
    ):
        nodes = [reach.node(port=port) for port in (first, second, sshd.port)]
        seen = list(transport.read(nodes))

    sick = sorted(each.detail for each in seen if isinstance(each, Unreachable))
    assert 2 == len(sick), sick
    assert 1 == len([each for each in sick if "broke off in the handshake" in each])
    assert 1 == len([each for each in sick if "did not answer as an SSH" in each])


class _Asked(paramiko.ServerInterface):
    """Lets everyone in, opens nothing, and notes when it was asked to."""

    def __init__(self) -> None:
        self.line: paramiko.Transport | None = None
        self.asked_early: list[bool] = []

    def get_allowed_auths(self, _: str) -> str:
        return "publickey"

    def check_auth_publickey(self, *_: object) -> int:
        return int(AUTH_SUCCESSFUL)

    def check_channel_request(self, *_: object) -> int:
        assert self.line is not None
        self.asked_early.append(not self.line.is_authenticated())
        return int(OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED)


def test_a_server_that_waits_for_each_answer_is_read(
    transport: SshTransport, reach: Reach, tmp_path: Path
) -> None:
    """Only OpenSSH is asked for a channel before it has granted the login."""
    key = make_key(tmp_path / "host")
    asked = _Asked()

    def serve(line: socket.socket) -> None:
        asked.line = paramiko.Transport(line)
        asked.line.add_server_key(
            paramiko.Ed25519Key.from_private_key_file(str(key.path))
        )
        asked.line.start_server(threading.Event(), asked)

    with odd_servers.listening(serve) as port:
        reach.know(f"[127.0.0.1]:{port} {key.public}")
        (seen,) = transport.read([reach.node(port=port)])
        assert asked.line is not None
        asked.line.close()

    assert isinstance(seen, Unreachable)
    assert "refused to open a session" in seen.detail
    assert [False] == asked.asked_early
