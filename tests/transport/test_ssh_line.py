"""What works: commands, keys, agents, certificates, host keys of every type."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes.endpoint import Key, make_key
from nodes.factories import OpenSshNodes
from nodes.openssh import OpenSshServer
from ssh_reach import PASSPHRASE, Reach

from stalplan.errors import HostKeyMismatch, NodeUnreachable
from stalplan.transport.host_keys import fingerprint

_MIB = 1024 * 1024


@pytest.fixture
def reach(tmp_path: Path, identity: Key) -> Iterator[Reach]:
    with Reach(tmp_path, identity) as reach:
        yield reach


@pytest.fixture
def sshd(openssh_nodes: OpenSshNodes, reach: Reach) -> OpenSshServer:
    """A server that is known and lets our key in."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    return sshd


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """The socket of an agent without keys."""
    socket = tmp_path / "agent"
    argv = ["ssh-agent", "-D", "-a", str(socket)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()  # it says where it listens once it does
        yield socket
        running.terminate()


def add(agent: Path, *argv: str, passphrase: str = "") -> None:
    """Give keys to *agent*, as a person would."""
    asked = agent.with_name("askpass")
    asked.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
    asked.chmod(0o700)
    environment = {"SSH_AUTH_SOCK": str(agent), "SSH_ASKPASS": str(asked)}
    environment |= {"SSH_ASKPASS_REQUIRE": "force", "PATH": os.environ["PATH"]}
    subprocess.run(["ssh-add", *argv], env=environment, check=True, capture_output=True)


def host_key(folder: Path, kind: str) -> tuple[Path, str, str]:
    """Another host key: its file, public half and fingerprint."""
    path = folder / f"host_{kind}"
    argv = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    key = Key(path)
    return path, key.public, key.fingerprint


def test_a_command_gives_output_errors_and_status(
    reach: Reach, sshd: OpenSshServer
) -> None:
    """Its stdin is what it was given, to the end."""
    said = reach.run("cat; echo trouble >&2; exit 3", b"\0any\xff", port=sshd.port)

    assert (b"\0any\xff", b"trouble\n", 3) == (said.stdout, said.stderr, said.status)


def test_a_signal_ends_a_command_without_status(
    reach: Reach, sshd: OpenSshServer
) -> None:
    """The line is asked whether it lives, and it does."""
    assert -1 == reach.run("kill -9 $$", port=sshd.port).status


def test_files_of_some_size_go_both_ways(reach: Reach, sshd: OpenSshServer) -> None:
    """Three times the largest config file."""
    data = os.urandom(3 * _MIB)

    assert data == reach.run("cat", data, port=sshd.port).stdout


def test_a_command_need_not_read_what_it_is_given(
    reach: Reach, sshd: OpenSshServer
) -> None:
    """Its answer counts though its input was cut off."""
    said = reach.run("echo no; exit 1", bytes(4 * _MIB), port=sshd.port)

    assert (b"no\n", 1) == (said.stdout, said.status)


def test_noise_on_stderr_is_cut_and_stops_nothing(
    reach: Reach, sshd: OpenSshServer
) -> None:
    """Its beginning is kept, which mostly has the reason."""
    noise = "yes noise | head -c 1000000 >&2; echo done"

    said = reach.run(noise, port=sshd.port)

    assert (b"done\n", 65_536) == (said.stdout, len(said.stderr))


def test_output_is_heard_while_the_command_runs(
    reach: Reach, sshd: OpenSshServer, tmp_path: Path
) -> None:
    """The first line comes before the command can end."""
    os.mkfifo(tmp_path / "gate")
    heard = reach.stream(f"echo one; cat {tmp_path}/gate", port=sshd.port)

    first = next(heard)
    (tmp_path / "gate").write_text("two\n")

    assert (b"one\n", [b"two\n"]) == (first, list(heard))


def test_one_login_serves_a_whole_run(reach: Reach, sshd: OpenSshServer) -> None:
    """Commands share the line, also from several threads at once."""
    runs = [
        threading.Thread(target=reach.run, args=("true",), kwargs={"port": sshd.port})
        for _ in range(5)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert 1 == sshd.logins()


def test_closing_leaves_no_thread(
    tmp_path: Path, identity: Key, sshd: OpenSshServer
) -> None:
    """Neither of the lines nor of their time limits."""
    before = threading.active_count()

    with Reach(tmp_path, identity) as reach:
        reach.run("true", port=sshd.port)

    assert before == threading.active_count()


def test_the_quick_key_exchange_is_preferred(
    openssh_nodes: OpenSshNodes, reach: Reach
) -> None:
    """Servers that would rather do a post-quantum one agree to curve25519."""
    sshd = openssh_nodes.sshd(settings={"LogLevel": "DEBUG1"})
    reach.know(sshd.endpoint.known_hosts_line)

    reach.run("true", port=sshd.port)

    assert "kex: algorithm: curve25519-sha256" in sshd.log


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_the_known_type_of_host_key_is_asked_for(
    openssh_nodes: OpenSshNodes, reach: Reach, tmp_path: Path, kind: str
) -> None:
    """A host known by another key than it would show first is no stranger."""
    path, public, shown = host_key(tmp_path, kind)
    sshd = openssh_nodes.sshd(settings={"hostkey": str(path)})
    reach.know(f"[127.0.0.1]:{sshd.port} {public}")

    assert 0 == reach.run("true", port=sshd.port).status
    assert [shown] == [line.host_key for line in reach.open_lines()]


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_pinned_key_of_any_type_is_found(
    openssh_nodes: OpenSshNodes, reach: Reach, tmp_path: Path, kind: str
) -> None:
    """A pin has no type, so the types are asked for one by one."""
    more = {other: host_key(tmp_path, other) for other in ("rsa", "ecdsa")}
    sshd = openssh_nodes.sshd(
        settings={"hostkey": str(more["rsa"][0])} | {"HOSTKEY": str(more["ecdsa"][0])}
    )
    pin = sshd.host_key_fingerprint if kind == "ed25519" else more[kind][2]

    assert 0 == reach.run("true", port=sshd.port, host_key=pin).status


def test_a_pinned_key_the_host_has_not(
    openssh_nodes: OpenSshNodes, reach: Reach
) -> None:
    """After all types the first key that was shown is told."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    pin = fingerprint(b"another")

    with pytest.raises(HostKeyMismatch) as caught:
        reach.run("true", port=sshd.port, host_key=pin)

    assert sshd.host_key_fingerprint in caught.value.detail
    assert pin in caught.value.detail


def test_an_alias_of_ssh_config_finds_the_host_key(
    openssh_nodes: OpenSshNodes, reach: Reach
) -> None:
    """HostKeyAlias names the line of known_hosts."""
    sshd = openssh_nodes.sshd()
    public = sshd.endpoint.host_key
    reach.know(f"the-cluster {public}")
    reach.configure("HostKeyAlias the-cluster")

    assert 0 == reach.run("true", port=sshd.port).status


def test_an_agent_opens_what_a_locked_file_can_not(
    reach: Reach, openssh_nodes: OpenSshNodes, agent: Path, identity: Key
) -> None:
    """The public half beside a file with a passphrase says which key to ask for."""
    sshd = openssh_nodes.sshd()
    reach.know(sshd.endpoint.known_hosts_line)
    copied = reach.copy(identity)
    locked = reach.lock(copied)
    add(agent, str(make_key(reach.known.with_name("other")).path))
    add(agent, str(locked), passphrase=PASSPHRASE)
    reach.configure(f"IdentityAgent {agent}")

    assert 0 == reach.run("true", port=sshd.port, identity_file=str(locked)).status
    assert "Failed publickey" not in sshd.log


def test_an_agents_keys_are_tried_where_no_file_is_named(
    reach: Reach, sshd: OpenSshServer, agent: Path, identity: Key
) -> None:
    """All of them, after the files of ssh_config."""
    add(agent, str(identity.path))
    reach.configure(f"IdentityAgent {agent}\nIdentityFile /nonexistent/key")

    assert 0 == reach.run("true", port=sshd.port, identity_file=None).status


def test_identities_only_keeps_the_agents_other_keys_back(
    reach: Reach, sshd: OpenSshServer, agent: Path, identity: Key
) -> None:
    """Only keys of the named files are offered, whoever holds them."""
    add(agent, str(identity.path))
    reach.configure(
        f"IdentityAgent {agent}\nIdentitiesOnly yes\nIdentityFile /nonexistent/key"
    )

    with pytest.raises(NodeUnreachable, match="no key to offer"):
        reach.run("true", port=sshd.port, identity_file=None)


def test_a_private_file_may_be_with_the_agent_alone(
    reach: Reach, sshd: OpenSshServer, agent: Path, identity: Key
) -> None:
    """As with ssh, the public half beside where it was says which key to ask for."""
    copied = reach.copy(identity).path
    add(agent, str(copied))
    copied.unlink()
    reach.configure(f"IdentityAgent {agent}")

    assert 0 == reach.run("true", port=sshd.port, identity_file=str(copied)).status


def test_a_public_file_stands_for_the_agents_key(
    reach: Reach, sshd: OpenSshServer, agent: Path, identity: Key
) -> None:
    """As with ssh, IdentityFile may name a public key."""
    add(agent, str(identity.path))
    reach.configure(f"IdentityAgent {agent}")
    public = str(identity.path.with_suffix(".pub"))

    assert 0 == reach.run("true", port=sshd.port, identity_file=public).status


def test_an_agent_that_is_gone_is_named(
    reach: Reach, sshd: OpenSshServer, tmp_path: Path
) -> None:
    """A socket nobody listens on is a reason, not a crash."""
    reach.configure(f"IdentityAgent {tmp_path}/gone\nIdentityFile /nonexistent/key")

    with pytest.raises(NodeUnreachable, match=f"agent {tmp_path}/gone: "):
        reach.run("true", port=sshd.port, identity_file=None)


@pytest.mark.parametrize("beside", [True, False])
def test_a_user_certificate_opens_the_node(
    reach: Reach, openssh_nodes: OpenSshNodes, tmp_path: Path, beside: bool
) -> None:
    """Found beside the key, or named by CertificateFile."""
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "mine")
    sshd = openssh_nodes.sshd(
        settings={"TrustedUserCAKeys": str(authority.path.with_suffix(".pub"))}
    )
    reach.know(sshd.endpoint.known_hosts_line)
    argv = ["ssh-keygen", "-q", "-s", str(authority.path), "-I", "me"]
    argv += ["-n", sshd.endpoint.user, str(key.path.with_suffix(".pub"))]
    subprocess.run(argv, check=True, capture_output=True)
    certificate = tmp_path / "mine-cert.pub"
    if not beside:
        certificate = certificate.rename(tmp_path / "elsewhere.pub")
        reach.configure(f"CertificateFile {certificate}")

    assert 0 == reach.run("true", port=sshd.port, identity_file=str(key.path)).status
    assert "ED25519-CERT" in sshd.log


def test_an_rsa_key_opens_the_node(
    reach: Reach, sshd: OpenSshServer, tmp_path: Path
) -> None:
    """With SHA-2 signatures; OpenSSH refuses the old ones."""
    path, public, _ = host_key(tmp_path, "rsa")
    with (tmp_path / "sshd1" / "authorized_keys").open("a") as allowed:
        allowed.write(f"{public}\n")

    assert 0 == reach.run("true", port=sshd.port, identity_file=str(path)).status
