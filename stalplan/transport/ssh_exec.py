"""Commands on an open line, each in a channel of its own."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Timer

import paramiko

from stalplan.errors import NodeUnreachable
from stalplan.names import NodeName
from stalplan.transport.agent_talk import Output
from stalplan.transport.ssh_dial import BROKEN, Deadline
from stalplan.transport.ssh_line import Line

_CHUNK = 65_536
_KEPT_STDERR = 65_536  # bytes of it; a node can write without end
_TICK_SECONDS = 5.0  # between looks at a channel that says nothing
_QUIET_SECONDS = 30.0  # then the line is asked whether it lives
_ANSWER_SECONDS = 120.0  # of silence, in which a command must have answered


class LineExec:
    """Implements agent_session.Exec on one open line."""

    def __init__(self, node: NodeName, line: Line, *, timeout: float) -> None:
        self._node = node
        self._line = line
        self._timeout = timeout  # seconds until the node must have begun a command

    def run(self, command: str, stdin: bytes) -> Output:
        """Run *command* to its end. It must not be silent for two minutes."""
        with self._channel(command, stdin) as channel:
            stderr = bytearray()
            stdout = b"".join(self._read(channel, stderr, silence=_ANSWER_SECONDS))
            status = self._status(channel)
        return Output(stdout, bytes(stderr), status)

    def stream(self, command: str, stdin: bytes) -> Iterator[bytes]:
        """Yield stdout as it comes; the command may be silent as long as it likes."""
        with self._channel(command, stdin) as channel:
            yield from self._read(channel, bytearray(), silence=None)
            self._status(channel)

    @contextmanager
    def _channel(self, command: str, stdin: bytes) -> Iterator[paramiko.Channel]:
        channel = self._begun(command)
        with self._errors(), closing(channel):
            channel.settimeout(_ANSWER_SECONDS)
            # A command may end without reading; what it said then counts.
            with suppress(OSError):
                channel.sendall(stdin)
                channel.shutdown_write()
            channel.settimeout(_TICK_SECONDS)
            yield channel

    def _begun(self, command: str) -> paramiko.Channel:
        deadline = Deadline(self._timeout)
        try:
            channel = self._line.open_session(timeout=deadline.left)
            # For the answer to this paramiko would wait without a limit.
            limit = Timer(deadline.left, self._line.close)
            limit.start()
            try:
                channel.exec_command(command)
            finally:
                limit.cancel()
        except paramiko.ChannelException as error:
            raise NodeUnreachable(
                f"{self._node} refused to open a session: {error.text}."
            ) from error
        except BROKEN as error:
            if deadline.passed:
                self._line.close()
                raise NodeUnreachable(
                    f"{self._node} took the login, but did not begin a command within "
                    f"{deadline.seconds:g} s."
                ) from error
            if self._line.alive:
                raise NodeUnreachable(f"{self._node} refused the command.") from error
            raise self._broke(error) from error
        return channel

    def _read(
        self, channel: paramiko.Channel, stderr: bytearray, *, silence: float | None
    ) -> Iterator[bytes]:
        heard = asked = time.monotonic()
        while True:
            try:
                chunk = channel.recv(_CHUNK)
            except TimeoutError:
                chunk = None
            noise = _drained(channel, stderr)
            now = time.monotonic()
            if chunk == b"":
                return
            if chunk:
                yield chunk
            if chunk or noise:
                heard = asked = now
            elif silence is not None and now - heard > silence:
                raise NodeUnreachable(
                    f"{self._node} took the command, but has said nothing for "
                    f"{silence:g} s."
                )
            elif now - asked > _QUIET_SECONDS:
                self._ask_alive()
                asked = now

    def _status(self, channel: paramiko.Channel) -> int:
        """The command's exit status, -1 where a signal ended it."""
        channel.status_event.wait(_QUIET_SECONDS)
        if not channel.exit_status_ready() or channel.exit_status == -1:
            self._ask_alive()  # a broken line looks like this as well
        return channel.exit_status

    def _ask_alive(self) -> None:
        """Raise where the line is dead; TCP alone can't tell behind a jump host."""
        try:
            self._line.open_session(timeout=_QUIET_SECONDS).close()
        except paramiko.ChannelException:
            return  # a refusal is an answer
        except paramiko.SSHException:
            self._line.close()
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn paramiko's failures, and the socket's, into ours."""
        try:
            yield
        except BROKEN as error:
            raise self._broke(error) from error

    def _broke(self, error: Exception) -> NodeUnreachable:
        reason = str(error) or type(error).__name__  # EOFError has no text
        return NodeUnreachable(f"{self._node}: the line broke: {reason}.")


def _drained(channel: paramiko.Channel, stderr: bytearray) -> bool:
    """Take what lies in stderr, keep its beginning; False when there was nothing."""
    some = False
    while channel.recv_stderr_ready():
        part = channel.recv_stderr(_CHUNK)
        stderr += part[: _KEPT_STDERR - len(stderr)]
        some = True
    return some
