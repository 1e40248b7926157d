"""A line that is being opened: what each step needs, and words for what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import paramiko
from paramiko.ssh_exception import IncompatiblePeer, PartialAuthentication

from stalplan.errors import NodeUnreachable
from stalplan.transport.ssh_auth import Identities
from stalplan.transport.ssh_dial import Deadline
from stalplan.transport.ssh_trust import Trust
from stalplan.transport.ssh_words import Route

WINDOW = 8 * 1024 * 1024  # bytes a node may send before we must have read some
KEEPALIVE_SECONDS = 15
# Host keys that may be shown; host certificates are not asked for.
_KEY_TYPES = (
    "ssh-ed25519",
    *("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-512", "rsa-sha2-256"),
)


class LoginRefused(NodeUnreachable):
    """The host is the right one, but takes none of our keys."""

    summary = "Login refused"


@dataclass(frozen=True, slots=True)
class Opening:
    """What each step of opening one line needs to know. *name* is for errors."""

    name: str
    route: Route
    deadline: Deadline
    trust: Trust
    identities: Identities

    @property
    def key_types(self) -> list[str]:
        """Types of host keys to ask for, those of the known keys first."""
        known = self.trust.about(self.route).kinds
        return sorted(_KEY_TYPES, key=lambda kind: family(kind) not in known)

    def ask_for(self, transport: paramiko.Transport, types: Sequence[str]) -> None:
        """Tell *transport* what to negotiate."""
        options = transport.get_security_options()
        options.key_types = types
        # The post-quantum default costs three whole handshakes on a small node.
        options.kex = sorted(options.kex, key=lambda kex: "curve25519" not in kex)

    def check(self, key: paramiko.PKey) -> None:
        """Return only if *key* is one that the host may show.

        Raises:
            HostKeyMismatch, HostKeyUnknown
        """
        self.trust.check(self.name, self.route, key.get_name(), key.asbytes())

    def no_handshake(self, greeting: str, error: Exception) -> NodeUnreachable:
        """The host, which said *greeting* if anything, came to no agreement with us."""
        where = f"{self.name}: {self.route.host} port {self.route.port}"
        return self.failed(f"{where} {self._handshake_words(greeting, error)}.")

    def _handshake_words(self, greeting: str, error: Exception) -> str:
        if self.deadline.passed:
            phase = "finish the handshake" if greeting else "greet as an SSH server"
            return f"took the connection, but did not {phase} {self._in_time}"
        if isinstance(error, IncompatiblePeer):
            return f"has no algorithm in common with us: {error}"
        if greeting:
            return f"broke off in the handshake: {str(error) or 'it hung up'}"
        return "took the connection, but did not answer as an SSH server"

    def login_late(self) -> NodeUnreachable:
        """The host does not say whether it takes the key."""
        return self.failed(f"{self._who}: no answer to the login {self._in_time}.")

    def login_ended(self, offer: str, error: Exception | None) -> LoginRefused | None:
        """Why *offer* opens nothing and no other key will; None where one might."""
        match error:
            case PartialAuthentication():
                return self.wants_more(offer, error.allowed_types)
            case paramiko.BadAuthenticationType():
                allowed = ", ".join(error.allowed_types) or "nothing else either"
                return self._refused(f"the host takes no keys, only {allowed}")
        return None

    def wants_more(self, offer: str, allowed: Sequence[str]) -> LoginRefused:
        """The key is right, but not enough."""
        more = ", ".join(allowed)
        detail = f"{self._who} takes {offer}, but wants more: {more}."
        return LoginRefused(detail, hint=self._hint)

    def hung_up(self, refused: Sequence[str]) -> LoginRefused:
        """The host had enough of our keys."""
        return self._refused(f"refused {', '.join(refused)}, then hung up")

    def nothing_left(self, refused: Sequence[str]) -> LoginRefused:
        """No key is left to offer."""
        reasons = [f"refused {', '.join(refused)}"] if refused else []
        reasons += self.identities.problems(self.route)
        if not reasons:
            files = ", ".join(self.route.identity_files)
            reasons = [f"no key to offer; there is no {files}, and no agent has one"]
        return self._refused("; ".join(reasons))

    def failed(self, detail: str) -> NodeUnreachable:
        """An error with the command that does the same, and tells all about it."""
        return NodeUnreachable(detail, hint=self._hint)

    def _refused(self, what: str) -> LoginRefused:
        return LoginRefused(f"{self._who}: {what}.", hint=self._hint)

    @property
    def _hint(self) -> str:
        route = self.route
        jump = ",".join(hop.address for hop in route.jump)
        option = f" -J {jump}" if jump else ""
        return f"ssh -v{option} -p {route.port} {route.user}@{route.host} true"

    @property
    def _who(self) -> str:
        return f"{self.name}: {self.route.user}@{self.route.host}"

    @property
    def _in_time(self) -> str:
        return f"within {self.deadline.seconds:g} s"


def family(key_type: str) -> str:
    """The type that known_hosts names for a host key algorithm."""
    return "ssh-rsa" if key_type.startswith("rsa-") else key_type
