"""Each way in which a node can't be reached is told as what it is, and in time."""

import os
from collections.abc import Iterator
from pathlib import Path

import odd_servers
import pytest
from nodes.account import unix_account
from nodes.endpoint import Key, make_key
from nodes.factories import OpenSshNodes
from nodes.waiting import free_port
from ssh_reach import Reach

from stalplan.errors import HostKeyMismatch, HostKeyUnknown, NodeUnreachable
from stalplan.transport.ssh_opening import LoginRefused

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="makes Unix accounts")
# Seconds of a connect timeout: one that is meant to pass; one that is, though not
# before the other side has done its part on a busy machine; and one that is not.
_SHORT, _LONGER, _AMPLE = 0.6, 4.0, 60.0


@pytest.fixture
def reach(tmp_path: Path, identity: Key) -> Iterator[Reach]:
    with Reach(tmp_path, identity) as reach:
        yield reach


def failure(reach: Reach, **settings: object) -> NodeUnreachable:
    """Why `true` can't be run; it must be a failure that explains itself."""
    with pytest.raises(NodeUnreachable) as caught:
        reach.commands(**settings).run("true", b"")
    assert caught.value.detail.startswith("mx1")
    return caught.value


def test_a_name_that_nobody_knows(reach: Reach) -> None:
    """The name is told, not an address."""
    error = failure(reach, address="mx1.invalid", port=22)

    assert "mx1: the name mx1.invalid can't be resolved" in error.detail
    assert "getent hosts mx1.invalid" == error.hint


def test_a_port_where_nothing_listens(reach: Reach) -> None:
    """Refused, at once."""
    port = free_port()

    error = failure(reach, port=port)

    assert f"127.0.0.1 port {port} refused the connection" in error.detail


def test_a_network_without_a_way(reach: Reach) -> None:
    """The system's own words for it are passed on."""
    error = failure(reach, address="255.255.255.255", port=22)

    assert "can't be reached: " in error.detail


@pytest.mark.parametrize(
    ("behaviour", "timeout", "expected"),
    [
        (odd_servers.silent, _SHORT, "did not greet as an SSH server within 0.6 s"),
        (odd_servers.only_greets, _LONGER, "did not finish the handshake within 4 s"),
        (odd_servers.hangs_up, _AMPLE, "did not answer as an SSH server"),
        (odd_servers.speaks_http, _AMPLE, "did not answer as an SSH server"),
    ],
)
def test_a_port_where_no_ssh_server_answers(
    reach: Reach, behaviour: odd_servers.Behaviour, timeout: float, expected: str
) -> None:
    """Silence ends with the connect timeout, anything else at once."""
    with odd_servers.listening(behaviour) as port:
        error = failure(reach, port=port, connect_timeout=timeout)

    assert expected in error.detail


def test_an_address_that_does_not_answer(reach: Reach) -> None:
    """Dropped packets end with the connect timeout."""
    with odd_servers.deaf() as port:
        error = failure(reach, port=port, connect_timeout=_SHORT)

    assert "did not answer within 0.6 s" in error.detail


@pytest.mark.parametrize("opens_channels", [False, True])
def test_a_node_that_hangs_after_the_login(
    reach: Reach, tmp_path: Path, opens_channels: bool
) -> None:
    """The connect timeout covers the way to a begun command."""
    key = make_key(tmp_path / "host")
    with odd_servers.mute_after_login(key.path, opens_channels=opens_channels) as port:
        reach.know(f"[127.0.0.1]:{port} {key.public}")
        error = failure(reach, port=port, connect_timeout=_LONGER)

    assert "did not begin a command within 4 s" in error.detail


def test_a_host_key_nobody_vouches_for(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """The login is not tried: no key of ours is offered to a stranger."""
    sshd = openssh_nodes.sshd()

    error = failure(reach, port=sshd.port)

    assert isinstance(error, HostKeyUnknown)
    assert sshd.host_key_fingerprint in error.detail
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1 | ssh-keygen -lf -" == error.hint
    assert "Accepted" not in sshd.log
    assert "Failed" not in sshd.log


def test_a_host_key_that_has_changed(reach: Reach, openssh_nodes: OpenSshNodes) -> None:
    """Both keys and the line of known_hosts are named."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    before = sshd.host_key_fingerprint
    sshd.change_host_key()

    error = failure(reach, port=sshd.port)

    assert isinstance(error, HostKeyMismatch)
    assert f"{reach.known} line 1 has {before}" in error.detail
    assert sshd.host_key_fingerprint in error.detail


def test_a_login_that_no_key_opens(
    reach: Reach, openssh_nodes: OpenSshNodes, tmp_path: Path
) -> None:
    """The keys that were offered are named by their files."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    stranger = make_key(tmp_path / "stranger")

    error = failure(reach, port=sshd.port, identity_file=str(stranger.path))

    assert isinstance(error, LoginRefused)
    assert f"refused {stranger.path}." in error.detail
    assert f"ssh -v -p {sshd.port} {sshd.endpoint.user}@127.0.0.1 true" == error.hint


def test_a_node_that_takes_passwords_only(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """There are no passwords here, so the error says what must change there."""
    sshd = openssh_nodes.sshd(
        settings={"PubkeyAuthentication": "no", "PasswordAuthentication": "yes"}
    )
    reach.know(sshd.endpoint.known_hosts_line)

    error = failure(reach, port=sshd.port)

    assert "the host takes no keys, only password" in error.detail


def test_a_node_that_wants_a_password_as_well(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """A key alone is half of what it asks for."""
    sshd = openssh_nodes.sshd(
        settings={
            "PasswordAuthentication": "yes",
            "AuthenticationMethods": "publickey,password",
        }
    )
    reach.know(sshd.endpoint.known_hosts_line)

    error = failure(reach, port=sshd.port)

    assert f"takes {reach.identity.path}, but wants more: password" in error.detail


def test_a_node_that_hangs_up_after_the_first_key(
    reach: Reach, openssh_nodes: OpenSshNodes, tmp_path: Path
) -> None:
    """MaxAuthTries ends the line; the keys offered until then are named."""
    sshd = openssh_nodes.sshd(settings={"MaxAuthTries": "1"})
    reach.know(sshd.endpoint.known_hosts_line)
    reach.configure(
        "".join(
            f"IdentityFile {make_key(tmp_path / name).path}\n" for name in ("a", "b")
        )
    )

    error = failure(reach, port=sshd.port, identity_file=None)

    assert f"refused {tmp_path / 'a'}, then hung up" in error.detail


def test_a_key_with_a_passphrase_and_no_agent(
    reach: Reach, openssh_nodes: OpenSshNodes, tmp_path: Path
) -> None:
    """The file is named, and what is wrong with it, but nothing of its content."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    locked = reach.lock(make_key(tmp_path / "locked"))

    error = failure(reach, port=sshd.port, identity_file=str(locked))

    assert f"{locked}: has a passphrase; no agent" in error.detail


@pytest.mark.parametrize("content", ["", "no key\n", "-----BEGIN RUBBISH-----\n"])
def test_a_file_that_is_no_key(
    reach: Reach, openssh_nodes: OpenSshNodes, tmp_path: Path, content: str
) -> None:
    """Said of the file; its content is never shown."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    (tmp_path / "rubbish").write_text(content)

    error = failure(reach, port=sshd.port, identity_file=str(tmp_path / "rubbish"))

    assert f"{tmp_path / 'rubbish'}: is no private key" in error.detail
    assert "RUBBISH" not in error.detail


def test_a_key_file_that_does_not_exist(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """Nothing was offered, and the error says so."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)

    error = failure(reach, port=sshd.port, identity_file="/nonexistent/key")

    assert "no key to offer; there is no /nonexistent/key" in error.detail


def test_a_node_that_opens_no_session(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """The login works, a channel does not."""
    sshd = openssh_nodes.sshd(settings={"MaxSessions": "0"})
    reach.know(sshd.endpoint.known_hosts_line)

    error = failure(reach, port=sshd.port)

    assert "mx1 refused to open a session" in error.detail


@needs_root
def test_an_account_whose_shell_is_missing(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """OpenSSH refuses such a login like any other."""
    with unix_account(shell="/nonexistent/shell") as account:
        sshd = openssh_nodes.sshd(user=account.name)
        reach.know(sshd.endpoint.known_hosts_line)

        error = failure(reach, port=sshd.port, user=account.name)

    assert isinstance(error, LoginRefused)
    assert "because shell /nonexistent/shell does not exist" in sshd.log


def test_a_line_that_breaks_under_a_command(
    reach: Reach, openssh_nodes: OpenSshNodes
) -> None:
    """What was said until then is no answer; the next command gets a new line."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    heard = reach.stream("echo begun; sleep 60", port=sshd.port)
    assert b"begun\n" == next(heard)

    sshd.cut_connections()

    with pytest.raises(NodeUnreachable, match="mx1: the line broke"):
        next(heard)
    assert 0 == reach.run("true", port=sshd.port).status
    assert 2 == sshd.logins()


def test_failures_are_told_once(
    reach: Reach, openssh_nodes: OpenSshNodes, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library below writes no log and no traceback of its own."""
    sshd = openssh_nodes.sshd()
    failure(reach, port=sshd.port)
    with odd_servers.listening(odd_servers.speaks_http) as port:
        failure(reach, port=port)

    assert ("", "") == capfd.readouterr()
