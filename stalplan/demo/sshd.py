"""A real SSH server on loopback that runs commands as this user: a demo node's door."""

import contextlib
import logging
import os
import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

LOOPBACK = "127.0.0.1"
_PIECE = 32768  # bytes moved at once
_LOG = "stalplan.demo.sshd"
logging.getLogger(_LOG).addHandler(logging.NullHandler())  # clients that hang up


@dataclass(slots=True, kw_only=True)
class SshServer:
    """Accepts one key of one user and runs what it asks with `sh -c` in *folder*.

    Every command is a session of its own (setsid), as under OpenSSH. A channel ends
    once the command has ended and everyone has closed its output. A line that
    breaks closes the command's pipes and does not kill it.
    """

    host_key: paramiko.PKey
    client_key: paramiko.PKey
    user: str
    folder: str
    environ: Mapping[str, str] = field(repr=False)
    listening: socket.socket = field(
        default_factory=lambda: socket.create_server((LOOPBACK, 0)), init=False
    )
    _wake: tuple[int, int] = field(default_factory=os.pipe, init=False)
    _lines: list[paramiko.Transport] = field(default_factory=list, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    @property
    def port(self) -> int:
        """The port the kernel chose."""
        port: int = self.listening.getsockname()[1]
        return port

    @property
    def known_hosts_line(self) -> str:
        """The line of a known_hosts file that vouches for this server."""
        key = self.host_key
        return f"[{LOOPBACK}]:{self.port} {key.get_name()} {key.get_base64()}\n"

    def start(self) -> None:
        """Accept connections from now on, in threads of our own."""
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and break every line. Commands under way are not ended."""
        os.write(self._wake[1], b"!")
        if self._thread is not None:
            self._thread.join()
        self.listening.close()
        for line in self._lines:
            line.close()
        for end in self._wake:
            os.close(end)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._wake[0], selectors.EVENT_READ)
            ready.register(self.listening, selectors.EVENT_READ)
            while all(key.fileobj is self.listening for key, _ in ready.select()):
                with contextlib.suppress(OSError):  # it hung up before we looked
                    client, _ = self.listening.accept()
                    self._begin(client)

    def _begin(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = paramiko.Transport(client)
        line.set_log_channel(_LOG)
        line.add_server_key(self.host_key)
        self._lines = [each for each in self._lines if each.is_active()] + [line]
        asked = Session(self.user, self.client_key, self.folder, self.environ)
        # With an event it returns at once; without, it would wait for the client.
        line.start_server(event=threading.Event(), server=asked)


@dataclass(slots=True)
class Session(paramiko.ServerInterface):
    """What one client may do: prove its key, then run commands, several at once."""

    user: str
    client_key: paramiko.PKey
    folder: str
    environ: Mapping[str, str] = field(repr=False)

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's
        """Keys and nothing else."""
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Whether *key* is the one that was made for this cluster."""
        if username == self.user and key == self.client_key:
            return AUTH_SUCCESSFUL
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - paramiko's
        """Sessions; no forwarding of any kind."""
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(
        self, channel: paramiko.Channel, command: bytes
    ) -> bool:
        """Run *command*; it begins now and is pumped by threads of its own."""
        try:
            process = subprocess.Popen(  # noqa: S603 - running commands is its job
                [b"/bin/sh", b"-c", command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                env=dict(self.environ),
                start_new_session=True,
            )
        except OSError:  # the folder is gone, or a NUL in the command
            return False
        threading.Thread(target=_carry, args=(channel, process), daemon=True).start()
        return True


def _carry(channel: paramiko.Channel, process: "subprocess.Popen[bytes]") -> None:
    """Move the three streams until the command is over, then tell its status."""
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise AssertionError("all three are pipes")
    feeding = threading.Thread(target=_feed, args=(channel, stdin), daemon=True)
    feeding.start()
    errors = threading.Thread(target=_drain, args=(stderr, channel.sendall_stderr))
    errors.daemon = True
    errors.start()
    _drain(stdout, channel.sendall)
    errors.join()
    status = process.wait()
    with contextlib.suppress(OSError, EOFError):  # the client is gone
        channel.shutdown_write()
        # A signal's number counts from 128, as a shell tells it.
        channel.send_exit_status(status if status >= 0 else 128 - status)
    channel.close()


def _feed(channel: paramiko.Channel, stdin: IO[bytes]) -> None:
    """What the client sends, until it ends its half; then stdin ends as well."""
    with contextlib.suppress(OSError), stdin:  # the command no longer listens
        while piece := channel.recv(_PIECE):
            stdin.write(piece)
            stdin.flush()


def _drain(source: IO[bytes], send: Callable[[bytes], None]) -> None:
    """What the command says; where nobody listens its pipe is closed, as by sshd."""
    with contextlib.suppress(OSError), source:
        while piece := os.read(source.fileno(), _PIECE):
            send(piece)
