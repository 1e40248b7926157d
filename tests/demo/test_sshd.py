"""The embedded SSH server, asked by OpenSSH's own client."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
from nodes.waiting import wait_until

from stalplan.demo.sshd import SshServer

USER = "demo"


@dataclass(frozen=True)
class Client:
    """OpenSSH's client, told to trust one server and to use one key."""

    argv: tuple[str, ...]

    def run(
        self, command: str, stdin: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run *command* to its end."""
        return subprocess.run(
            [*self.argv, command],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def begin(self, command: str) -> "subprocess.Popen[bytes]":
        """Start *command* and leave it to the caller."""
        return subprocess.Popen(
            [*self.argv, command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def client_of(server: SshServer, folder: Path, key: paramiko.PKey) -> Client:
    identity = folder / "identity"
    key.write_private_key_file(str(identity))
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(server.known_hosts_line)
    options = {
        "IdentityFile": str(identity),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(known_hosts),
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
    }
    told = [
        word for name, value in options.items() for word in ("-o", f"{name}={value}")
    ]
    return Client(
        ("ssh", "-F", "none", *told, "-p", str(server.port), f"{USER}@127.0.0.1")
    )


@pytest.fixture
def key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


@pytest.fixture
def server(tmp_path: Path, key: paramiko.PKey) -> Iterator[SshServer]:
    made = SshServer(
        host_key=paramiko.ECDSAKey.generate(),
        client_key=key,
        user=USER,
        folder=str(tmp_path),
        environ={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    made.start()
    yield made
    made.close()


@pytest.fixture
def client(server: SshServer, tmp_path: Path, key: paramiko.PKey) -> Client:
    return client_of(server, tmp_path, key)


def test_streams_are_kept_apart(client: Client) -> None:
    """What a command says on either stream comes back on that stream."""
    told = client.run("echo out; echo err >&2")

    assert (0, b"out\n", b"err\n") == (told.returncode, told.stdout, told.stderr)


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_exit_status_is_carried(client: Client, status: int) -> None:
    """A command's exit status is the client's."""
    told = client.run(f"exit {status}")

    assert status == told.returncode


def test_a_signal_counts_from_128(client: Client) -> None:
    """A command that a signal ends is told as a shell would tell it."""
    told = client.run("kill -9 $$")

    assert 137 == told.returncode


def test_large_data_both_ways(client: Client) -> None:
    """Ten MiB in and out, through windows many times smaller, arrive unchanged."""
    data = os.urandom(10 << 20)

    told = client.run("cat", data)

    assert hashlib.sha256(data).digest() == hashlib.sha256(told.stdout).digest()


def test_end_of_input_is_told(client: Client) -> None:
    """When the client ends its half the command sees it and can still answer."""
    told = client.run("cat >got; wc -c <got", b"x" * 3_000_000)

    assert (0, b"3000000") == (told.returncode, told.stdout.strip())


def test_input_nobody_reads_hurts_nobody(client: Client) -> None:
    """A command may end without having read what was sent to it."""
    told = client.run("exec 0<&-; exit 7", b"x" * 5_000_000)

    assert 7 == told.returncode


def test_commands_run_at_once(client: Client) -> None:
    """Several lines are served at one time: each of three waits for the others."""
    meet = "until [ -e a ] && [ -e b ] && [ -e c ]; do sleep 0.05; done; echo met"
    running = [client.begin(f"touch {name}; {meet}") for name in "abc"]

    said = [each.communicate(timeout=60)[0] for each in running]

    assert [b"met\n"] * 3 == said


def test_channels_share_a_line(server: SshServer, key: paramiko.PKey) -> None:
    """One connection carries several commands, each with its own input and output."""
    with paramiko.SSHClient() as line:
        line.get_host_keys().add(
            f"[127.0.0.1]:{server.port}", server.host_key.get_name(), server.host_key
        )
        line.connect(
            "127.0.0.1",
            server.port,
            USER,
            pkey=key,
            allow_agent=False,
            look_for_keys=False,
        )
        open_ones = [line.exec_command("cat; exit 3") for _ in range(4)]
        for number, (stdin, _, _) in enumerate(open_ones):
            stdin.write(str(number) * 100_000)
            stdin.channel.shutdown_write()

        said = [stdout.read() for _, stdout, _ in open_ones]
        statuses = [stdout.channel.recv_exit_status() for _, stdout, _ in open_ones]

    assert [str(number).encode() * 100_000 for number in range(4)] == said
    assert [3] * 4 == statuses


def test_a_broken_line_kills_no_command(client: Client, tmp_path: Path) -> None:
    """A command that minds no pipe outlives the client that began it."""
    running = client.begin("echo begun; sleep 0.5; touch survived")
    assert running.stdout is not None
    running.stdout.readline()
    running.kill()
    running.communicate()

    wait_until((tmp_path / "survived").exists, what="the end of the command")


def test_another_key_is_refused(server: SshServer, tmp_path: Path) -> None:
    """Only the key that was made for this server opens it."""
    stranger = client_of(server, tmp_path, paramiko.ECDSAKey.generate())

    told = stranger.run("touch entered")

    assert 255 == told.returncode
    assert b"Permission denied (publickey)" in told.stderr
    assert not (tmp_path / "entered").exists()


def test_it_is_reached_on_loopback_only(server: SshServer) -> None:
    """The server is bound to 127.0.0.1 and to no other address."""
    assert "127.0.0.1" == server.listening.getsockname()[0]
