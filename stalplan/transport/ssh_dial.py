"""The first bytes to a host: directly, through a jump host, or through a command."""

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Protocol

import paramiko

from stalplan.errors import NodeUnreachable
from stalplan.transport.ssh_words import Route

BROKEN = (paramiko.SSHException, OSError, EOFError)  # what a line may raise
_END_SECONDS = 2.0  # for a ProxyCommand whose line is closed
_LOST_SECONDS = 30  # without an acknowledgement the line counts as broken
_PROBE_SECONDS = 15  # of silence, after which TCP itself asks whether anyone is there

Address = tuple[
    socket.AddressFamily,
    socket.SocketKind,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]
"""As socket.getaddrinfo tells it."""


class Deadline:
    """A moment by which something must be done, *seconds* after it was set."""

    def __init__(self, seconds: float, *, left: float | None = None) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + (seconds if left is None else left)

    @property
    def end(self) -> float:
        """The moment itself, by the monotonic clock."""
        return self._end

    @property
    def left(self) -> float:
        """Seconds until then; a little more than none, so that it can be waited for."""
        return max(0.01, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether it is too late."""
        return time.monotonic() >= self._end


class Opener(Protocol):
    """A jump host's open line."""

    def open_to(self, host: str, port: int, *, timeout: float) -> paramiko.Channel:
        """A channel that the jump host connects to *host*."""


def dial(
    name: str, route: Route, deadline: Deadline, *, through: Opener | None
) -> socket.socket | paramiko.Channel:
    """Something to speak SSH over, with nothing said yet."""
    if through is not None:
        return _through(name, route, deadline, through)
    if route.proxy_command is not None:
        return _through_command(name, route.proxy_command)
    return _directly(name, route, deadline)


def _directly(name: str, route: Route, deadline: Deadline) -> socket.socket:
    found = resolved(name, route)
    failures: list[OSError] = []
    for number, address in enumerate(found):
        # Several addresses share the time: a dead first one must leave some.
        share = deadline.left / (len(found) - number)
        try:
            return _connected(address, share)
        except OSError as error:
            failures.append(error)
    raise unreached(name, route, deadline, failures)


def _connected(address: Address, seconds: float) -> socket.socket:
    family, kind, proto, _, where = address
    one = socket.socket(family, kind, proto)
    try:
        one.settimeout(seconds)
        one.connect(where)
        tune(one)
    except OSError:
        one.close()
        raise
    return one


def resolved(name: str, route: Route) -> Sequence[Address]:
    """The addresses to try, in order; at least one.

    Raises:
        NodeUnreachable: the name has none.
    """
    try:
        return socket.getaddrinfo(
            route.host, route.port, route.family, socket.SOCK_STREAM
        )
    except (socket.gaierror, UnicodeError) as error:
        raise NodeUnreachable(
            f"{name}: the name {route.host} can't be resolved: {error}.",
            hint=f"getent hosts {route.host}",
        ) from error


def unreached(
    name: str, route: Route, deadline: Deadline, failures: Sequence[OSError]
) -> NodeUnreachable:
    """None of the addresses took a connection: *failures*, one for each."""
    reasons = dict.fromkeys(_reason(error, deadline) for error in failures)
    error = NodeUnreachable(
        f"{name}: {route.host} port {route.port} {', '.join(reasons)}.",
        hint=f"nc -vz {route.host} {route.port}",
    )
    error.__cause__ = next(iter(failures), None)
    return error


def _reason(error: OSError, deadline: Deadline) -> str:
    match error:
        case ConnectionRefusedError():
            return "refused the connection: nothing listens there"
        case TimeoutError():
            return f"did not answer within {deadline.seconds:g} s"
        case _:
            return f"can't be reached: {error.strerror or type(error).__name__}"


def tune(line: socket.socket) -> None:
    """No waiting on either side for a fuller packet, and an early end to dead lines."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
        line.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST_SECONDS * 1000
        )


def _through(
    name: str, route: Route, deadline: Deadline, through: Opener
) -> paramiko.Channel:
    where = f"{route.host} port {route.port}"
    hop = route.jump[-1].address
    try:
        return through.open_to(route.host, route.port, timeout=deadline.left)
    except paramiko.ChannelException as error:
        raise NodeUnreachable(
            f"{name}: the jump host {hop} can't connect to {where}: {error.text}.",
            hint=f"ssh {hop} nc -vz {route.host} {route.port}",
        ) from error
    except BROKEN as error:
        reason = "no answer in time" if deadline.passed else "its own line broke"
        raise NodeUnreachable(
            f"{name}: {where} by the jump host {hop}: {reason}."
        ) from error


class _CommandLine(socket.socket):
    """One end of a socket pair; the other is a program's stdin and stdout."""

    program: subprocess.Popen[bytes]

    def close(self) -> None:
        """Close, end the program, and wait until it is gone."""
        super().close()
        self.program.terminate()
        try:
            self.program.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()


def _through_command(name: str, command: str) -> socket.socket:
    """A shell command as a line, which breaks when the command ends."""
    ours, theirs = socket.socketpair()
    try:
        program = subprocess.Popen(  # noqa: S602 - the user's ssh_config asks for a shell
            f"exec {command}",
            shell=True,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for us to handle
        )
    except OSError as error:
        ours.close()
        raise NodeUnreachable(f"{name}: no shell for ProxyCommand: {error}.") from error
    finally:
        theirs.close()
    line = _CommandLine(fileno=ours.detach())
    line.program = program
    return line
