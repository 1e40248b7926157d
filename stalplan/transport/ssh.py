"""Nodes over SSH: one line per node for a whole run."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from threading import BoundedSemaphore

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen, Unreachable
from stalplan.ports import Session
from stalplan.transport.agent_session import AgentSession
from stalplan.transport.ssh_config import SshConfig
from stalplan.transport.ssh_exec import LineExec
from stalplan.transport.ssh_lines import Lines

_MOST_THREADS = 512  # nodes waited for at once


@dataclass(frozen=True)
class _SshSession(AgentSession):
    """A session that knows which key the node showed."""

    host_key: str | None = None

    def report(self) -> NodeReport:
        """What the node is, and its host key."""
        return replace(super().report(), host_key=self.host_key)


class SshTransport:
    """Implements ports.Transport over OpenSSH's protocol, with paramiko.

    At most *parallelism* nodes are worked on at once; those that have not answered
    yet don't count, so that dead ones hold up nobody. *ssh_config* stands for the
    user's and the system's file ("none": no file); *note* is told of its words that
    can't be honoured.
    """

    def __init__(
        self,
        *,
        parallelism: int = 32,
        ssh_config: str | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._busy = BoundedSemaphore(parallelism)
        config = SshConfig(file=ssh_config, note=note)
        self._lines = Lines(config, busy=self._busy)

    def read(self, nodes: Sequence[Node]) -> Iterator[Seen]:
        """Report of every node, in the order they come; each exactly once."""
        if not nodes:
            return
        pool = ThreadPoolExecutor(min(len(nodes), _MOST_THREADS), "read")
        try:
            for done in as_completed([pool.submit(self._look, n) for n in nodes]):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def session(self, node: Node) -> Session:
        """The node's open line, opened again if it broke. May raise NodeUnreachable."""
        line = self._lines.to(node.name, node.ssh)
        commands = LineExec(node.name, line, timeout=node.ssh.connect_timeout)
        return _SshSession(commands, node, host_key=line.host_key)

    def close(self) -> None:
        """Close all lines. Transactions on the nodes go on."""
        self._lines.close()

    def _look(self, node: Node) -> Seen:
        try:
            session = self.session(node)
            with self._busy:
                return session.report()
        except NodeUnreachable as error:
            return Unreachable(
                node=node.name,
                summary=error.summary,
                detail=error.detail,
                hint=error.hint,
            )
