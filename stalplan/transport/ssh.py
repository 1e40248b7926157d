"""Nodes over SSH: one line per node for a whole run."""

import resource
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import BoundedSemaphore
from typing import Self

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen, Unreachable
from stalplan.ports import Session
from stalplan.transport.agent_session import AgentSession
from stalplan.transport.ssh_config import SshConfig
from stalplan.transport.ssh_exec import LineExec
from stalplan.transport.ssh_line import Line, hang_up, log_in
from stalplan.transport.ssh_lines import Lines
from stalplan.transport.ssh_loop import Loop
from stalplan.transport.ssh_opening import KEEPALIVE_SECONDS
from stalplan.transport.ssh_reading import LeftToThread, Refused, Told, Way, reading

_OTHER_FILES = 64  # open besides the lines
_MOST_THREADS = 512  # nodes that threads read or find the way to at once


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
        self._parallelism = parallelism
        self._busy = BoundedSemaphore(parallelism)
        config = SshConfig(file=ssh_config, note=note)
        self._lines = Lines(config, busy=self._busy)

    def read(self, nodes: Sequence[Node]) -> Iterator[Seen]:
        """Report of every node, in the order they come; each exactly once.

        One loop reads all that can be driven, in the caller's thread. Threads find the
        way to each node, which may take a name server or a program, and read those that
        need more than a loop can do.
        """
        if not nodes:
            return
        _allow_files(len(nodes))
        with _Crew(len(nodes), at_once=self._parallelism) as crew:
            for node in nodes:
                crew.send(partial(self._set_out, node))
            left = len(nodes)
            while left:
                for seen in self._news(crew):
                    left -= 1
                    yield seen
                if left:
                    crew.loop.turn()

    def session(self, node: Node) -> Session:
        """The node's open line, opened again if it broke. May raise NodeUnreachable."""
        line = self._lines.to(node.name, node.ssh)
        commands = LineExec(node.name, line, timeout=node.ssh.connect_timeout)
        return _SshSession(commands, node, host_key=line.host_key)

    def close(self) -> None:
        """Close all lines. Transactions on the nodes go on."""
        self._lines.close()

    def _news(self, crew: "_Crew") -> Iterator[Seen]:
        """What is known by now; ways that are found are begun."""
        while crew.found:
            seen = crew.found.popleft().result()
            if isinstance(seen, Way):
                crew.loop.start(seen, reading(seen))
            else:
                yield seen
        for way, end in crew.loop.ends():
            match end:
                case Told(report, line):
                    self._lines.keep(way.node, line)
                    yield report
                case Refused():
                    crew.send(partial(self._offer_others, way, end))
                case LeftToThread():
                    crew.send(partial(self._look, way.node))
                case NodeUnreachable():
                    yield _unreachable(way.node, end)

    def _set_out(self, node: Node) -> Seen | Way:
        try:
            way = self._lines.way(node)
        except NodeUnreachable as error:
            return _unreachable(node, error)
        return way or self._look(node)

    def _offer_others(self, way: Way, refused: Refused) -> Seen:
        """Go on where the loop left off: an agent may have to be asked."""
        transport = refused.transport
        try:
            with self._busy:
                transport.listen(keepalive=KEEPALIVE_SECONDS)
                log_in(refused.opening, transport, way.rest, [way.offer.name])
        except NodeUnreachable as error:
            hang_up(transport)
            return _unreachable(way.node, error)
        self._lines.keep(way.node, Line(transport))
        return self._look(way.node)

    def _look(self, node: Node) -> Seen:
        try:
            session = self.session(node)
            with self._busy:
                return session.report()
        except NodeUnreachable as error:
            return _unreachable(node, error)


class _Crew:
    """A loop and the threads that help it; nobody waits for those that are late."""

    def __init__(self, most: int, *, at_once: int) -> None:
        self.loop: Loop[Way] = Loop(at_once=at_once)
        self.found: deque[Future[Seen | Way]] = deque()
        self._pool = ThreadPoolExecutor(min(most, _MOST_THREADS), "read")

    def send(self, work: Callable[[], Seen | Way]) -> None:
        """Have *work* done; its end lies in *found*, and the loop is told."""
        self._pool.submit(work).add_done_callback(self._take)

    def _take(self, future: Future[Seen | Way]) -> None:
        self.found.append(future)
        self.loop.ring()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.loop.close()


def _allow_files(lines: int) -> None:
    """Let this process have so many lines open, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = lines + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft not in (resource.RLIM_INFINITY, wanted) and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _unreachable(node: Node, error: NodeUnreachable) -> Unreachable:
    return Unreachable(
        node=node.name, summary=error.summary, detail=error.detail, hint=error.hint
    )
