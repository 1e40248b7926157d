"""A cluster of real OpenSSH nodes with stand-in servers, and the real command line."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodes.factories import OpenSshNode, OpenSshNodes
from nodes.waiting import free_port, wait_until

from e2e.configs import CANARY

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_TIMEOUT = 120.0  # seconds; a command takes a few


@dataclass(frozen=True, slots=True)
class Done:
    """One command line that has ended."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def said(self) -> str:
        """Everything; what a failing test shows."""
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"


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
            with _DIRECT.open(url, timeout=5) as answer:
                document: dict[str, Any] = json.loads(answer.read())
                return document
        except OSError:
            return {}


@dataclass(slots=True, kw_only=True)
class Cluster:
    """Nodes, the desired file beside nothing else, and a state folder."""

    folder: Path  # the controller's
    records: Path  # where the nodes keep leases, records and backups
    nodes: list[MailNode]
    release: str = "0.15"
    more_environ: dict[str, str] = field(default_factory=dict)

    @property
    def desired(self) -> Path:
        """stalplan.toml."""
        return self.folder / "stalplan.toml"

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.folder / "state"

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
        text += 'health_timeout = "20s"\n' if "health_timeout" not in service else ""
        text += '[ssh]\nknown_hosts = "known_hosts"\n'
        for name, lines in nodes.items():
            text += f"\n[nodes.{name}]\n{lines}\n{self.reach(name)}"
        self.desired.write_text(f"{text}\n{after}\n", "utf-8")

    def reach(self, name: str) -> str:
        """The lines that say how to reach *name* and how to run its service."""
        node = self[name].node
        ssh, folder = node.endpoint, node.folder
        lines = {
            "address": ssh.address,
            "ssh.port": ssh.port,
            "ssh.user": ssh.user,
            "ssh.identity_file": str(ssh.identity),
            "service.config": str(folder.config),
            "service.start": folder.start_argv,
            "service.stop": folder.stop_argv,
            "service.active": folder.active_argv,
            "service.pid": folder.pid_argv,
            "service.version": folder.version_argv,
        }
        return "".join(f"{key} = {json.dumps(lines[key])}\n" for key in lines)

    def know_hosts(self, *left_out: str) -> None:
        """Write known_hosts with all nodes but those *left_out*."""
        lines = [
            f"{node.node.endpoint.known_hosts_line}\n"
            for node in self.nodes
            if node.name not in left_out
        ]
        (self.folder / "known_hosts").write_text("".join(lines))

    def start(self) -> None:
        """Start every mail server and wait until all are ready."""
        for node in self.nodes:
            node.node.folder.start()
        for node in self.nodes:
            self.wait_ready(node.name)

    def wait_ready(self, name: str) -> dict[str, Any]:
        """Wait until *name*'s server answers; what it has in effect."""
        return wait_until(self[name].status, 20, f"{name}'s server")

    def shots(self) -> dict[str, Shot]:
        """Every node's file and service now."""
        return {node.name: node.shot() for node in self.nodes}

    def begin(self, *argv: str) -> "subprocess.Popen[str]":
        """Start a command line; its end is the caller's affair. See collect()."""
        return subprocess.Popen(
            [sys.executable, "-m", "stalplan", *argv],
            cwd=self.folder,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def collect(self, process: "subprocess.Popen[str]") -> Done:
        """The end of a command line; nothing of it may hold a secret of a node."""
        out, err = process.communicate(timeout=_TIMEOUT)
        done = Done(process.returncode, out, err)
        assert "Traceback" not in err, done.said
        assert CANARY not in out + err, done.said
        return done

    def run(self, *argv: str, code: int | None = 0) -> Done:
        """Run one command line in the controller's folder; None: any *code*."""
        done = self.collect(self.begin(*argv))
        if code is not None:
            assert code == done.code, done.said
        return done

    def plan(self, *argv: str, code: int | None = 0) -> dict[str, Any]:
        """The document of `plan --format json`."""
        document = json.loads(
            self.run("plan", "--format", "json", *argv, code=code).out
        )
        assert isinstance(document, dict)
        return document

    def environ(self) -> dict[str, str]:
        """A plain environment: no agent, no proxy, no settings of the caller's."""
        kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        return (
            kept | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"} | self.more_environ
        )

    def journal(self) -> list[dict[str, Any]]:
        """All records of the newest run; a line that is being written is left out."""
        runs = sorted((self.state / "runs").glob("*/journal.jsonl"))
        lines = runs[-1].read_bytes().splitlines() if runs else []
        return [json.loads(line) for line in lines if line.endswith(b"}")]

    def no_secret_was_kept(self) -> None:
        """Nothing that the controller wrote holds a secret of a node."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                assert CANARY.encode() not in path.read_bytes(), path

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
) -> Cluster:
    """One node per config file, named mx1, mx2, …; every server runs.

    *environ* is the environment of single nodes' servers, by name.
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
    cluster = Cluster(folder=controller, records=records, nodes=made, release=release)
    cluster.know_hosts()
    cluster.start()
    return cluster
