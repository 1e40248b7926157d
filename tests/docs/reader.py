"""Somebody who reads a page and types what it says, on a cluster in a dict."""

import io
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.model.inventory import Argv
from stalplan.model.secrets import Secret, SecretRef, Unresolved
from stalplan.names import NodeName
from stalplan.transport.memory import MemoryCluster, MemoryTransport

TODAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ADDRESSES = {f"192.0.2.{10 + number}": f"mx{number}" for number in range(1, 6)}
_SHELL = ("cat", "git", "sed", "cp")  # what pages may use besides stalplan and ssh


class PowerCut(BaseException):
    """The machine that stalplan runs on is gone."""


class Person(Terminal):
    """Somebody who answers every question with yes."""

    def interactive(self) -> bool:
        """Somebody is there."""
        return True

    def ask(self, prompt: str) -> str:
        """What is typed stands behind the question."""
        self.err.write(f"{prompt}yes\n")
        return "yes"


class NoCommands:
    """No page has hooks or references to secrets."""

    def hook(self, argv: Argv, *, node: NodeName) -> None:
        """See above."""
        raise AssertionError((argv, node))

    def secret(self, ref: SecretRef) -> Secret | Unresolved:
        """See above."""
        raise AssertionError(ref)


@dataclass(slots=True)
class Reader:
    """A folder, the nodes, and what happens before a command is first typed.

    *events* are by the command that they come before: the first time, the second, …
    """

    folder: Path
    cluster: MemoryCluster
    events: dict[str, list[Callable[["Reader"], None]]] = field(default_factory=dict)
    codes: list[tuple[str, int]] = field(default_factory=list)

    @property
    def desired(self) -> Path:
        """stalplan.toml."""
        return self.folder / "stalplan.toml"

    def types(self, command: str) -> str:
        """What then stands on the screen."""
        if coming := self.events.get(command):
            coming.pop(0)(self)
        words = shlex.split(command, comments=True)
        if words[0] == "stalplan":
            return self.stalplan(*words[1:])
        if words[0] == "ssh":
            return self._ssh(*words[1:])
        assert words[0] in _SHELL, f"a page may not use {words[0]}"
        done = subprocess.run(
            ["sh", "-c", command],
            check=True,
            cwd=self.folder,
            env=_environ(self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout

    def edits(self, diff: str) -> None:
        """Replace the lines with `-` by those with `+`, in stalplan.toml."""
        lines = diff.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        text = self.desired.read_text()
        assert text.count(old) == 1, f"not once in the file:\n{old}"
        self.desired.write_text(text.replace(old, new))

    def stalplan(self, *argv: str) -> str:
        """What `stalplan` prints, in the reader's folder."""
        screen = io.StringIO()
        app = App(
            terminal=Person(out=screen, err=screen, environ={}),
            environ={},
            clock=self.cluster,
            transport=lambda _: MemoryTransport(self.cluster),
            commands=NoCommands,
        )
        with chdir(self.folder):
            try:
                self.codes.append((argv[0], main(argv, app)))
            except PowerCut:
                self.codes.append((argv[0], -9))
        return screen.getvalue()

    def _ssh(self, login: str, *words: str) -> str:
        node = self.cluster[ADDRESSES[login.rpartition("@")[2]]]
        match words:
            case ("systemctl", "stop", "stalwart"):
                node.running = False
            case ("systemctl", "start", "stalwart"):
                node._boot()
            case _:
                raise AssertionError(words)
        return ""


def _environ(home: Path) -> dict[str, str]:
    """A person with a name; no settings of this machine's."""
    person = {"user.name": "Ada", "user.email": "ada@example.org"}
    found = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    found["GIT_CONFIG_COUNT"] = str(len(person))
    for number, (key, value) in enumerate(person.items()):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def cluster_of(files: Mapping[str, str], *, version: str = "0.15.5") -> MemoryCluster:
    """Nodes that have been up for a while; it is nine in the morning."""
    cluster = MemoryCluster({name: text.encode() for name, text in files.items()})
    for node in cluster.nodes.values():
        node.version = version
    cluster.sleep((TODAY - cluster.now()).total_seconds())
    return cluster
