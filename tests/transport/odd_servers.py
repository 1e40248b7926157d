"""Servers that do what a sick node does: say nothing, or the wrong thing."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

Behaviour = Callable[[socket.socket], None]


@contextmanager
def listening(behaviour: Behaviour) -> Iterator[int]:
    """A port on 127.0.0.1 whose every connection gets *behaviour*, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_lines: list[socket.socket] = []
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    line, _ = server.accept()
                    open_lines.append(line)
                    threading.Thread(target=behave, args=(line,)).start()

        def behave(line: socket.socket) -> None:
            with suppress(OSError):
                behaviour(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in open_lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                line.close()


@contextmanager
def deaf() -> Iterator[int]:
    """A port where connecting takes for ever: its queue is full and never emptied."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for filler in fillers:
                filler.close()


def silent(line: socket.socket) -> None:
    """Take what comes and never say a word."""
    while line.recv(4096):
        pass


def hangs_up(line: socket.socket) -> None:
    """Close at once."""
    line.close()


def speaks_http(line: socket.socket) -> None:
    """Answer as another kind of server."""
    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    line.close()


def only_greets(line: socket.socket) -> None:
    """Greet as SSH, then nothing."""
    line.sendall(b"SSH-2.0-Sick\r\n")
    silent(line)


class _Mute(paramiko.ServerInterface):
    """Lets everyone in and then answers nothing, or no command."""

    def __init__(self, over: threading.Event, *, opens_channels: bool) -> None:
        self._over = over
        self._opens_channels = opens_channels

    def get_allowed_auths(self, _: str) -> str:
        return "publickey"

    def check_auth_publickey(self, *_: object) -> int:
        return AUTH_SUCCESSFUL

    def check_channel_request(self, *_: object) -> int:
        if not self._opens_channels:
            self._over.wait()
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, *_: object) -> bool:
        self._over.wait()
        return False


@contextmanager
def mute_after_login(host_key: Path, *, opens_channels: bool) -> Iterator[int]:
    """An SSH server that hangs after the login, or after a channel is open."""
    over = threading.Event()
    key = paramiko.Ed25519Key.from_private_key_file(str(host_key))
    transports: list[paramiko.Transport] = []

    def serve(line: socket.socket) -> None:
        transport = paramiko.Transport(line)
        transports.append(transport)
        transport.add_server_key(key)
        transport.start_server(
            threading.Event(), _Mute(over, opens_channels=opens_channels)
        )

    with listening(serve) as port:
        try:
            yield port
        finally:
            over.set()
            for transport in transports:
                transport.close()
