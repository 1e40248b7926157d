"""Accepting connections and answering them, one thread each, until told to stop."""

import contextlib
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field

from stalplan.demo.http_answers import RateLimit, answer_to, read_request, written
from stalplan.demo.listeners import Bound, Listener
from stalplan.demo.mailserver import MailServer

_PATIENCE = 30.0  # seconds a silent client is kept


@dataclass(slots=True)
class Doors:
    """The listening sockets and the conversations behind them."""

    bound: Bound
    server: MailServer
    limit: RateLimit = field(default_factory=RateLimit)
    greeted: set[socket.socket] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self) -> None:
        """Listen. From here on connections succeed."""
        for listener in self.bound.listeners:
            listener.socket.listen(128)

    def close(self) -> None:
        """Stop listening and send mail clients away; answers under way go on."""
        for listener in self.bound.listeners:
            listener.socket.close()
        bye = f"421 4.3.0 {self.server.running.hostname} Server shutting down.\r\n"
        with self.lock:
            for client in self.greeted:
                with contextlib.suppress(OSError):  # it left first
                    client.sendall(bye.encode())
                    client.shutdown(socket.SHUT_RDWR)

    def serve(self, until: int, *, lingers: float) -> None:
        """Accept until *until* can be read, and *lingers* seconds more."""
        ends: float | None = None
        with selectors.DefaultSelector() as ready:
            ready.register(until, selectors.EVENT_READ)
            for listener in self.bound.listeners:
                ready.register(listener.socket, selectors.EVENT_READ, listener)
            while ends is None or time.monotonic() < ends:
                left = None if ends is None else max(0.0, ends - time.monotonic())
                for key, _ in ready.select(left):
                    if key.data is None:
                        ends = time.monotonic() + lingers
                        ready.unregister(until)
                    else:
                        self._welcome(key.data)

    def _welcome(self, listener: Listener) -> None:
        try:
            client, address = listener.socket.accept()
        except OSError:  # it hung up before we looked
            return
        threading.Thread(
            target=self._converse,
            args=(listener, client, str(address[0])),
            daemon=True,
        ).start()

    def _converse(self, listener: Listener, client: socket.socket, host: str) -> None:
        client.settimeout(_PATIENCE)
        with client, contextlib.suppress(OSError):  # clients may leave at any time
            if listener.protocol == "http":
                self._speak_http(client, host)
            elif listener.protocol in ("smtp", "lmtp"):
                self._speak_smtp(client)

    def _speak_http(self, client: socket.socket, host: str) -> None:
        with client.makefile("rb") as lines:
            request = read_request(lines)
        if request is not None:
            answer = answer_to(request, host, self.server, self.limit)
            client.sendall(written(answer))

    def _speak_smtp(self, client: socket.socket) -> None:
        """Greeting, EHLO and QUIT; everything else is politely refused."""
        name = self.server.running.hostname
        greeting = f"220 {name} Stalwart ESMTP at your service\r\n"
        with self.lock:  # whoever has read it is told of the end
            client.sendall(greeting.encode())
            self.greeted.add(client)
        try:
            with client.makefile("rb") as lines:
                while line := lines.readline(1024):
                    reply = _smtp_reply(line.strip().upper(), name)
                    client.sendall(reply.encode())
                    if reply.startswith("221"):
                        return
        finally:
            with self.lock:
                self.greeted.discard(client)


def _smtp_reply(line: bytes, name: str) -> str:
    if line.startswith((b"EHLO", b"LHLO", b"HELO")):
        return f"250-{name} you had me at EHLO\r\n250 8BITMIME\r\n"
    if line == b"NOOP":
        return "250 2.0.0 OK\r\n"
    if line == b"QUIT":
        return "221 2.0.0 Bye.\r\n"
    return "502 5.5.1 The stand-in takes no mail.\r\n"
