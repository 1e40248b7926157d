"""The stand-in server's sockets: bound early, listening late, as the real one's."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stalplan.demo.running import Problem


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket and what is spoken on it."""

    name: str
    protocol: str  # "http", "smtp", "lmtp", …
    socket: socket.socket


@dataclass(frozen=True, slots=True)
class Bound:
    """All sockets the file asks for, and those that did not get their address."""

    listeners: tuple[Listener, ...]
    problems: tuple[Problem, ...]


def bind_listeners(config: Mapping[str, str]) -> Bound:
    """Bind every `server.listener.X.bind`; nothing listens yet.

    A socket whose address is taken is kept unbound: when it listens later, the
    kernel gives it a random port on all addresses. The real server does just that.

    Source: seen by running stalwart v0.15.5 and v0.13.4 on a port that was taken.
    """
    listeners: list[Listener] = []
    problems: list[Problem] = []
    for name in _names(config):
        above = f"server.listener.{name}"
        protocol = config.get(f"{above}.protocol", "smtp")
        for address in _addresses(config, f"{above}.bind"):
            host, _, port = address.rpartition(":")
            family = socket.AF_INET6 if "[" in host else socket.AF_INET
            bound = socket.socket(family, socket.SOCK_STREAM)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((host.strip("[]"), int(port)))
            except OSError as error:
                said = f"{error.strerror} (os error {error.errno})"
                sentence = f"Failed to bind to {address}: {said}"
                problems.append(Problem("build", above, sentence))
            listeners.append(Listener(name, protocol, bound))
    return Bound(tuple(listeners), tuple(problems))


def _addresses(config: Mapping[str, str], key: str) -> list[str]:
    """One address, or a list of them in any spelling."""
    below = sorted(each for each in config if each.startswith(f"{key}."))
    return [config[each] for each in (key, *below) if each in config]


def _names(config: Mapping[str, str]) -> Iterator[str]:
    """Ids of listeners: what stands between `server.listener.` and the rest."""
    starts = "server.listener."
    yield from sorted(
        {key[len(starts) :].split(".")[0] for key in config if key.startswith(starts)}
    )
