"""Keys to log in with: files, user certificates, the agent. Never passwords."""

import copy
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.agent import AgentKey, AgentSSH
from paramiko.message import Message
from paramiko.pkey import PublicBlob, UnknownKeyType

from stalplan.transport.host_keys import fingerprint
from stalplan.transport.once import Once
from stalplan.transport.ssh_words import Route

_AGENT_SECONDS = 30.0  # it may ask a person, who may not be there
_LOADING_ERRORS = (
    *(OSError, ValueError, TypeError),  # of files that are no keys, or need a word
    *(paramiko.SSHException, UnknownKeyType, UnsupportedAlgorithm),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One key to try. *name* is for people and never holds a secret."""

    name: str
    key: paramiko.PKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """What one identity file gave: a key, or only its public half, or neither."""

    path: str
    key: paramiko.PKey | None = field(default=None, repr=False)
    public: bytes | None = None  # blob; the agent may hold the private half
    problem: str = ""  # "" also where there is no such file


class Agent(AgentSSH):
    """An agent asked by many threads over one connection, one question at a time."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._one_at_a_time = Lock()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_AGENT_SECONDS)
            connection.connect(path)
            # The public class knows $SSH_AUTH_SOCK only, and no IdentityAgent.
            self._connect(connection)  # type: ignore[attr-defined] # not in the stubs
        except BaseException:
            connection.close()
            raise

    def _send_message(self, msg: Message) -> tuple[int, Message]:
        with self._one_at_a_time:
            answer: tuple[int, Message] = super()._send_message(msg)  # type: ignore[misc] # not in the stubs
            return answer

    def close(self) -> None:
        """Give the connection back; its keys can't sign any more."""
        self._close()  # type: ignore[attr-defined] # not in the stubs


class Identities:
    """All keys of one run, each file parsed once and each agent listed once."""

    def __init__(self) -> None:
        self._files: Once[str, KeyFile] = Once()
        self._agents: Once[str, Agent] = Once()

    def offers(self, route: Route) -> Iterator[Offer]:
        """Keys to try, in order: files, then the agent, who is asked only if needed.

        A key that only the agent can use comes before the agent's other keys.
        """
        files = self._key_files(route)
        tried = set()
        for file in files:
            if file.key is not None:
                for certified in self._certified(file, route):
                    yield Offer(f"{file.path} with its certificate", certified)
                yield Offer(file.path, file.key)
                tried.add(file.key.asbytes())
        wanted = [file.public for file in files if file.public is not None]
        if route.identities_only and not wanted:
            return
        held = [key for key in self._held(route) if key.asbytes() not in tried]
        for key in sorted(held, key=lambda key: key.asbytes() not in wanted):
            if key.asbytes() in wanted or not route.identities_only:
                yield Offer(_agent_name(key), key)

    def problems(self, route: Route) -> list[str]:
        """Why keys could not be offered, a sentence's part each."""
        files = self._key_files(route)
        found = [f"{file.path}: {file.problem}" for file in files if file.problem]
        if route.agent is None:
            return [*found, "no agent"] if any(file.public for file in files) else found
        try:
            self._agent(route.agent)
        except (OSError, paramiko.SSHException) as error:
            found.append(f"agent {route.agent}: {error}")
        return found

    def close(self) -> None:
        """Give the agents' connections back."""
        for agent in self._agents.values():
            agent.close()

    def _key_files(self, route: Route) -> list[KeyFile]:
        return [
            self._files.get(path, lambda path=path: _load(path))  # type: ignore[misc] # mypy can't infer a lambda with a default
            for path in route.identity_files
        ]

    def _certified(self, file: KeyFile, route: Route) -> Iterator[paramiko.PKey]:
        assert file.key is not None
        for path in (f"{file.path}-cert.pub", *route.certificate_files):
            try:
                blob = PublicBlob.from_file(path)
                within = type(file.key)(data=blob.key_blob)  # type: ignore[arg-type] # the stubs take text, paramiko takes bytes
            except _LOADING_ERRORS:  # mostly: there is none
                continue
            if within.asbytes() == file.key.asbytes():
                certified = copy.copy(file.key)
                certified.public_blob = blob
                yield certified

    def _agent(self, path: str) -> Agent:
        return self._agents.get(path, lambda: Agent(path))

    def _held(self, route: Route) -> tuple[AgentKey, ...]:
        if route.agent is None:
            return ()
        try:
            keys = self._agent(route.agent).get_keys()
        except (OSError, paramiko.SSHException):  # told by problems()
            return ()
        for key in keys:
            if "-cert-" in key.get_name():
                key.public_blob = PublicBlob(key.get_name(), key.blob)  # type: ignore[assignment] # the stubs know None only
        return keys


def _agent_name(key: AgentKey) -> str:
    remark = f" {key.comment}" if key.comment else ""
    return f"the agent's {fingerprint(key.asbytes())}{remark}"


def _load(path: str) -> KeyFile:
    """The key in *path*; what is wrong with it, in words, but never its content."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:  # as ssh does it: the agent may have the other half
        return KeyFile(path=path, public=_public(f"{path}.pub"))
    except OSError as error:
        return KeyFile(path=path, problem=error.strerror or "can't be read")
    if not data.lstrip().startswith(b"-----BEGIN"):
        public = _public(path)
        problem = "" if public else "is no private key"
        return KeyFile(path=path, public=public, problem=problem)
    try:
        key = paramiko.PKey.from_path(path)
    except _LOADING_ERRORS as error:
        problem, public = _why(error), _public(f"{path}.pub")
        return KeyFile(path=path, public=public, problem=problem)
    key.public_blob = None  # a certificate beside it is an offer of its own
    return KeyFile(path=path, key=key)


def _why(error: Exception) -> str:
    match error:
        # cryptography says so with a TypeError, paramiko with its own.
        case TypeError() | paramiko.PasswordRequiredException():
            return "has a passphrase"
        case UnknownKeyType() | UnsupportedAlgorithm():
            return "is of a type that can't be used"
        case _:
            return "is no private key"


def _public(path: str) -> bytes | None:
    try:
        blob = PublicBlob.from_file(path)
    except _LOADING_ERRORS:
        return None
    return bytes(blob.key_blob)
