"""What OpenSSH's words for one host mean: paths, tokens, jump hosts, agents."""

import getpass
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import SshSettings
from stalplan.transport.host_keys import SSH_PORT

_DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
_DEFAULT_KNOWN = {
    "userknownhostsfile": ("~/.ssh/known_hosts", "~/.ssh/known_hosts2"),
    "globalknownhostsfile": ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"),
}
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
_HOP = re.compile(r"(?:(?P<user>.+)@)?(?P<host>\[[^]]+\]|[^:]+)(?::(?P<port>\d+))?")
_TOKEN = re.compile(r"%(.)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SAFE_IN_SHELL = re.compile(r"[\w.:%@+-]+")

Answer = Mapping[str, Sequence[str]]  # keyword, lower-case -> its values


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to reach one host, with nothing left to look up but its name."""

    host: str
    port: int
    user: str
    identity_files: tuple[str, ...]
    certificate_files: tuple[str, ...] = ()
    identities_only: bool = False  # no agent key but those of identity_files
    agent: str | None = None  # its socket
    known_hosts: tuple[str, ...]
    revoked_keys: str | None = None  # RevokedHostKeys
    host_key: str | None = None  # "SHA256:…", the one accepted
    host_key_alias: str | None = None
    family: int = socket.AF_UNSPEC
    proxy_command: str | None = None  # for the shell, nothing left to expand
    jump: tuple[SshSettings, ...] = ()  # hosts on the way, in order
    timeout: float  # seconds, from the first packet to the login


@dataclass(frozen=True)
class Words:
    """One host's words, the desired file's before ssh_config's."""

    said: Answer
    settings: SshSettings

    def get(self, keyword: str) -> str | None:
        """The first value of *keyword*; None where it has none or says "none"."""
        value = next(iter(self.said.get(keyword, ())), "none")
        return None if value.lower() == "none" else value

    @cached_property
    def host(self) -> str:
        """What is dialled."""
        return self.get("hostname") or self.settings.address

    @cached_property
    def port(self) -> int:
        """The port that is dialled."""
        return self.settings.port or int(self.get("port") or SSH_PORT)

    @cached_property
    def user(self) -> str:
        """The login's name; by default the caller's own, as with ssh."""
        return self.settings.user or self.get("user") or getpass.getuser()

    @property
    def identity_files(self) -> tuple[str, ...]:
        """Private keys to offer, whether or not they exist."""
        return self.files("identityfile", default=_DEFAULT_KEYS)

    @property
    def known_hosts(self) -> tuple[str, ...]:
        """The user's files, then the system's."""
        return tuple(
            file
            for keyword, default in _DEFAULT_KNOWN.items()
            for file in self.files(keyword, default=default)
        )

    def files(self, keyword: str, *, default: Sequence[str] = ()) -> tuple[str, ...]:
        """The paths that *keyword* names, expanded."""
        named = self.said.get(keyword, default)
        return tuple(self._path(name) for name in named if name.lower() != "none")

    @property
    def agent(self) -> str | None:
        """The socket of the agent to ask."""
        named = next(iter(self.said.get("identityagent", ())), "SSH_AUTH_SOCK")
        if named.lower() == "none":
            return None
        if named == "SSH_AUTH_SOCK" or named.startswith("$"):
            return os.environ.get(named.removeprefix("$")) or None
        return self._path(named)

    @property
    def family(self) -> int:
        """The address family to dial."""
        return _FAMILIES.get(self.get("addressfamily") or "any", socket.AF_UNSPEC)

    @property
    def proxy_command(self) -> str | None:
        """The command whose stdin and stdout are the line; `ssh.jump` wins over it."""
        command = self.get("proxycommand")
        if command is None or self.settings.jump is not None:
            return None
        if self.get("proxyusefdpass") == "yes":
            raise NodeUnreachable(
                f"ssh_config sets ProxyUseFdpass for {self.settings.address}, which "
                "stalplan can't do.",
                hint=f"ssh -G {self.settings.address}",
            )
        for name in (self.host, self.settings.address, self.user):
            # The shell would read more than a name; OpenSSH refuses them as well.
            if not _SAFE_IN_SHELL.fullmatch(name):
                raise NodeUnreachable(f"{name!r} can't be put into a ProxyCommand.")
        return self._expanded(command)

    @property
    def jump(self) -> tuple[SshSettings, ...]:
        """The hosts on the way, the first to dial first."""
        own = self.settings.jump
        named = own if own is not None else self.get("proxyjump")
        if named is None or named.lower() in ("", "none"):
            return ()
        return tuple(self._hop(part.strip()) for part in named.split(","))

    def _hop(self, text: str) -> SshSettings:
        parts = _HOP.fullmatch(text.removeprefix("ssh://").removesuffix("/"))
        if parts is None:
            raise NodeUnreachable(
                f"{text!r} is no jump host for {self.settings.address}: write "
                "[user@]host[:port]."
            )
        return SshSettings(
            address=parts["host"].strip("[]"),
            user=parts["user"],
            port=int(parts["port"]) if parts["port"] else None,
            identity_file=self.settings.identity_file,
            known_hosts=self.settings.known_hosts,
            connect_timeout=self.settings.connect_timeout,
        )

    def _path(self, text: str) -> str:
        spread = _VARIABLE.sub(lambda m: os.environ.get(m[1], ""), text)
        return str(Path(self._expanded(spread)).expanduser())

    def _expanded(self, text: str) -> str:
        """*text* with ssh_config's tokens; unknown ones stay as they are."""
        if "%" not in text:
            return text
        machine = socket.gethostname()
        tokens = {
            "%": "%",
            "d": str(Path.home()),
            "h": self.host,
            "i": str(os.getuid()),
            "k": self.get("hostkeyalias") or self.settings.address,
            "L": machine.partition(".")[0],
            "l": machine,
            "n": self.settings.address,
            "p": str(self.port),
            "r": self.user,
            "u": getpass.getuser(),
        }
        return _TOKEN.sub(lambda match: tokens.get(match[1], match[0]), text)


def answer_of(text: str) -> Answer:
    """`ssh -G` prints one keyword and its value a line; keys and files repeat."""
    answer: dict[str, list[str]] = {}
    for line in text.splitlines():
        keyword, _, value = line.partition(" ")
        if keyword.endswith("knownhostsfile"):
            answer[keyword] = value.split(" ")
        else:
            answer.setdefault(keyword, []).append(value)
    return answer
