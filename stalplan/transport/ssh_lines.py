"""The open lines of one run, to nodes and to the jump hosts on the way."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from paramiko.agent import AgentKey

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import Node, SshSettings
from stalplan.names import NodeName
from stalplan.transport.once import Once
from stalplan.transport.ssh_auth import Identities
from stalplan.transport.ssh_config import SshConfig
from stalplan.transport.ssh_dial import resolved
from stalplan.transport.ssh_driven import DRIVABLE
from stalplan.transport.ssh_line import Line, open_line
from stalplan.transport.ssh_reading import Way
from stalplan.transport.ssh_trust import Trust
from stalplan.transport.ssh_words import Route

K = TypeVar("K")
Hops = tuple[SshSettings, ...]


class Lines:
    """Opens each line once and keeps it; keys and known_hosts are read once.

    Safe to use from many threads. *busy* is held by who works on a handshake.
    """

    def __init__(
        self, config: SshConfig, *, busy: AbstractContextManager[object]
    ) -> None:
        self._config = config
        self._busy = busy
        self._trust = Trust()
        self._identities = Identities()
        self._to_nodes: Once[tuple[NodeName, SshSettings], Line] = Once()
        self._to_hops: Once[Hops, Line] = Once()

    def to(self, node: NodeName, settings: SshSettings) -> Line:
        """The node's open line, opened now if there is none or it broke.

        Raises:
            NodeUnreachable: with the cause.
        """
        return _living(
            self._to_nodes, (node, settings), lambda: self._open_node(node, settings)
        )

    def way(self, node: Node) -> Way | None:
        """How a loop reads *node*; None where it takes a thread of its own.

        That is so with a jump host, a ProxyCommand, an agent, who may ask a person, and
        with a line that is open already.

        Raises:
            NodeUnreachable: there is no way at all.
        """
        if not DRIVABLE or (node.name, node.ssh) in self._to_nodes:
            return None
        try:
            route = self._config.route(node.ssh)
        except NodeUnreachable as error:  # it does not know whose words it read
            raise _of(node.name, error) from error
        if route.jump or route.proxy_command is not None:
            return None
        offers = self._identities.offers(route)
        offer = next(offers, None)
        if offer is None or isinstance(offer.key, AgentKey):
            return None
        return Way(
            node=node,
            route=route,
            addresses=resolved(str(node.name), route),
            offer=offer,
            rest=offers,
            trust=self._trust,
            identities=self._identities,
        )

    def keep(self, node: Node, line: Line) -> None:
        """Have *line* as the node's open line."""
        self._to_nodes.put((node.name, node.ssh), line)

    def close(self) -> None:
        """Hang up everywhere, jump hosts last."""
        for line in (*self._to_nodes.values(), *self._to_hops.values()):
            line.close()
        self._identities.close()

    def _open_node(self, node: NodeName, settings: SshSettings) -> Line:
        try:
            route = self._config.route(settings)
            hops = self._chain(route.jump)
        except NodeUnreachable as error:  # it does not know whose words it read
            raise _of(node, error) from error
        try:
            through = self._to_hop(hops) if hops else None
        except NodeUnreachable as error:
            raise _of(node, error) from error
        return self._open(node, route, through)

    def _chain(self, hops: Hops) -> Hops:
        """*hops* and before them those that the first one's own ssh_config names."""
        while hops:
            before = self._config.route(hops[0], hop=True).jump
            if not before:
                break
            if any(hop in hops for hop in before):
                raise NodeUnreachable(
                    f"ssh_config has a loop of jump hosts via {before[-1].address}.",
                    hint=f"ssh -G {before[-1].address}",
                )
            hops = before + hops
        return hops

    def _to_hop(self, hops: Hops) -> Line:
        """The line to the last of *hops*, through the ones before it."""
        return _living(self._to_hops, hops, lambda: self._open_hop(hops))

    def _open_hop(self, hops: Hops) -> Line:
        before, last = hops[:-1], hops[-1]
        route = replace(self._config.route(last, hop=True), jump=before)
        through = self._to_hop(before) if before else None
        return self._open(f"jump host {last.address}", route, through)

    def _open(self, name: str, route: Route, through: Line | None) -> Line:
        return open_line(
            name,
            route,
            trust=self._trust,
            identities=self._identities,
            busy=self._busy,
            through=through,
        )


def _living(lines: Once[K, Line], key: K, opened: Callable[[], Line]) -> Line:
    line = lines.get(key, opened)
    if line.alive:
        return line
    lines.forget(key, line)
    line.close()
    return lines.get(key, opened)


def _of(node: NodeName, error: NodeUnreachable) -> NodeUnreachable:
    """*error*, which other nodes may share, as this node's."""
    return type(error)(f"{node}: {error.detail}", hint=error.hint)
