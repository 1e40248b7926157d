"""A repository with a desired file, a cluster in a dict, and the command line."""

import io
import json
import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.model.inventory import Argv
from stalplan.model.secrets import Secret, SecretRef, Unresolved
from stalplan.names import NodeName
from stalplan.transport.memory import MemoryCluster, MemoryTransport

NODE = 'cluster.node-id = {}\ncluster.coordinator = "redis"\n'
STORE = 'store.redis.type = "redis"\nstore.redis.password = "c4n-01"\n'
ROLE = 'cluster.roles.purge.stores = ["{}"]\nserver.hostname = "{}.example.org"\n'
DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
coordinator = "redis"
[nodes.mx1]
id = 1
hostname = "mx1.example.org"
[nodes.mx2]
id = 2
hostname = "mx2.example.org"
[roles]
"purge.stores" = ["mx1"]
"""


@dataclass(slots=True)
class Clock:
    """It stands still until it is moved."""

    at: datetime = datetime(2026, 11, 24, 1, 10, tzinfo=UTC)

    def now(self) -> datetime:
        """UTC."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move it."""
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Asked:
    """Commands that note what they are asked, and lead to one secret."""

    refs: list[SecretRef] = field(default_factory=list)

    def hook(self, argv: Argv, *, node: NodeName) -> None:
        """No test here has one."""
        raise AssertionError((argv, node))

    def secret(self, ref: SecretRef) -> Secret | Unresolved:
        """Always the same."""
        self.refs.append(ref)
        return Secret("c4n-02")


@dataclass(frozen=True, slots=True)
class Done:
    """One command line that has ended."""

    code: int
    out: str
    err: str

    @property
    def plan(self) -> dict[str, Any]:
        """What `--format json` printed."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def said(self) -> str:
        """What was said, with its lines joined."""
        return " ".join(f"{self.out} {self.err}".split())


@dataclass(slots=True)
class World:
    """Two nodes that are as desired, and a repository whose first commit says so."""

    folder: Path
    cluster: MemoryCluster
    clock: Clock = field(default_factory=Clock)
    asked: Asked = field(default_factory=Asked)

    @property
    def desired(self) -> Path:
        """stalplan.toml."""
        return self.folder / "stalplan.toml"

    def want(self, *changes: tuple[str, str]) -> None:
        """Replace texts of the desired file."""
        text = self.desired.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.desired.write_text(text)

    def git(self, *words: str) -> str:
        """A git command in the repository."""
        return git(self.folder, *words)

    def commit(self, message: str = "change") -> str:
        """Commit the desired file; the commit."""
        self.git("add", "stalplan.toml")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *argv: str, code: int | None = 0) -> Done:
        """One command line in the repository; None: any *code*."""
        out, err = io.StringIO(), io.StringIO()
        app = App(
            terminal=Terminal(out=out, err=err, inp=io.StringIO(), environ={}),
            environ={},
            clock=self.clock,
            transport=lambda _: MemoryTransport(self.cluster),
            commands=lambda: self.asked,
        )
        status = main(argv, app)
        done = Done(status, out.getvalue(), err.getvalue())
        assert code in (None, status), done
        assert "c4n" not in done.out + done.err
        return done

    def plan(self, *argv: str, code: int | None = 0) -> dict[str, Any]:
        """The document of `plan --format json`."""
        return self.run("plan", "--format", "json", *argv, code=code).plan


def git(folder: Path, *words: str) -> str:
    """A git command that succeeds, by a person of no account."""
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(
        ["git", *person, "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def make_world(folder: Path) -> World:
    files = {
        name: NODE.format(number) + STORE + ROLE.format(1, name)
        for number, name in enumerate(("mx1", "mx2"), 1)
    }
    cluster = MemoryCluster({name: text.encode() for name, text in files.items()})
    world = World(folder, cluster)
    world.desired.write_text(DESIRED)
    world.git("init", "-q")
    world.commit("first")
    return world
