"""Three nodes in one temporary folder, and the desired file that puts them right."""

import contextlib
import getpass
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from stalplan.demo.configs import CONFIGS
from stalplan.demo.leftovers import MARK, removed_at_the_end
from stalplan.demo.node import DemoNode, make_node
from stalplan.demo.sshd import LOOPBACK

_DESIRED_HEAD = """\
# What this cluster should be. `stalplan plan` shows what is still missing.
format = 1

[cluster]
name = "demo"
release = "0.15"
coordinator = "redis"

[roles]
"purge.stores" = ["mx1"]            # node 4, which did this, left long ago
"fts-indexing" = ["mx2", "mx3"]

[ssh]
user = {user}
identity_file = {identity}
known_hosts = {known_hosts}

[service]
manager = "command"
"""
_DESIRED_NODE = """
[nodes.{name}]
id = {number}
hostname = "{name}.example.org"
address = "{address}"
ssh.port = {port}
service.config = {config}
service.start = {start}
service.stop = {stop}
service.active = {active}
service.pid = {pid}
service.version = {version}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCluster:
    """Running nodes and the file that describes what they should be."""

    folder: Path
    desired: Path  # stalplan.toml
    nodes: tuple[DemoNode, ...]


@contextlib.contextmanager
def demo_cluster() -> Iterator[DemoCluster]:
    """Start the cluster; when left, however it is left, nothing of it remains.

    Needs no rights, no port below 1024 and nothing outside one temporary folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="stalplan-demo-"))
    with removed_at_the_end(folder), contextlib.ExitStack() as open_doors:
        nodes = _make_nodes(folder)
        for node in nodes:
            open_doors.callback(node.ssh.close)
            open_doors.callback(node.guard.close)
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_until_ready()
        desired = folder / "stalplan.toml"
        desired.write_text(_desired(folder, nodes), "utf-8")
        yield DemoCluster(folder=folder, desired=desired, nodes=tuple(nodes))


def _make_nodes(folder: Path) -> list[DemoNode]:
    client_key = paramiko.ECDSAKey.generate()
    client_key.write_private_key_file(str(folder / "identity"))
    user = getpass.getuser()
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/sh",
        MARK: str(folder),
        # Root's records would lie in /var/lib; those of a demo must go with it.
        "STALPLAN_WORK_ROOT": str(folder / "records"),
    }
    nodes = [
        make_node(name, folder / name, client_key=client_key, environ=environ)
        for name in CONFIGS
    ]
    lines = "".join(node.ssh.known_hosts_line for node in nodes)
    (folder / "known_hosts").write_text(lines, "utf-8")
    return nodes


def _desired(folder: Path, nodes: list[DemoNode]) -> str:
    text = _DESIRED_HEAD.format(
        user=_toml(getpass.getuser()),
        identity=_toml(str(folder / "identity")),
        known_hosts=_toml(str(folder / "known_hosts")),
    )
    for number, node in enumerate(nodes, start=1):
        text += _DESIRED_NODE.format(
            name=node.name,
            number=number,
            address=LOOPBACK,
            port=node.ssh.port,
            config=_toml(str(node.config)),
            **{
                verb: _toml(node.service(verb))
                for verb in ("start", "stop", "active", "pid", "version")
            },
        )
    return text


def _toml(value: str | list[str]) -> str:
    """A string or a list of strings; JSON's escapes are TOML's as well."""
    return json.dumps(value)
