"""One connection to one host: negotiated, its key checked, logged in."""

import logging
import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from stalplan.errors import HostKeyMismatch, NodeUnreachable
from stalplan.transport.host_keys import fingerprint
from stalplan.transport.ssh_auth import Identities
from stalplan.transport.ssh_dial import BROKEN, Deadline, Opener, dial
from stalplan.transport.ssh_trust import Trust
from stalplan.transport.ssh_words import Route

_KEEPALIVE_SECONDS = 15
_THREAD_SECONDS = 5.0  # for paramiko's thread, which looks up ten times a second
_WINDOW = 8 * 1024 * 1024  # bytes a node may send before we must have read some
# Host keys that may be shown; host certificates are not asked for.
_KEY_TYPES = (
    "ssh-ed25519",
    *("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-512", "rsa-sha2-256"),
)

# What goes wrong is raised and told once; paramiko's own log would tell it again,
# with a traceback. Who wants it sets the level back.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


class LoginRefused(NodeUnreachable):
    """The host is the right one, but takes none of our keys."""

    summary = "Login refused"


class Line:
    """An open line to one host. Everything on it may raise what paramiko raises."""

    def __init__(self, transport: paramiko.Transport, *, host_key: str) -> None:
        self._transport = transport
        self.host_key = host_key  # "SHA256:…" of the key it showed

    @property
    def alive(self) -> bool:
        """False once it is known to be broken or closed."""
        return self._transport.is_active()

    def open_session(self, *, timeout: float) -> paramiko.Channel:
        """A channel to run one command in; *timeout* is seconds."""
        return self._transport.open_session(timeout=timeout)

    def open_to(self, host: str, port: int, *, timeout: float) -> paramiko.Channel:
        """A channel that this host connects to another."""
        ours = ("127.0.0.1", 0)  # where we come from; servers only log it
        return self._transport.open_channel(
            "direct-tcpip", (host, port), ours, timeout=timeout
        )

    def close(self) -> None:
        """Hang up, and wait for the thread that listens."""
        _hang_up(self._transport)


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
        opening = _Opening(name, route, deadline, trust, identities, through)
        transport = opening.trusted(dialled)
        try:
            opening.log_in(transport)
            transport.set_keepalive(_KEEPALIVE_SECONDS)
        except BaseException:
            _hang_up(transport)
            raise
    shown = transport.get_remote_server_key().asbytes()
    return Line(transport, host_key=fingerprint(shown))


@dataclass(frozen=True, slots=True)
class _Opening:
    """What each step of opening one line needs to know."""

    name: str
    route: Route
    deadline: Deadline
    trust: Trust
    identities: Identities
    through: Opener | None

    @property
    def hint(self) -> str:
        """The command that does the same, and tells all about it."""
        route = self.route
        jump = ",".join(hop.address for hop in route.jump)
        option = f" -J {jump}" if jump else ""
        return f"ssh -v{option} -p {route.port} {route.user}@{route.host} true"

    def trusted(
        self, dialled: socket.socket | paramiko.Channel | None
    ) -> paramiko.Transport:
        """A negotiated line whose host key is one that the host may show.

        Types of its known keys are asked for first. A pinned key's type is not
        known, so while another is shown, the types that are left are asked for.
        """
        known = self.trust.about(self.route).kinds
        types = sorted(_KEY_TYPES, key=lambda kind: _family(kind) not in known)
        mismatch: HostKeyMismatch | None = None
        while types:
            try:
                transport = self._negotiated(dialled, types)
            except NodeUnreachable as error:
                raise mismatch or error from error.__cause__
            key = transport.get_remote_server_key()
            try:
                self.trust.check(self.name, self.route, key.get_name(), key.asbytes())
            except HostKeyMismatch as error:
                _hang_up(transport)
                mismatch = mismatch or error
                if self.route.host_key is None:
                    break
                types = [kind for kind in types if _family(kind) != key.get_name()]
                dialled = None
            except BaseException:
                _hang_up(transport)
                raise
            else:
                return transport
        assert mismatch is not None
        raise mismatch

    def log_in(self, transport: paramiko.Transport) -> None:
        """Offer one key after the other until the host takes one.

        Raises:
            LoginRefused: it takes none.
        """
        user = self.route.user
        who = f"{self.name}: {user}@{self.route.host}"
        refused: list[str] = []
        for offer in self.identities.offers(self.route):
            transport.auth_timeout = self.deadline.left
            try:
                wanted = transport.auth_publickey(user, offer.key)
            except paramiko.BadAuthenticationType as error:
                allowed = ", ".join(error.allowed_types) or "nothing else either"
                detail = f"{who}: the host takes no keys, only {allowed}."
                raise LoginRefused(detail, hint=self.hint) from error
            except BROKEN as error:
                if self.deadline.passed:
                    detail = f"{who}: no answer to the login {self._in_time}."
                    raise NodeUnreachable(detail, hint=self.hint) from error
                refused.append(offer.name)
                if not transport.is_active():
                    detail = f"{who}: refused {', '.join(refused)}, then hung up."
                    raise LoginRefused(detail, hint=self.hint) from error
            else:
                if wanted:
                    more = ", ".join(wanted)
                    detail = f"{who} takes {offer.name}, but wants more: {more}."
                    raise LoginRefused(detail, hint=self.hint)
                return
        raise LoginRefused(f"{who}: {self._why_refused(refused)}.", hint=self.hint)

    def _why_refused(self, refused: Sequence[str]) -> str:
        reasons = [f"refused {', '.join(refused)}"] if refused else []
        reasons += self.identities.problems(self.route)
        if not reasons:
            files = ", ".join(self.route.identity_files)
            reasons = [f"no key to offer; there is no {files}, and no agent has one"]
        return "; ".join(reasons)

    def _negotiated(
        self, dialled: socket.socket | paramiko.Channel | None, types: Sequence[str]
    ) -> paramiko.Transport:
        route, deadline = self.route, self.deadline
        if dialled is None:
            dialled = dial(self.name, route, deadline, through=self.through)
        transport = _Transport(dialled, default_window_size=_WINDOW)
        options = transport.get_security_options()
        options.key_types = types
        # The post-quantum default costs three whole handshakes on a small node.
        options.kex = sorted(options.kex, key=lambda kex: "curve25519" not in kex)
        transport.banner_timeout = transport.handshake_timeout = deadline.left
        try:
            transport.start_client(timeout=deadline.left)
            transport.get_remote_server_key()  # start_client doesn't say it is late
        except BROKEN as error:
            _hang_up(transport)
            where = f"{route.host} port {route.port}"
            detail = f"{self.name}: {where} {self._no_handshake(transport, error)}."
            raise NodeUnreachable(detail, hint=self.hint) from error
        return transport

    def _no_handshake(self, transport: paramiko.Transport, error: Exception) -> str:
        greeted = bool(transport.remote_version)
        if self.deadline.passed:
            phase = "finish the handshake" if greeted else "greet as an SSH server"
            return f"took the connection, but did not {phase} {self._in_time}"
        if isinstance(error, IncompatiblePeer):
            return f"has no algorithm in common with us: {error}"
        if greeted:
            return f"broke off in the handshake: {str(error) or 'it hung up'}"
        return "took the connection, but did not answer as an SSH server"

    @property
    def _in_time(self) -> str:
        return f"within {self.deadline.seconds:g} s"


class _Transport(paramiko.Transport):
    """One that ends quietly when the jump host's line ends before its own.

    The line below is then a channel whose end is sent over a line that is gone:
    EOFError, from a thread in which nobody can catch it.
    """

    def run(self) -> None:
        """Handle what comes until the line ends."""
        with suppress(EOFError):
            super().run()


def _family(key_type: str) -> str:
    """The type that known_hosts names for a host key algorithm."""
    return "ssh-rsa" if key_type.startswith("rsa-") else key_type


def _hang_up(transport: paramiko.Transport) -> None:
    # Without the shutdown its thread would notice only a tenth of a second later.
    with suppress(OSError, EOFError):
        transport.sock.shutdown(socket.SHUT_RDWR)
    with suppress(EOFError):  # as in _Transport
        transport.close()
        transport.sock.close()  # paramiko leaves it open where the handshake failed
    if transport.ident is not None:
        transport.join(_THREAD_SECONDS)
