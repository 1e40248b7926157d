"""One node read over a driven line, as steps between which a loop does other things.

A step yields what it waits for and goes on when that has come; where it came too late,
TimeoutError is raised where it waited. What must not be said before the host's key is
checked stands after the check; what may be said before an answer is said before it.
"""

import os
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from paramiko.ssh_exception import IncompatiblePeer

from stalplan.errors import HostKeyMismatch, NodeUnreachable
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport
from stalplan.transport.agent_talk import AgentTalk, Output
from stalplan.transport.ssh_auth import Identities, Offer
from stalplan.transport.ssh_command import Command
from stalplan.transport.ssh_dial import BROKEN, Address, Deadline, tune, unreached
from stalplan.transport.ssh_driven import DrivenTransport
from stalplan.transport.ssh_line import Line, hang_up
from stalplan.transport.ssh_opening import WINDOW, Opening
from stalplan.transport.ssh_trust import Trust
from stalplan.transport.ssh_words import Route

ANSWER_SECONDS = 120.0  # of silence, in which a command must have answered
# Who is known to keep what is asked ahead until the login is granted.
_PATIENT = "SSH-2.0-OpenSSH_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one node is read by the loop: straight to it, first with a key of a file."""

    node: Node
    route: Route
    addresses: Sequence[Address]
    offer: Offer
    rest: Iterator[Offer]  # if the first is refused; an agent may be asked for them
    trust: Trust
    identities: Identities


@dataclass(frozen=True, slots=True)
class Wait:
    """Until *line* can be read, or also written, and for how long by what clock."""

    line: socket.socket
    writing: bool
    until: float  # the monotonic clock


@dataclass(frozen=True, slots=True)
class Turn:
    """Until there is a place among the nodes that are worked on."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report, and the line that it came over, which is as good as new."""

    report: NodeReport
    line: Line


@dataclass(frozen=True, slots=True)
class Refused:
    """The host wants another key than the first; the line waits for it."""

    opening: Opening
    transport: DrivenTransport


@dataclass(frozen=True, slots=True)
class LeftToThread:
    """This needs what only the slower way can do, from the beginning."""


Steps = Generator[Wait | Turn, None, Told | Refused | LeftToThread]


def reading(way: Way) -> Steps:
    """The steps to the report of *way*'s node.

    Raises:
        NodeUnreachable: with the cause; nothing is left open.
    """
    deadline = Deadline(way.route.timeout)
    line = yield from _connected(way, deadline)
    left = deadline.left
    try:
        yield Turn()
        deadline = Deadline(way.route.timeout, left=left)
        transport = DrivenTransport(line, window=WINDOW)
    except BaseException:
        line.close()
        raise
    name = str(way.node.name)
    opening = Opening(name, way.route, deadline, way.trust, way.identities)
    try:
        if not (yield from _trusted(opening, transport)):
            hang_up(transport)
            return LeftToThread()
        question = _Question(way.node, transport)
        if not (yield from _logged_in(way, opening, transport, question)):
            return Refused(opening, transport)
        report = yield from question.answer()
    except BaseException:
        hang_up(transport)
        raise
    held = Line(transport)
    return Told(replace(report, host_key=held.host_key), held)


def _connected(
    way: Way, deadline: Deadline
) -> Generator[Wait | Turn, None, socket.socket]:
    failures: list[OSError] = []
    for number, address in enumerate(way.addresses):
        # Several addresses share the time: a dead first one must leave some.
        share = Deadline(deadline.left / (len(way.addresses) - number))
        try:
            return (yield from _connected_to(address, share))
        except OSError as error:
            failures.append(error)
    raise unreached(str(way.node.name), way.route, deadline, failures)


def _connected_to(
    address: Address, deadline: Deadline
) -> Generator[Wait | Turn, None, socket.socket]:
    family, kind, proto, _, where = address
    line = socket.socket(family, kind, proto)
    try:
        line.settimeout(0)
        with suppress(BlockingIOError):
            line.connect(where)
        yield Wait(line, writing=True, until=deadline.end)
        _raise_failure(line)
        tune(line)
    except BaseException:
        line.close()
        raise
    return line


def _raise_failure(line: socket.socket) -> None:
    """Raise what came of connecting, if it failed."""
    if code := line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(code, os.strerror(code))


def _trusted(
    opening: Opening, transport: DrivenTransport
) -> Generator[Wait | Turn, None, bool]:
    """Whether the host's key is checked; False where a thread must see to it."""
    opening.ask_for(transport, opening.key_types)
    try:
        transport.greet()
        yield from _until(
            transport, lambda: transport.initial_kex_done, opening.deadline
        )
        key = transport.get_remote_server_key()
    except IncompatiblePeer:
        return False  # a thread knows more ciphers
    except BROKEN as error:
        raise opening.no_handshake(transport.remote_version, error) from error
    try:
        opening.check(key)
    except HostKeyMismatch:
        if opening.route.host_key is None:
            raise
        return False  # a pin doesn't tell its type
    return True


def _logged_in(
    way: Way, opening: Opening, transport: DrivenTransport, question: "_Question"
) -> Generator[Wait | Turn, None, bool]:
    """Whether the first key is taken; False where another one might be."""
    offer = way.offer
    try:
        transport.ask_login(way.route.user, offer.key)
        if transport.remote_version.startswith(_PATIENT):
            question.begin()
        yield from _until(transport, lambda: transport.login_answered, opening.deadline)
    except TimeoutError as error:
        raise opening.login_late() from error
    except BROKEN as error:
        raise opening.hung_up([offer.name]) from error
    if transport.is_authenticated():
        return True
    why = transport.saved_exception
    if (ended := opening.login_ended(offer.name, why)) is not None:
        raise ended from why
    return False


class _Question:
    """What a node is asked for its report: one command, or a second after the first."""

    def __init__(self, node: Node, transport: DrivenTransport) -> None:
        self._node = node
        self._transport = transport
        self._talk = AgentTalk(node)
        self._asking = self._talk.report()
        self._stdin = next(self._asking)
        self._command: Command | None = None

    def begin(self) -> Command:
        """Ask for a channel to run the command in, if that was not done."""
        if self._command is None:
            text, stdin = self._talk.command, self._stdin
            self._command = Command(self._transport, text, stdin, window=WINDOW)
        return self._command

    def answer(self) -> Generator[Wait | Turn, None, NodeReport]:
        """The report, when all is told."""
        while True:
            output = yield from self._output()
            try:
                self._stdin = self._asking.send(output)
            except StopIteration as told:
                report: NodeReport = told.value
                return report
            self._command = None

    def _output(self) -> Generator[Wait | Turn, None, Output]:
        name = self._node.name
        with _line_errors(self._node):
            command = self.begin()
            yield from self._begun(command)
            if command.refused_channel:
                raise NodeUnreachable(
                    f"{name} refused to open a session: {command.refused_channel}."
                )
            if command.refused:
                raise NodeUnreachable(f"{name} refused the command.")
            yield from self._over(command)
        return command.take_output()

    def _begun(self, command: Command) -> Generator[Wait | Turn, None, None]:
        deadline = Deadline(self._node.ssh.connect_timeout)
        try:
            yield from _until(self._transport, lambda: command.answered, deadline)
        except TimeoutError as error:
            raise NodeUnreachable(
                f"{self._node.name} took the login, but did not begin a command within "
                f"{deadline.seconds:g} s."
            ) from error

    def _over(self, command: Command) -> Generator[Wait | Turn, None, None]:
        heard, silence = command.heard, Deadline(ANSWER_SECONDS)
        while not command.over:
            try:
                yield from _pumped(self._transport, silence)
            except TimeoutError as error:
                raise NodeUnreachable(
                    f"{self._node.name} took the command, but has said nothing for "
                    f"{ANSWER_SECONDS:g} s."
                ) from error
            if command.heard != heard:
                heard, silence = command.heard, Deadline(ANSWER_SECONDS)


def _until(
    transport: DrivenTransport, reached: Callable[[], bool], deadline: Deadline
) -> Generator[Wait | Turn, None, None]:
    transport.flush()
    while not reached():
        yield from _pumped(transport, deadline)


def _pumped(
    transport: DrivenTransport, deadline: Deadline
) -> Generator[Wait | Turn, None, None]:
    wire = transport.wire
    yield Wait(wire.line, writing=bool(wire.unsent), until=deadline.end)
    transport.pump()


@contextmanager
def _line_errors(node: Node) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        reason = str(error) or type(error).__name__  # EOFError has no text
        raise NodeUnreachable(f"{node.name}: the line broke: {reason}.") from error
