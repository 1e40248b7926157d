"""A cluster of real OpenSSH nodes with stand-in servers, and the real command line."""

import json
import os
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodes.factories import OpenSshNode, OpenSshNodes
from nodes.waiting import free_port, wait_until

from e2e.controller import Controller, login

BRIEF = 0.3  # seconds that a started server must live on, where no test is about them
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Shot:
    """What must not change on a node that is left alone."""

    data: bytes
    inode: int
    owner: tuple[int, int]
    mode: int
    modified: int  # nanoseconds
    starts: int
    pid: int


@dataclass(frozen=True, slots=True)
class MailNode:
    """A node of the cluster: its machine, its mail server's file and ports."""

    node: OpenSshNode
    http: int
    smtp: int

    @property
    def name(self) -> str:
        """As the desired file names it."""
        return self.node.name

    @property
    def config(self) -> Path:
        """The mail server's file."""
        return self.node.folder.config

    def text(self) -> str:
        """The file's text, line ends as they are."""
        return self.node.folder.read().decode()

    def starts(self) -> int:
        """How often the mail server was started."""
        return len(self.node.folder.starts())

    def shot(self) -> Shot:
        """The file and the service now."""
        stat = self.config.stat()
        return Shot(
            data=self.node.folder.read(),
            inode=stat.st_ino,
            owner=(stat.st_uid, stat.st_gid),
            mode=stat.st_mode & 0o7777,
            modified=stat.st_mtime_ns,
            starts=self.starts(),
            pid=self.node.folder.pid(),
        )

    def status(self) -> dict[str, Any]:
        """What the running server really has in effect; {} while it is down."""
        try:
            url = f"http://127.0.0.1:{self.http}/standin/status"
            with _DIRECT.open(url, timeout=60) as answer:
                document: dict[str, Any] = json.loads(answer.read())
                return document
        except OSError:
            return {}


@dataclass(slots=True, kw_only=True)
class Cluster(Controller):
    """A controller and the nodes that it knows."""

    records: Path  # where the nodes keep leases, records and backups
    nodes: list[MailNode]
    release: str = "0.15"

    def __getitem__(self, name: str) -> MailNode:
        return next(node for node in self.nodes if node.name == name)

    def want(
        self,
        cluster: str = "",
        *,
        nodes: Mapping[str, str],
        service: str = "",
        after: str = "",
    ) -> None:
        """Write the desired file: lines for [cluster], for each node, and *after*.

        *service* are lines for [service]; nodes not named in *nodes* are left out.
        """
        text = f'format = 1\n[cluster]\nname = "e2e"\nrelease = "{self.release}"\n'
        text += f'{cluster}\n[service]\nmanager = "command"\n{service}\n'
        text += 'health_timeout = "30s"\n' if "health_timeout" not in service else ""
        text += '[ssh]\nknown_hosts = "known_hosts"\n'
        for name, lines in nodes.items():
            text += f"\n[nodes.{name}]\n{lines}\n{self.reach(name)}"
        self.desired.write_text(f"{text}\n{after}\n", "utf-8")

    def know_hosts(self, *left_out: str) -> None:
        """Write known_hosts with all nodes but those *left_out*."""
        known = [node.node for node in self.nodes if node.name not in left_out]
        self.know(node.endpoint for node in known)

    def reach(self, name: str) -> str:
        """The lines that say how to reach *name* and how to run its service."""
        folder = self[name].node.folder
        lines = {
            "service.config": str(folder.config),
            "service.start": folder.start_argv,
            "service.stop": folder.stop_argv,
            "service.active": folder.active_argv,
            "service.pid": folder.pid_argv,
            "service.version": folder.version_argv,
        }
        told = "".join(f"{key} = {json.dumps(lines[key])}\n" for key in lines)
        return login(self[name].node.endpoint) + told

    def start(self) -> None:
        """Start every mail server and wait until all are ready."""
        for node in self.nodes:
            node.node.folder.start()
        for node in self.nodes:
            self.wait_ready(node.name)

    def wait_ready(self, name: str) -> dict[str, Any]:
        """Wait until *name*'s server answers; what it has in effect."""
        return wait_until(self[name].status, what=f"{name}'s server")

    def shots(self) -> dict[str, Shot]:
        """Every node's file and service now."""
        return {node.name: node.shot() for node in self.nodes}

    def is_whole(self, bases: Mapping[str, Shot], goals: Mapping[str, bytes]) -> None:
        """Every file is base or goal, owned as before, alone, and its server runs."""
        for node in self.nodes:
            base, now = bases[node.name], node.shot()
            assert now.data in (base.data, goals[node.name]), node.name
            assert (base.owner, base.mode) == (now.owner, now.mode), node.name
            assert [] == strangers(node), node.name
            assert node.node.folder.active(), node.name


def strangers(node: MailNode) -> list[str]:
    """What lies beside the config file and has no reason to."""
    own = {".stalplan"} if os.getuid() else set()  # root's records lie elsewhere
    return [name for name in node.node.folder.leftovers() if name not in own]


def make_cluster(
    nodes: OpenSshNodes,
    folder: Path,
    configs: Sequence[str],
    *,
    release: str = "0.15",
    mode: int = 0o600,
    environ: Mapping[str, Mapping[str, str]] | None = None,
    steady: float | None = BRIEF,
) -> Cluster:
    """One node per config file, named mx1, mx2, …; every server runs.

    *environ* is the environment of single nodes' servers, by name; *steady* is
    explained at Controller.
    """
    controller, records = folder / "controller", folder / "records"
    controller.mkdir()
    version = {"0.13": "0.13.4", "0.14": "0.14.1", "0.15": "0.15.5"}[release]
    made = []
    for number, config in enumerate(configs, start=1):
        http, smtp = free_port(), free_port()
        home = folder / "data" / f"mx{number}"
        text = config.replace("@HTTP@", str(http)).replace("@SMTP@", str(smtp))
        node = OpenSshNode(
            f"mx{number}",
            nodes.sshd(environment={"STALPLAN_WORK_ROOT": str(records)}),
            nodes.folder(
                text.replace("@FOLDER@", str(home)),
                mode=mode,
                environment={
                    "STANDIN_VERSION": version,
                    "STANDIN_STOP_SECONDS": "0.05",
                    **(environ or {}).get(f"mx{number}", {}),
                },
            ),
        )
        made.append(MailNode(node, http, smtp))
    cluster = Cluster(
        folder=controller, steady=steady, records=records, nodes=made, release=release
    )
    cluster.know_hosts()
    cluster.start()
    return cluster
