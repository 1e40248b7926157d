"""One OpenSSH server on loopback with the folders of many nodes."""

import json
from dataclasses import dataclass
from pathlib import Path

from nodes.endpoint import Key, make_key
from nodes.openssh import OpenSshServer

from bench.texts import config_text, desired_text


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchNode:
    """A node of the cluster: a name and the file that is read there."""

    name: str
    number: int
    config: Path
    wanted: Path  # what another tool would put there: one line differs

    def write(self) -> None:
        """Make the folder and both files."""
        self.config.parent.mkdir(parents=True)
        self.config.write_text(config_text(self.number, purge=1))
        self.wanted.write_text(config_text(self.number, purge=2))


class BenchCluster:
    """Nodes that differ in their folders and share one server.

    A server per node would measure three hundred listening processes. Each node's
    login is a whole one all the same: connection, handshake, key, shell.
    """

    def __init__(self, root: Path, *, most: int) -> None:
        self.root = root
        self.identity: Key = make_key(root / "id_ed25519")
        # A home with start-up files, as every login has one; see _mask_start_up_files.
        environment = {"STALPLAN_WORK_ROOT": str(root), "HOME": str(Path.home())}
        self.sshd = OpenSshServer(root / "sshd", self.identity, environment=environment)
        self.nodes = [
            BenchNode(
                name=f"mx{number}",
                number=number,
                config=root / "nodes" / f"mx{number}" / "config.toml",
                wanted=root / "nodes" / f"mx{number}" / "wanted.toml",
            )
            for number in range(1, most + 1)
        ]
        for node in self.nodes:
            node.write()

    def close(self) -> None:
        """End the server."""
        self.sshd.close()

    def write_known(self, port: int) -> Path:
        """known_hosts for the server as it is seen on *port*."""
        known = self.root / f"known_hosts.{port}"
        key = self.sshd.endpoint.host_key
        known.write_text(f"[127.0.0.1]:{port} {key}\n")
        return known

    def write_desired(self, count: int, port: int) -> Path:
        """A desired file of the first *count* nodes, reached on *port*."""
        file = self.root / f"stalplan-{count}-{port}.toml"
        nodes = [(node.name, node.number, node.config) for node in self.nodes[:count]]
        file.write_text(
            desired_text(
                nodes,
                port=port,
                user=self.sshd.endpoint.user,
                identity=self.identity.path,
                known=self.write_known(port),
            )
        )
        return file

    def write_targets(self, count: int, port: int) -> Path:
        """What the scripts of other libraries read: where, as whom, which files."""
        file = self.root / f"targets-{count}-{port}.json"
        document = {
            "host": "127.0.0.1",
            "port": port,
            "user": self.sshd.endpoint.user,
            "identity": str(self.identity.path),
            "known_hosts": str(self.write_known(port)),
            "files": [str(node.config) for node in self.nodes[:count]],
        }
        file.write_text(json.dumps(document))
        return file
