"""One connection to one host: negotiated, its key checked, logged in."""

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress

import paramiko

from stalplan.errors import HostKeyMismatch, NodeUnreachable
from stalplan.transport.host_keys import fingerprint
from stalplan.transport.ssh_auth import Identities, Offer
from stalplan.transport.ssh_dial import BROKEN, Deadline, Opener, dial
from stalplan.transport.ssh_driven import DrivenTransport
from stalplan.transport.ssh_opening import (
    KEEPALIVE_SECONDS,
    WINDOW,
    Opening,
    family,
)
from stalplan.transport.ssh_trust import Trust
from stalplan.transport.ssh_words import Route

_THREAD_SECONDS = 5.0  # for paramiko's thread, which looks up ten times a second

# What goes wrong is raised and told once; paramiko's own log would tell it again,
# with a traceback. Who wants it sets the level back.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


class Line:
    """An open line to one host. Everything on it may raise what paramiko raises."""

    def __init__(self, transport: paramiko.Transport) -> None:
        self._transport = transport
        shown = transport.get_remote_server_key().asbytes()
        self.host_key = fingerprint(shown)  # "SHA256:…"

    @property
    def alive(self) -> bool:
        """False once it is known to be broken or closed."""
        return self._transport.is_active()

    def open_session(self, *, timeout: float) -> paramiko.Channel:
        """A channel to run one command in; *timeout* is seconds."""
        self._awake()
        return self._transport.open_session(timeout=timeout)

    def open_to(self, host: str, port: int, *, timeout: float) -> paramiko.Channel:
        """A channel that this host connects to another."""
        ours = ("127.0.0.1", 0)  # where we come from; servers only log it
        return self._transport.open_channel(
            "direct-tcpip", (host, port), ours, timeout=timeout
        )

    def close(self) -> None:
        """Hang up, and wait for the thread that listens."""
        hang_up(self._transport)

    def _awake(self) -> None:
        """Give a line that a loop has read over a thread of its own."""
        if isinstance(self._transport, DrivenTransport):
            self._transport.listen(keepalive=KEEPALIVE_SECONDS)


def open_line(
    name: str,
    route: Route,
    *,
    trust: Trust,
    identities: Identities,
    busy: AbstractContextManager[object],
    through: Opener | None = None,
) -> Line:
    """Connect, check the host's key, log in; all within the route's timeout.

    *name* is what errors call the host. *busy* is held while there is work to do,
    which is not so before the host has answered; waiting for it takes no time off.

    Raises:
        NodeUnreachable: with the cause; nothing is left open.
    """
    deadline = Deadline(route.timeout)
    dialled = dial(name, route, deadline, through=through)
    left = deadline.left
    with busy:
        deadline = Deadline(route.timeout, left=left)
        opening = Opening(name, route, deadline, trust, identities)
        transport = _trusted(opening, dialled, through)
        try:
            log_in(opening, transport, identities.offers(route))
            transport.set_keepalive(KEEPALIVE_SECONDS)
        except BaseException:
            hang_up(transport)
            raise
    return Line(transport)


def _trusted(
    opening: Opening,
    dialled: socket.socket | paramiko.Channel | None,
    through: Opener | None,
) -> paramiko.Transport:
    """A negotiated line whose host key is one that the host may show.

    A pinned key's type is not known, so while another is shown, the types that are
    left are asked for.
    """
    route, types = opening.route, opening.key_types
    mismatch: HostKeyMismatch | None = None
    while types:
        if dialled is None:
            dialled = dial(opening.name, route, opening.deadline, through=through)
        try:
            transport = _negotiated(opening, dialled, types)
        except NodeUnreachable as error:
            raise mismatch or error from error.__cause__
        key = transport.get_remote_server_key()
        try:
            opening.check(key)
        except HostKeyMismatch as error:
            hang_up(transport)
            mismatch = mismatch or error
            if route.host_key is None:
                break
            types = [kind for kind in types if family(kind) != key.get_name()]
            dialled = None
        except BaseException:
            hang_up(transport)
            raise
        else:
            return transport
    assert mismatch is not None
    raise mismatch


def log_in(
    opening: Opening,
    transport: paramiko.Transport,
    offers: Iterator[Offer],
    refused: Sequence[str] = (),
) -> None:
    """Offer one key after the other until the host takes one.

    *refused* names those that were offered before.

    Raises:
        LoginRefused: it takes none.
        NodeUnreachable: it does not answer.
    """
    tried = list(refused)
    for offer in offers:
        transport.auth_timeout = opening.deadline.left
        try:
            wanted = transport.auth_publickey(opening.route.user, offer.key)
        except BROKEN as error:
            if (ended := opening.login_ended(offer.name, error)) is not None:
                raise ended from error
            if opening.deadline.passed:
                raise opening.login_late() from error
            tried.append(offer.name)
            if not transport.is_active():
                raise opening.hung_up(tried) from error
        else:
            if wanted:
                raise opening.wants_more(offer.name, wanted)
            return
    raise opening.nothing_left(tried)


def _negotiated(
    opening: Opening, dialled: socket.socket | paramiko.Channel, types: Sequence[str]
) -> paramiko.Transport:
    transport = _Transport(dialled, default_window_size=WINDOW)
    opening.ask_for(transport, types)
    deadline = opening.deadline
    transport.banner_timeout = transport.handshake_timeout = deadline.left
    try:
        transport.start_client(timeout=deadline.left)
        transport.get_remote_server_key()  # start_client doesn't say it is late
    except BROKEN as error:
        hang_up(transport)
        raise opening.no_handshake(transport.remote_version, error) from error
    return transport


class _Transport(paramiko.Transport):
    """One that ends quietly when the jump host's line ends before its own.

    The line below is then a channel whose end is sent over a line that is gone:
    EOFError, from a thread in which nobody can catch it.
    """

    def run(self) -> None:
        """Handle what comes until the line ends."""
        with suppress(EOFError):
            super().run()


def hang_up(transport: paramiko.Transport) -> None:
    """Close *transport*, and wait for its thread."""
    # Without the shutdown its thread would notice only a tenth of a second later.
    with suppress(OSError, EOFError):
        transport.sock.shutdown(socket.SHUT_RDWR)
    with suppress(EOFError):  # as in _Transport
        transport.close()
        transport.sock.close()  # paramiko leaves it open where the handshake failed
    if transport.ident is not None:
        transport.join(_THREAD_SECONDS)
