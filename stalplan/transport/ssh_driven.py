"""paramiko's protocol without its thread: whoever holds the socket drives it.

A paramiko.Transport is a thread that waits for its own socket, and whoever asks it for
something waits for that thread: several times the work of the protocol itself. Here one
loop feeds many of them, and requests are sent ahead of the answers to earlier ones.

This is the one place that uses paramiko's inner parts. All that concerns keys, ciphers
and the order of messages stays paramiko's; DRIVABLE says whether the installed release
has the parts. Where it hasn't, threads do everything, as for jump hosts and agents.
"""

import socket
import struct
from contextlib import suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Protocol

import paramiko
from paramiko import common
from paramiko.auth_handler import AuthHandler
from paramiko.message import Message
from paramiko.packet import NeedRekeyException, Packetizer
from paramiko.ssh_exception import MessageOrderError

# Ciphers whose packets tell their length in clear, so that one is taken when all of it
# is there. Every OpenSSH since 6.2 has them; other servers are left to threads.
_CIPHERS = (
    *("aes128-gcm@openssh.com", "aes256-gcm@openssh.com"),
    *("aes128-ctr", "aes192-ctr", "aes256-ctr"),
)
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
_LENGTH = struct.Struct(">I")
_LONGEST = 256 * 1024  # bytes of a packet, as in OpenSSH
_GREETING = 64 * 1024  # bytes before the line that begins with "SSH-"
_CHUNK = 65_536
_KEX_MESSAGES = range(30, 42)
_CHANNEL_MESSAGES = range(
    common.MSG_CHANNEL_OPEN_SUCCESS, common.MSG_CHANNEL_FAILURE + 1
)
_OWN_CHANNELS = 1 << 24  # paramiko counts its own from 0 and stays below this
_INNER_PARTS = (
    *("_check_banner", "_enforce_strict_kex", "_expect_packet", "_send_kex_init"),
    *("_send_message", "_channel_handler_table", "_active_check_timeout"),
)
DRIVABLE = (
    all(hasattr(paramiko.Transport, part) for part in _INNER_PARTS)
    and hasattr(Packetizer, "get_mac_size_in")
    and hasattr(AuthHandler, "_parse_service_accept")
)


class Channel(Protocol):
    """Who hears what comes for a channel of ours."""

    def hear(self, kind: int, message: Message) -> None:
        """Take one message, whose channel number is read already."""


class _Wire:
    """What paramiko takes for its socket.

    While driven, what it writes lies in *unsent* and what it reads comes from *unread*.
    Afterwards both go to the socket itself.
    """

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.unread = bytearray()
        self.unsent = bytearray()
        self.driven = True
        self.by_lines = True  # until the greeting is over: it must read no further
        self._closed = False  # paramiko looks at that of a socket

    def recv(self, most: int) -> bytes:
        """At most *most* bytes; none are the end."""
        if not self.unread and not self.driven:
            return self.line.recv(most)
        size = min(most, self.unread.find(b"\n") + 1) if self.by_lines else most
        piece = bytes(self.unread[:size])
        del self.unread[:size]
        return piece

    def send(self, data: bytes) -> int:
        """How many bytes of *data* are taken; all while driven."""
        if not self.driven:
            return self.line.send(data)
        self.unsent += data
        return len(data)

    def settimeout(self, seconds: float | None) -> None:
        """Only a thread waits."""
        if not self.driven:
            self.line.settimeout(seconds)

    def shutdown(self, how: int) -> None:
        """As with a socket."""
        self.line.shutdown(how)

    def close(self) -> None:
        """As with a socket."""
        self._closed = True
        self.line.close()


class DrivenTransport(paramiko.Transport):
    """A client's line that does its part whenever it is pumped, and never waits.

    *line* is connected and does not block. After listen() a thread has it, as with any
    other paramiko.Transport; sessions need that.
    """

    if TYPE_CHECKING:  # inner parts that the stubs leave out
        in_kex: bool
        kex_engine: Any
        server_extensions: dict[str, bytes]
        channels_seen: dict[int, bool]
        _channels: Any
        _expected_packet: tuple[int, ...]
        _handler_table: dict[int, Any]
        _channel_handler_table: dict[int, Any]
        _active_check_timeout: float

        def _enforce_strict_kex(self, kind: int) -> None: ...
        def _check_banner(self) -> None: ...
        def _send_kex_init(self) -> None: ...
        def _send_message(self, message: Message) -> None: ...
        def _expect_packet(self, *kinds: int) -> None: ...

    def __init__(self, line: socket.socket, *, window: int) -> None:
        self.wire = _Wire(line)
        super().__init__(self.wire, default_window_size=window)  # type: ignore[arg-type] # all that a socket must have here
        options = self.get_security_options()
        options.ciphers = [name for name in _CIPHERS if name in options.ciphers]
        options.digests = [name for name in _MACS if name in options.digests]
        self._own: dict[int, Channel] = {}
        self._held: list[Message] = []  # for the end of a key exchange
        self._login_answer = Event()
        self._granted_ahead = False
        self._changing = Lock()  # of who has the line

    def greet(self) -> None:
        """Say who we are and what we can, before the host has said a word."""
        self.active = True
        self.packetizer.write_all(f"{self.local_version}\r\n".encode())
        self._send_kex_init()
        self._expect_packet(common.MSG_KEXINIT)

    def pump(self) -> None:
        """Take what has come and send what is to be sent, as far as neither waits.

        Raises:
            paramiko.SSHException, OSError, EOFError: the line is of no use any more.
        """
        with suppress(BlockingIOError):
            while True:
                piece = self.wire.line.recv(_CHUNK)
                self._feed(piece)
                if not piece:
                    raise EOFError
                if len(piece) < _CHUNK:
                    break
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent, as far as that does not wait."""
        unsent = self.wire.unsent
        with suppress(BlockingIOError):
            while unsent:
                del unsent[: self.wire.line.send(unsent)]

    def ask_login(self, user: str, key: paramiko.PKey) -> None:
        """Ask for the login with *key*, signed, without waiting for the service.

        Which signatures the host takes matters for RSA alone, and OpenSSH tells it with
        the new keys; where it has not come yet, it is waited for.
        """
        handler = AuthHandler(self)
        self.auth_handler, self.saved_exception = handler, None
        self._login_answer.clear()
        handler.auth_publickey(user, key, self._login_answer)
        if isinstance(key, paramiko.RSAKey) and not self.server_extensions:
            return
        granted = Message()
        granted.add_string("ssh-userauth")
        granted.rewind()
        self._granted_ahead = True
        handler._parse_service_accept(granted)  # type: ignore[attr-defined] # noqa: SLF001 - the fence

    @property
    def login_answered(self) -> bool:
        """Whether the host has taken the key or refused it; see is_authenticated()."""
        return self._login_answer.is_set()

    def own_channel(self, channel: Channel) -> int:
        """The number under which *channel* will hear; never one of paramiko's."""
        number = _OWN_CHANNELS + len(self._own)
        self._own[number] = channel
        return number

    def say(self, message: Message) -> None:
        """Send *message*, but not amid an exchange of keys: the protocol forbids it."""
        if self.in_kex:
            self._held.append(message)
        else:
            self._send_message(message)

    def listen(self, *, keepalive: int) -> None:
        """Give the line to a thread of its own, if that was not done before."""
        with self._changing:
            if not self.wire.driven:
                return
            self.wire.driven = False
            self.wire.settimeout(self._active_check_timeout)
            if self.wire.unsent:
                self.packetizer.write_all(bytes(self.wire.unsent))
            self.set_keepalive(keepalive)
            self.start()

    def is_active(self) -> bool:
        """Whether the line lives; one that nobody drives now is looked after."""
        with self._changing:
            if self.active and self.wire.driven:
                try:
                    self.pump()
                except (paramiko.SSHException, OSError, EOFError):
                    return False
            return bool(self.active)

    def run(self) -> None:
        """What paramiko's own thread does once the greetings are over."""
        try:
            while self.active:
                if self.packetizer.need_rekey() and not self.in_kex:
                    self._send_kex_init()
                with suppress(NeedRekeyException):
                    self._take(*self.packetizer.read_message())
        except Exception as error:  # noqa: BLE001 - as there: whoever asks next is told
            self.saved_exception = error
        finally:
            self._end()

    def _feed(self, data: bytes) -> None:
        wire = self.wire
        wire.unread += data
        try:
            if wire.by_lines and not self._greeted():
                return
            while self.active and self._packet_is_whole():
                self._take(*self.packetizer.read_message())
        except (paramiko.SSHException, EOFError):
            raise
        except Exception as error:  # a message that is none
            raise paramiko.SSHException(f"{type(error).__name__}: {error}") from error

    def _greeted(self) -> bool:
        """Read on to the end of the line that begins with "SSH-", if it is there."""
        unread = b"\n" + self.wire.unread
        begin = unread.find(b"\nSSH-")
        if begin >= 0 and unread.find(b"\n", begin + 1) >= 0:
            self._check_banner()
            self.wire.by_lines = False
            return True
        if len(unread) > _GREETING:
            raise paramiko.SSHException("it talks on without a greeting")
        return False

    def _packet_is_whole(self) -> bool:
        unread = self.wire.unread
        if len(unread) < _LENGTH.size:
            return False
        (length,) = _LENGTH.unpack_from(unread)
        if length > _LONGEST:
            raise paramiko.SSHException(f"a packet of {length} bytes")
        needed = _LENGTH.size + length + self.packetizer.get_mac_size_in()
        return bool(len(unread) >= needed)

    def _take(self, kind: int, message: Message) -> None:
        """What paramiko's run() does with a message that comes to a client.

        Source: paramiko 5.1 transport.py, Transport.run.
        """
        if kind in (common.MSG_IGNORE, common.MSG_DEBUG):
            self._enforce_strict_kex(kind)
            return
        if kind == common.MSG_DISCONNECT:
            raise EOFError
        if self._expected_packet:
            if kind not in self._expected_packet:
                raise MessageOrderError(f"message {kind} came out of its order")
            self._expected_packet = ()
            if kind in _KEX_MESSAGES:
                self.kex_engine.parse_next(kind, message)
                return
        if not self._own_heard(kind, message):
            self._hand_out(kind, message)
        if self._held and not self.in_kex:
            held, self._held = self._held, []
            for each in held:
                self._send_message(each)

    def _own_heard(self, kind: int, message: Message) -> bool:
        if kind not in _CHANNEL_MESSAGES:
            return False
        channel = self._own.get(message.get_int())
        if channel is None:
            message.rewind()
            return False
        channel.hear(kind, message)
        return True

    def _hand_out(self, kind: int, message: Message) -> None:
        auth = getattr(self.auth_handler, "_handler_table", {})
        if kind in self._handler_table:
            self._handler_table[kind](message)
        elif kind in self._channel_handler_table:
            number = message.get_int()
            if (channel := self._channels.get(number)) is not None:
                self._channel_handler_table[kind](channel, message)
            elif number not in self.channels_seen:
                raise paramiko.SSHException(f"there is no channel {number}")
        elif kind == common.MSG_SERVICE_ACCEPT and self._granted_ahead:
            self._granted_ahead = False  # the login is asked for already
        elif kind in auth:
            auth[kind](message)
        elif kind != common.MSG_UNIMPLEMENTED:
            answer = Message()
            answer.add_byte(common.cMSG_UNIMPLEMENTED)
            answer.add_int(message.seqno)
            self._send_message(answer)

    def _end(self) -> None:
        """What paramiko's run() does at its end: nobody is left waiting."""
        for channel in self._channels.values():
            channel._unlink()  # noqa: SLF001 - the fence
        if self.active:
            self.active = False
            self.packetizer.close()
            if self.auth_handler is not None:
                self.auth_handler.abort()
            for event in self.channel_events.values():
                event.set()
        self.sock.close()
