"""The real command line on a cluster in a dict, struck at one of its acts."""

import errno
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import RLock
from typing import TypeVar

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import Argv
from stalplan.model.secrets import Secret, SecretRef, Unresolved
from stalplan.names import NodeName
from stalplan.store.runs import JournalFile
from stalplan.store.state import StateFile
from stalplan.transport.memory import MemoryCluster, MemoryTransport
from stalplan.transport.memory_node import MemoryNode

R = TypeVar("R")


class Killed(BaseException):
    """The controller's process is gone; only this test's frame goes on."""


class Kind(StrEnum):
    """What goes wrong at one act."""

    CUT = "cut"  # the line breaks, and can be opened again
    GONE = "gone"  # the node can't be reached until the command has ended
    KILLED = "killed"  # kill -9 of the controller
    FULL = "full"  # the controller's own disk takes no byte


LINE, DISK = (Kind.CUT, Kind.GONE), (Kind.FULL,)  # what can befall which


@dataclass(frozen=True, slots=True)
class Strike:
    """*kind* at act number *act*, before its effect or after."""

    kind: Kind
    act: int  # from 1
    after: bool

    def __str__(self) -> str:
        return f"{self.kind} {'after' if self.after else 'before'} act {self.act}"


@dataclass(slots=True)
class Acts:
    """Numbers the acts of one command: calls of nodes, records written here."""

    strike: Strike | None = None
    names: list[str] = field(default_factory=list)
    struck: bool = False
    lock: RLock = field(default_factory=RLock)

    def do(self, name: str, effect: Callable[[], R], *, node: bool) -> R:
        """One act; *node* tells a call over a line from a record on this disk."""
        with self.lock:
            self.names.append(name)
            strike = self.strike
            if self.struck and strike and strike.kind is Kind.KILLED:
                raise Killed
            if strike is None or strike.act != len(self.names):
                return effect()
            if strike.kind not in (Kind.KILLED, *(LINE if node else DISK)):
                return effect()
            self.struck = True
            if strike.after:
                effect()
            raise self._error(strike, name)

    @staticmethod
    def _error(strike: Strike, name: str) -> BaseException:
        match strike.kind:
            case Kind.KILLED:
                return Killed()
            case Kind.FULL:
                return OSError(errno.ENOSPC, "No space left on device", name)
            case _:
                return NodeUnreachable(f"{name}: the line was cut by the test.")


class StruckCluster(MemoryCluster):
    """A cluster in a dict whose calls are numbered together with the records here."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.acts = Acts()

    def call(self, node: MemoryNode, what: str, effect: Callable[[], R]) -> R:
        """One call over a line."""
        acts = self.acts

        def reached() -> R:
            if node.unreachable:
                raise NodeUnreachable(f"{node.name}: {node.unreachable}.")
            return effect()

        before = acts.struck
        try:
            return acts.do(f"{node.name} {what}", reached, node=True)
        finally:
            if not before and acts.struck and acts.strike is not None:
                gone = acts.strike.kind is Kind.GONE
                node.unreachable = "the line was cut by the test" if gone else ""


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

    def __str__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"


class Hooks:
    """Programs on the controller: remembers who was taken out and put back."""

    def __init__(self) -> None:
        self.out: set[NodeName] = set()

    def hook(self, argv: Argv, *, node: NodeName) -> None:
        """The first word tells which hook it is."""
        if argv[0] == "out":
            self.out.add(node)
        else:
            self.out.discard(node)

    def secret(self, ref: SecretRef) -> Secret | Unresolved:
        """There are none here."""
        raise NotImplementedError(ref)


@dataclass(slots=True)
class MemoryWorld:
    """A controller's folder, its commands, and the cluster that it knows."""

    folder: Path
    cluster: StruckCluster
    hooks: Hooks = field(default_factory=Hooks)

    @property
    def desired(self) -> Path:
        """stalplan.toml."""
        return self.folder / "stalplan.toml"

    def run(self, *argv: str, strike: Strike | None = None) -> Said:
        """Run one command line here, with *strike* somewhere in it."""
        self.cluster.acts = Acts(strike)
        out, err = io.StringIO(), io.StringIO()
        app = App(
            terminal=Terminal(out=out, err=err, inp=io.StringIO(), environ={}),
            environ={},
            clock=self.cluster,
            transport=lambda _: MemoryTransport(self.cluster),
            commands=lambda: self.hooks,
        )
        code: int | None
        try:
            code = main([*argv, "--file", str(self.desired)], app)
        except Killed:
            code = None
        return Said(code, out.getvalue(), err.getvalue())

    def acts_of(self, *argv: str) -> list[str]:
        """The names of all acts of a command that nothing strikes."""
        done = self.run(*argv)
        assert done.code in (0, 7), str(done)
        return list(self.cluster.acts.names)


def number_records(patch: pytest.MonkeyPatch, world: MemoryWorld) -> None:
    """Make every record of the journal and every save of the state an act."""
    write, save = JournalFile.write, StateFile.save

    def write_act(journal: JournalFile, event: str, **facts: object) -> None:
        name = f"journal {event} {facts.get('act', '')}".strip()
        world.cluster.acts.do(name, lambda: write(journal, event, **facts), node=False)

    def save_act(store: StateFile, state: object) -> object:
        return world.cluster.acts.do(
            "state save",
            lambda: save(store, state),  # type: ignore[arg-type] # what it was given
            node=False,
        )

    patch.setattr("stalplan.store.files.os.fsync", lambda _: None)  # no power is cut
    patch.setattr(JournalFile, "write", write_act)
    patch.setattr(StateFile, "save", save_act)
