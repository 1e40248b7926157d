"""Commands on a node over the real transport, with no settings of this machine."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from nodes.endpoint import Key

from stalplan.model.inventory import Node, ServiceSettings, SshSettings
from stalplan.names import NodeId, NodeName
from stalplan.transport.agent_talk import Output
from stalplan.transport.ssh import SshTransport
from stalplan.transport.ssh_config import SshConfig
from stalplan.transport.ssh_exec import LineExec
from stalplan.transport.ssh_line import Line
from stalplan.transport.ssh_lines import Lines

_MX1 = NodeName("mx1")
PASSPHRASE = "open sesame"


class Reach:
    """One run's lines, with a known_hosts and an ssh_config of its own."""

    def __init__(self, folder: Path, identity: Key) -> None:
        self.known = folder / "reach_known"
        self.known.touch()
        self.identity = identity
        self._config = folder / "reach_config"
        self.configure("")
        self.lines = Lines(
            SshConfig(file=str(self._config)), busy=threading.BoundedSemaphore(8)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()

    def know(self, line: str) -> None:
        """Add a line to known_hosts; before the first connection."""
        with self.known.open("a") as file:
            file.write(f"{line}\n")

    def configure(self, text: str) -> None:
        """Let ssh_config say *text*; before the first connection."""
        self._config.write_text(f"{text}\nIdentityAgent none\n")

    def copy(self, key: Key) -> Key:
        """The same key in other files, to change those."""
        copied = Key(self.known.with_name("copied"))
        shutil.copy(key.path, copied.path)
        shutil.copy(key.path.with_suffix(".pub"), copied.path.with_suffix(".pub"))
        return copied

    def open_lines(self) -> list[Line]:
        """All lines to nodes."""
        return self.lines._to_nodes.values()

    def lock(self, key: Key) -> Path:
        """Put a passphrase on *key*."""
        argv = ["ssh-keygen", "-q", "-p", "-N", PASSPHRASE, "-f", str(key.path)]
        subprocess.run(argv, check=True, capture_output=True)
        return key.path

    def settings(self, **settings: object) -> SshSettings:
        """As a desired file would have them."""
        usual: dict[str, object] = {
            "address": "127.0.0.1",
            "identity_file": str(self.identity.path),
            "known_hosts": str(self.known),
        }
        return SshSettings(**(usual | settings))  # type: ignore[arg-type] # the tests name the fields

    def commands(self, **settings: object) -> LineExec:
        """The open line of mx1, opened now if need be."""
        wanted = self.settings(**settings)
        line = self.lines.to(_MX1, wanted)
        return LineExec(_MX1, line, timeout=wanted.connect_timeout)

    def node(self, **settings: object) -> Node:
        """mx1 with a config file that the agent there can report on."""
        config = self.known.with_name("reach_config.toml")
        config.write_text("cluster.node-id = 1\n")
        return Node(
            name=_MX1,
            node_id=NodeId(1),
            ssh=self.settings(**settings),
            service=ServiceSettings(
                manager="command",
                config=str(config),
                start=("true",),
                stop=("true",),
                active=("true",),
            ),
        )

    def transport(self, *, parallelism: int = 8) -> SshTransport:
        """A run's transport with this ssh_config."""
        return SshTransport(parallelism=parallelism, ssh_config=str(self._config))

    def run(self, command: str, stdin: bytes = b"", **settings: object) -> Output:
        """Run *command* on mx1."""
        return self.commands(**settings).run(command, stdin)

    def stream(self, command: str, **settings: object) -> Iterator[bytes]:
        """What *command* says, as it comes."""
        return self.commands(**settings).stream(command, b"")
