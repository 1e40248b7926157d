"""One node of the demo: a folder, a config file, a service and an SSH server."""

import secrets
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import paramiko

import stalplan
from stalplan.demo.configs import config_text
from stalplan.demo.leftovers import MARK
from stalplan.demo.sshd import LOOPBACK, SshServer

_READY_SECONDS = 30.0
FIRST_PORT, PORTS = 10_000, 10_000  # below the range of outgoing connections


@dataclass(slots=True, kw_only=True)
class DemoNode:
    """Everything lies in *folder*; nothing runs until start().

    *environ* is what commands over SSH get, and so what the server they start gets;
    *guard* keeps other demos from the mail server's ports.
    """

    name: str
    folder: Path
    http_port: int
    smtp_port: int
    guard: socket.socket
    ssh: SshServer
    environ: Mapping[str, str] = field(repr=False)

    @property
    def config(self) -> Path:
        """The server's file."""
        return self.folder / "config.toml"

    def service(self, verb: str) -> list[str]:
        """The argv that does *verb*: start, stop, active, pid or version."""
        return [str(self.folder / "service"), verb]

    def start(self) -> None:
        """Start the SSH server and the mail server; neither need answer yet."""
        self.ssh.start()
        subprocess.run(  # noqa: S603 - the script that make_node wrote
            self.service("start"), env=self.environ, check=True
        )

    def wait_until_ready(self) -> None:
        """Return once the mail server says that it is ready.

        Raises:
            TimeoutError: it did not within 30 s, or ended; what it said is told.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if time.monotonic() > deadline or not self._active():
                said = (self.folder / "server.out").read_text("utf-8", "replace")
                raise TimeoutError(f"{self.name}'s server is not ready. {said}")
            time.sleep(0.02)

    def _active(self) -> bool:
        active = subprocess.run(  # noqa: S603 - as above
            self.service("active"), env=self.environ, check=False
        )
        return active.returncode == 0

    def _ready(self) -> bool:
        """Asked over a socket of our own: a proxy of the user's must not answer."""
        try:
            with socket.create_connection((LOOPBACK, self.http_port), 5) as line:
                line.sendall(b"GET /healthz/ready HTTP/1.0\r\n\r\n")
                return line.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False


def make_node(
    name: str, folder: Path, *, client_key: paramiko.PKey, environ: Mapping[str, str]
) -> DemoNode:
    """Write one node's files below *folder*, which this makes; start nothing."""
    folder.mkdir(mode=0o700)
    environ = {**environ, "HOME": str(folder)}
    guard, (http_port, smtp_port) = free_ports(2)
    node = DemoNode(
        name=name,
        folder=folder,
        http_port=http_port,
        smtp_port=smtp_port,
        guard=guard,
        environ=environ,
        ssh=SshServer(
            host_key=paramiko.ECDSAKey.generate(),
            client_key=client_key,
            user=environ["USER"],
            folder=str(folder),
            environ=environ,
        ),
    )
    text = config_text(name, folder=str(folder), http=http_port, smtp=smtp_port)
    _write(node.config, text, mode=0o600)
    _write(folder / "service", _packaged("service.sh"), mode=0o700)
    _write(folder / "stalwart", _binary(environ[MARK]), mode=0o700)
    return node


def free_ports(count: int) -> tuple[socket.socket, list[int]]:
    """Ports of loopback that nothing uses, none below 1024, and what keeps them ours.

    A server's ports are free while it is down, also to another demo's. So they are
    drawn as a block with one port more, which the socket holds until it is closed:
    whoever draws that block sees it. Nor are they any that the system gives to
    outgoing connections: while a server restarts, one of those could take its port.
    """
    size = count + 1
    while True:
        first = FIRST_PORT + size * secrets.randbelow(PORTS // size)
        ports = list(range(first + 1, first + size))
        guard = socket.socket()
        try:
            guard.bind((LOOPBACK, first))
            for port in ports:
                socket.create_server((LOOPBACK, port)).close()
        except OSError:  # somebody has one: draw again
            guard.close()
        else:
            return guard, ports


def _binary(mark: str) -> str:
    """What stands where the mail server's binary would: a call of the stand-in.

    The package is named by its folder, so that it need not be installed. The mark is
    set here too: systemd starts what it starts with an environment of its own.
    """
    package = Path(stalplan.__file__).parent.parent
    python = shlex.quote(sys.executable)
    return (
        "#!/bin/sh\n"
        f"PYTHONPATH={shlex.quote(str(package))}\n"
        f"{MARK}={shlex.quote(mark)}\n"
        f"export PYTHONPATH {MARK}\n"
        f'exec {python} -m stalplan.demo.server "$@"\n'
    )


def _packaged(name: str) -> str:
    return resources.files("stalplan.demo").joinpath(name).read_text("utf-8")


def _write(path: Path, text: str, *, mode: int) -> None:
    path.write_text(text, "utf-8")
    path.chmod(mode)
