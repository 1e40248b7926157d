"""What the fixtures hand out: makers of nodes that end with their test."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nodes.endpoint import Endpoint, Key
from nodes.folder import STAND_IN, NodeFolder
from nodes.openssh import OpenSshServer
from nodes.systemd import SystemdNode


@dataclass(frozen=True, slots=True)
class OpenSshNode:
    """A folder with a mail server's service, and the sshd that leads to it."""

    name: str
    sshd: OpenSshServer
    folder: NodeFolder

    @property
    def endpoint(self) -> Endpoint:
        """How to log in."""
        return self.sshd.endpoint


class OpenSshNodes:
    """Makes OpenSSH nodes and servers; all end when *kept* closes."""

    def __init__(self, root: Path, identity: Key, kept: ExitStack) -> None:
        self._root = root
        self._identity = identity
        self._kept = kept
        self._made = 0

    def __call__(
        self,
        configs: Sequence[str | bytes],
        *,
        mode: int = 0o700,
        command: Sequence[str] = STAND_IN,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> list[OpenSshNode]:
        """One node per config file: ``mx1``, ``mx2``, …; no mail server runs yet.

        *mode* is the file's, *command* and *environment* the mail server's, and
        *settings* are lines of sshd_config.
        """
        return [
            OpenSshNode(
                f"mx{number}",
                self.sshd(settings=settings),
                self.folder(
                    config, mode=mode, command=command, environment=environment
                ),
            )
            for number, config in enumerate(configs, start=1)
        ]

    def sshd(
        self,
        *,
        user: str = "",
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> OpenSshServer:
        """A listening server alone; see OpenSshServer."""
        server = OpenSshServer(
            self._place("sshd"),
            self._identity,
            user=user,
            settings=settings,
            environment=environment,
        )
        self._kept.callback(server.close)
        return server

    def folder(
        self,
        config: str | bytes,
        *,
        mode: int = 0o700,
        command: Sequence[str] = STAND_IN,
        environment: Mapping[str, str] | None = None,
    ) -> NodeFolder:
        """A node's folder alone; see NodeFolder."""
        folder = NodeFolder(
            self._place("node"),
            config,
            mode=mode,
            server=command,
            environment=environment,
        )
        self._kept.callback(folder.kill)
        return folder

    def _place(self, kind: str) -> Path:
        self._made += 1
        return self._root / f"{kind}{self._made}"


class SystemdNodes:
    """Boots systemd nodes; all are gone when *kept* closes."""

    def __init__(self, root: Path, identity: Key, kept: ExitStack) -> None:
        self._root = root
        self._identity = identity
        self._kept = kept
        self._made = 0

    def __call__(
        self,
        configs: Sequence[str],
        *,
        command: Sequence[str] = STAND_IN,
        environment: Mapping[str, str] | None = None,
        prefix: str = "/opt/stalwart",
        account: str = "stalwart",
    ) -> list[SystemdNode]:
        """One machine per config file, booted side by side; see SystemdNode."""
        nodes = []
        for config in configs:
            self._made += 1
            node = SystemdNode(
                f"mx{self._made}",
                self._root / f"mx{self._made}",
                self._identity,
                config=config,
                server=command,
                environment=environment,
                prefix=prefix,
                account=account,
            )
            self._kept.callback(node.close)
            node.switch_on()
            nodes.append(node)
        for node in nodes:
            node.wait_ready()
        return nodes
