"""Many addresses at once, some of them sick: told apart, and nobody waits twice."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import odd_servers
import pytest
from nodes.endpoint import Key, make_key
from nodes.factories import OpenSshNodes
from nodes.openssh import OpenSshServer
from nodes.waiting import free_port
from ssh_reach import Reach

from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen
from stalplan.names import NodeName

_TIMEOUT = 10.0  # seconds; far more than a living one needs
_DEAD, _REFUSING, _GREETING, _MUTE, _LIVING = 6, 3, 2, 2, 24
_AT_ONCE = 2  # fewer than hang, so that these would be in the way


@pytest.fixture
def reach(tmp_path: Path, identity: Key) -> Iterator[Reach]:
    with Reach(tmp_path, identity) as reach:
        yield reach


@pytest.fixture
def sshd(openssh_nodes: OpenSshNodes, reach: Reach, tmp_path: Path) -> OpenSshServer:
    work = {"STALPLAN_WORK_ROOT": str(tmp_path / "work")}
    sshd = openssh_nodes.sshd(environment=work)
    reach.know(sshd.endpoint.known_hosts_line)
    return sshd


def test_each_sick_address_is_listed_with_its_cause(
    reach: Reach, sshd: OpenSshServer, tmp_path: Path
) -> None:
    """The living come first, however many hang; the sick share one timeout."""
    key = make_key(tmp_path / "host")
    with ExitStack() as kept:
        dead = kept.enter_context(odd_servers.deaf())
        greeting = kept.enter_context(
            odd_servers.listening(odd_servers.only_greets),
        )
        mute = kept.enter_context(
            odd_servers.mute_after_login(key.path, opens_channels=True)
        )
        reach.know(f"[127.0.0.1]:{mute} {key.public}")
        ports = [dead] * _DEAD + [free_port()] * _REFUSING
        ports += [greeting] * _GREETING + [mute] * _MUTE + [sshd.port] * _LIVING
        began = time.monotonic()
        seen = _read(reach, ports)
        took = time.monotonic() - began

    causes = Counter(map(_cause, seen))
    assert {
        "did not answer within": _DEAD,
        "refused the connection": _REFUSING,
        "did not finish the handshake": _GREETING,
        "did not begin a command": _MUTE,
        "read": _LIVING,
    } == causes
    late = {_cause(each) for each in seen[: _LIVING + _REFUSING]}
    assert {"read", "refused the connection"} == late
    assert took < 2 * _TIMEOUT


def _read(reach: Reach, ports: list[int]) -> list[Seen]:
    transport = reach.transport(parallelism=_AT_ONCE)
    nodes = [
        _named(reach.node(port=port, connect_timeout=_TIMEOUT), f"mx{number}")
        for number, port in enumerate(ports)
    ]
    try:
        return list(transport.read(nodes))
    finally:
        transport.close()


def _named(node: Node, name: str) -> Node:
    return Node(
        name=NodeName(name), node_id=node.node_id, ssh=node.ssh, service=node.service
    )


_CAUSES = (
    "did not answer within",
    "refused the connection",
    "did not finish the handshake",
    "did not begin a command",
)


def _cause(seen: Seen) -> str:
    if isinstance(seen, NodeReport):
        return "read"
    return next((cause for cause in _CAUSES if cause in seen.detail), seen.detail)
