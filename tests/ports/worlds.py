"""The nodes that the suite for sessions runs against, each with a server that runs."""

# ruff: noqa: D102 - the methods of World say what those of its two kinds do

import time
from dataclasses import dataclass
from typing import Protocol

from nodes.folder import NodeFolder
from nodes.openssh import OpenSshServer

from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Node, ServiceSettings, SshSettings
from stalplan.model.live import NodeReport, digest_of
from stalplan.model.records import Fence, Transaction
from stalplan.names import Digest, NodeId, NodeName, RunId
from stalplan.ports import CommitOrder, LeaseAsk, Session, StageOrder
from stalplan.transport.memory import MemoryCluster, MemoryTransport
from stalplan.transport.ssh import SshTransport

RUN, OTHER = RunId("run-1"), RunId("run-2")
PLAN = digest_of(b"a plan")
SICK_ID = 7  # a server with this id does not start


class World(Protocol):
    """A node with a server that runs, and what the test does there by hand."""

    base: bytes
    health: HealthAsk

    def session(self) -> Session:
        """A session; each call may give another."""

    def read(self) -> bytes:
        """The config file."""

    def write(self, data: bytes) -> None:
        """Edit the config file."""

    def stop(self) -> None:
        """Stop the server."""

    def starts(self) -> int:
        """How often the server was started so far."""

    def wait(self, seconds: float) -> None:
        """Let time pass by the node's clock."""


@dataclass(slots=True)
class InMemory:
    """A node in a dict."""

    cluster: MemoryCluster
    base: bytes
    health: HealthAsk

    def session(self) -> Session:
        node = Node(
            name=NodeName("mx1"), node_id=NodeId(1), ssh=SshSettings(address="mx1")
        )
        return MemoryTransport(self.cluster).session(node)

    def read(self) -> bytes:
        return self.cluster["mx1"].data

    def write(self, data: bytes) -> None:
        self.cluster["mx1"].write(data)

    def stop(self) -> None:
        self.cluster["mx1"].running = False

    def starts(self) -> int:
        return self.cluster["mx1"].starts

    def wait(self, seconds: float) -> None:
        self.cluster.sleep(seconds)


@dataclass(slots=True)
class OverSsh:
    """A folder behind a real sshd, with the stand-in server."""

    transport: SshTransport
    node: Node
    folder: NodeFolder
    base: bytes
    health: HealthAsk

    def session(self) -> Session:
        return self.transport.session(self.node)

    def read(self) -> bytes:
        return self.folder.read()

    def write(self, data: bytes) -> None:
        self.folder.write(data)

    def stop(self) -> None:
        self.folder.stop()

    def starts(self) -> int:
        return len(self.folder.starts())

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)  # the node's clock is the machine's


def config(node_id: int, port: int) -> bytes:
    """A file of the server's, with a comment that no edit may touch."""
    return (
        f"# written by hand\ncluster.node-id = {node_id}\n"
        f'server.hostname = "mx1.example.org"\n'
        f'server.listener.http.bind = "127.0.0.1:{port}"\n'
        f'server.listener.http.protocol = "http"\n'
        f'storage.data = "rocksdb"\nstore.rocksdb.type = "rocksdb"\n'
    ).encode()


def health(port: int) -> HealthAsk:
    url = f"http://127.0.0.1:{port}/healthz/ready"
    return HealthAsk(
        url=url, timeout=60.0, hostname=None, coordinated=False, steady=0.3
    )


def over_ssh(sshd: OpenSshServer, folder: NodeFolder) -> Node:
    end = sshd.endpoint
    return Node(
        name=NodeName("mx1"),
        node_id=NodeId(1),
        ssh=SshSettings(
            address=end.address,
            port=end.port,
            user=end.user,
            identity_file=str(end.identity),
            known_hosts=str(end.identity.with_name("session_known")),
        ),
        service=ServiceSettings(
            manager="command",
            config=str(folder.config),
            start=tuple(folder.start_argv),
            stop=tuple(folder.stop_argv),
            active=tuple(folder.active_argv),
            pid=tuple(folder.pid_argv),
            version=tuple(folder.version_argv),
        ),
    )


def with_id(world: World, node_id: int) -> bytes:
    """The node's file with another id, else byte for byte the same."""
    return world.base.replace(b"node-id = 1", f"node-id = {node_id}".encode())


def asking(run: RunId = RUN, *, seconds: int = 600) -> LeaseAsk:
    return LeaseAsk(run=run, who="ann@desk", plan=PLAN, seconds=seconds)


def taken(world: World, run: RunId = RUN, *, seconds: int = 600) -> Fence:
    lease = world.session().take_lease(asking(run, seconds=seconds))
    return Fence(run=run, number=lease.number)


def stage_order(
    world: World, fence: Fence, data: bytes, *, step: int = 1, base: bytes | None = None
) -> StageOrder:
    return StageOrder(
        fence=fence,
        step=step,
        base=digest_of(world.base if base is None else base),
        result=digest_of(data),
        data=data,
    )


def commit_order(
    world: World, fence: Fence, data: bytes, *, step: int = 1
) -> CommitOrder:
    return CommitOrder(
        fence=fence,
        plan=PLAN,
        step=step,
        base=digest_of(world.base),
        result=digest_of(data),
        health=world.health,
        stop_timeout=60.0,
    )


def carried_out(world: World, order: CommitOrder) -> Transaction:
    """The record after a commit, when it has a verdict."""
    session = world.session()
    session.commit(order)
    for _ in session.follow(order.fence.run, order.step):
        pass
    record = session.transaction(order.fence.run, order.step)
    assert record is not None
    assert record.verdict is not None
    return record


def digest(report: NodeReport) -> Digest:
    assert report.file is not None
    return report.file.digest


def running(report: NodeReport) -> bool:
    assert report.service is not None
    return report.service.running
