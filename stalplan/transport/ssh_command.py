"""One command on a driven line: asked for, fed, and heard to its end."""

from paramiko import common
from paramiko.message import Message

from stalplan.transport.agent_talk import Output
from stalplan.transport.ssh_driven import DrivenTransport

_PACKET = 32_768  # bytes of data in a message to us, as paramiko and OpenSSH have it
_KEPT_STDERR = 65_536  # bytes of it; a node can write without end
_FAILURES = common.CONNECTION_FAILED_CODE


class Command:
    """Hears what a node says to *text*, and sends *stdin* as fast as it is taken.

    All is asked for at once, as soon as the node allows: the channel when the command
    is made, the command when the channel is open, and its input when there is room.
    """

    def __init__(
        self, line: DrivenTransport, text: str, stdin: bytes, *, window: int
    ) -> None:
        self._line = line
        self._text = text
        self._stdin = memoryview(stdin)
        self._window = window  # bytes that may come before we allow more
        self._came = 0  # since we last allowed more
        self.heard = 0  # bytes in all
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._status = -1
        self._their_number = 0
        self._room = self._their_packet = 0
        self._input_ended = False
        self.begun = False
        self.over = False
        self.refused_channel = ""  # why there is no channel
        self.refused = False  # the channel is there, but no command
        self._number = line.own_channel(self)
        ask = _message(common.cMSG_CHANNEL_OPEN, "session", self._number)
        line.say(_with(ask, window, _PACKET))

    @property
    def answered(self) -> bool:
        """Whether the node has begun the command, or said that it won't."""
        return bool(self.begun or self.refused or self.refused_channel or self.over)

    def take_output(self) -> Output:
        """What was said, once it is over. Nothing is kept: lines outlive commands."""
        output = Output(bytes(self._stdout), bytes(self._stderr), self._status)
        self._stdin = memoryview(b"")
        self._stdout, self._stderr = bytearray(), bytearray()
        return output

    def hear(self, kind: int, message: Message) -> None:
        """Implements ssh_driven.Channel."""
        if self.over:
            return
        match kind:
            case common.MSG_CHANNEL_WINDOW_ADJUST:
                self._room += message.get_int()
            case common.MSG_CHANNEL_DATA:
                self._take(self._stdout, message.get_binary())
            case common.MSG_CHANNEL_EXTENDED_DATA:
                message.get_int()  # there is one kind: stderr
                said = message.get_binary()
                self._take(self._stderr, said, most=_KEPT_STDERR)
            case common.MSG_CHANNEL_REQUEST:
                self._hear_request(message)
            case common.MSG_CHANNEL_CLOSE:
                self.over = True
                self._say(common.cMSG_CHANNEL_CLOSE)
                return
            case _:
                self._hear_answer(kind, message)
        self._send_input()

    def _hear_answer(self, kind: int, message: Message) -> None:
        match kind:
            case common.MSG_CHANNEL_OPEN_SUCCESS:
                self._their_number = message.get_int()
                self._room, self._their_packet = message.get_int(), message.get_int()
                self._ask("exec", self._text)
            case common.MSG_CHANNEL_OPEN_FAILURE:
                reason = message.get_int()
                self.refused_channel = _FAILURES.get(reason, "(unknown code)")
            case common.MSG_CHANNEL_SUCCESS:
                self.begun = True
            case common.MSG_CHANNEL_FAILURE:
                self.refused = True

    def _hear_request(self, message: Message) -> None:
        what, wants_answer = message.get_text(), message.get_boolean()
        if what == "exit-status":
            self._status = message.get_int()
        if wants_answer:
            self._say(common.cMSG_CHANNEL_FAILURE)

    def _take(self, kept: bytearray, said: bytes, *, most: int | None = None) -> None:
        self.begun = True
        kept += said if most is None else said[: most - len(kept)]
        self.heard += len(said)
        self._came += len(said)
        if self._came * 2 > self._window:
            self._say(common.cMSG_CHANNEL_WINDOW_ADJUST, self._came)
            self._came = 0

    def _ask(self, what: str, argument: str) -> None:
        ask = _message(common.cMSG_CHANNEL_REQUEST, self._their_number, what)
        ask.add_boolean(True)  # noqa: FBT003 - the protocol's own word: an answer, please
        ask.add_string(argument)
        self._line.say(ask)

    def _send_input(self) -> None:
        while size := min(len(self._stdin), self._room, self._their_packet):
            data = _message(common.cMSG_CHANNEL_DATA, self._their_number)
            data.add_string(bytes(self._stdin[:size]))
            self._line.say(data)
            self._stdin = self._stdin[size:]
            self._room -= size
        if not self._stdin and self.begun and not self._input_ended:
            self._input_ended = True
            self._say(common.cMSG_CHANNEL_EOF)

    def _say(self, kind: bytes, *numbers: int) -> None:
        self._line.say(_with(_message(kind, self._their_number), *numbers))


def _message(kind: bytes, *parts: int | str) -> Message:
    message = Message()
    message.add_byte(kind)
    for part in parts:
        if isinstance(part, int):
            message.add_int(part)
        else:
            message.add_string(part)
    return message


def _with(message: Message, *numbers: int) -> Message:
    for number in numbers:
        message.add_int(number)
    return message
