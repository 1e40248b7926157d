"""A node: who it is, how to reach it, and how to run its service."""

from dataclasses import dataclass, field
from typing import Literal

from stalplan.names import NodeId, NodeName

Manager = Literal["systemd", "docker", "podman", "command"]
Argv = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSettings:
    """How to reach one node. None: what ssh_config says, else OpenSSH's default.

    Paths are as written, with the desired file's folder already put before
    relative ones; `~` is left to the transport.
    """

    address: str
    user: str | None = None
    port: int | None = None
    identity_file: str | None = None
    host_key: str | None = None  # "SHA256:…"
    known_hosts: str | None = None
    jump: str | None = None
    sudo: bool = False
    connect_timeout: float = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How one node's server is run. Commands are argv, run on the node.

    *before_stop* and *after_healthy* run on the controller instead.
    """

    manager: Manager = "systemd"
    unit: str = "stalwart"
    config: str | None = None  # None: what the unit's ExecStart says
    start: Argv | None = None
    stop: Argv | None = None
    active: Argv | None = None
    version: Argv | None = None
    pid: Argv | None = None
    health: str | Literal[False] | None = None  # None: first http listener; False: off
    health_timeout: float = 150.0  # seconds
    stop_timeout: float = 120.0  # seconds
    before_stop: Argv | None = None
    after_healthy: Argv | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of the desired file, with the defaults of its tables filled in."""

    name: NodeName
    node_id: NodeId
    ssh: SshSettings
    hostname: str | None = None  # its own, else the cluster's; None: not managed
    labels: frozenset[str] = frozenset()
    service: ServiceSettings = field(default_factory=ServiceSettings)
