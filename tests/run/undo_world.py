"""The real command line on a cluster in a dict that watches its running ids."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.transport.memory import Fault, MemoryCluster, MemoryTransport


class Killed(BaseException):
    """The controller is gone; only the test's frame goes on."""


class Typed(io.StringIO):
    """What a person types at a terminal, or nobody there."""

    def __init__(self, typed: str | None) -> None:
        super().__init__(typed)
        self.person = typed is not None

    def isatty(self) -> bool:
        """Whether somebody can be asked."""
        return self.person


@dataclass(frozen=True, slots=True)
class Said:
    """One command line that has ended; *code* None where it was killed."""

    code: int | None
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]


@dataclass(slots=True)
class UndoWorld:
    """A folder with a desired file, and nodes named mx1, mx2, …"""

    folder: Path
    files: Mapping[str, bytes]
    nodes: Sequence[str]  # lines for each node of the desired file
    rest: str = ""
    cluster: MemoryCluster = field(init=False)
    doubled: list[str] = field(default_factory=list)  # moments with an id run twice
    down: list[int] = field(default_factory=list)  # how many, after each act

    def __post_init__(self) -> None:
        names = [f"mx{number}" for number in range(1, len(self.nodes) + 1)]
        text = 'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        for name, lines in zip(names, self.nodes, strict=True):
            text += f"[nodes.{name}]\n{lines}\n"
        (self.folder / "stalplan.toml").write_text(text + self.rest)
        self.cluster = MemoryCluster(self.files)
        for node in self.cluster.nodes.values():
            node.script.after_act = self._look

    def run(
        self, *argv: str, fault: Fault | None = None, typed: str | None = None
    ) -> Said:
        """Run one command line; *fault* counts its own calls.

        *typed* is what a person at a terminal answers; None: nobody is there.
        """
        self.cluster.calls.clear()
        self.cluster.fault = fault
        out, err = io.StringIO(), io.StringIO()
        app = App(
            terminal=Terminal(out=out, err=err, inp=Typed(typed), environ={}),
            environ={},
            clock=self.cluster,
            transport=lambda _: MemoryTransport(self.cluster),
        )
        code: int | None
        try:
            code = main([*argv, "--file", str(self.folder / "stalplan.toml")], app)
        except Killed:
            code = None
        self.cluster.fault = None
        return Said(code, out.getvalue(), err.getvalue())

    def killed_at(self, call: int, *argv: str, after: bool) -> Said:
        """Run one command line; at its call number *call* it is killed."""
        fault = Fault(call=call, after_effect=after, lasts=True, error=Killed)
        return self.run(*argv, fault=fault)

    def now(self) -> dict[str, bytes]:
        """Every node's file."""
        return {name: node.data for name, node in self.cluster.nodes.items()}

    def commits(self) -> list[str]:
        """Which nodes the last command stopped, in this order."""
        return [call.split()[0] for call in self.cluster.calls if "commit" in call]

    def is_whole(self, goals: Mapping[str, bytes]) -> None:
        """Old file or new, its server runs with it, nothing is left anywhere."""
        for name, node in self.cluster.nodes.items():
            assert node.data in (self.files[name], goals[name]), name
            assert node.running, name
            assert node.started_data == node.data, name
            assert () == node.report().transactions, name
            assert node.lease is None, name

    def _look(self, act: str) -> None:
        nodes = self.cluster.nodes.values()
        ids = [_id(node.started_data) for node in nodes if node.running]
        self.down.append(sum(not node.running for node in nodes))
        if len(set(ids)) < len(ids):
            self.doubled.append(act)


def _id(data: bytes) -> int:
    found = re.search(rb"node-id = (\d+)", data)
    assert found is not None
    return int(found[1])


def config(number: int, name: str) -> bytes:
    """A file with an id, a name, and a secret."""
    text = f'cluster.node-id = {number}\nserver.hostname = "{name}.example.org"\n'
    return f'{text}store.db.password = "CANARY"\n'.encode()


MakeWorld = Callable[[], UndoWorld]
