"""Between two steps a run waits, and can be stopped while it does."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from undo_world import UndoWorld, config

from stalplan.names import NodeName
from stalplan.run.settling import settle

WISHES = [f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2, 3)]
WAITING = "Waiting 60 s before the next step (apply.settle)."


def world_of(folder: Path) -> UndoWorld:
    """Three nodes that get names, a minute apart."""
    folder.mkdir(exist_ok=True)
    files = {f"mx{n}": config(n, f"old{n}") for n in (1, 2, 3)}
    return UndoWorld(folder, files, WISHES, '[apply]\nsettle = "60s"\n')


def spent(world: UndoWorld, *argv: str) -> tuple[float, str]:
    """Whole minutes that a command took by the cluster's clock, and what it said."""
    before = world.cluster.now()
    done = world.run(*argv)
    return (world.cluster.now() - before) // timedelta(minutes=1), done.err


def test_each_node_has_time_to_settle(tmp_path: Path) -> None:
    """Twice between three nodes, and not after the last."""
    world = world_of(tmp_path)

    minutes, said = spent(world, "apply", "--auto-approve")

    assert 2 == minutes
    assert 2 == said.count(WAITING)


@pytest.mark.parametrize(
    ("options", "waits"), [((), 0), (("--undo",), 1)], ids=["forward", "back"]
)
def test_recover_lets_them_settle_too(
    tmp_path: Path, options: tuple[str, ...], waits: int
) -> None:
    """Killed before the third node: two are taken back, or one is left to do."""
    whole, world = (world_of(folder) for folder in (tmp_path / "a", tmp_path / "b"))
    whole.run("apply", "--auto-approve")
    calls = whole.cluster.calls
    third = [at for at, call in enumerate(calls, start=1) if "commit" in call][2]
    world.killed_at(third, "apply", "--auto-approve", after=False)

    minutes, said = spent(world, "recover", "--auto-approve", *options)

    assert waits == minutes, said
    assert waits == said.count(WAITING)


@dataclass
class Waiting:
    """A clock and a reporter; a stop is asked for at the tenth look."""

    spent: float = 0.0
    looks: int = 0
    said: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """Any time."""
        return datetime(2026, 11, 24, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Count it."""
        self.spent += seconds

    def stop_asked(self) -> bool:
        """Whether it is the tenth look or a later one."""
        self.looks += 1
        return self.looks >= 10

    def note(self, text: str) -> None:
        """Keep it."""
        self.said.append(text)

    def node(self, node: NodeName, text: str) -> None:
        """Keep it."""
        self.said.append(f"{node}: {text}")


def test_a_stop_ends_the_wait() -> None:
    """Ctrl-C in a wait of an hour: no node is in hand, so it is over at once."""
    waiting = Waiting()

    settle(3600, clock=waiting, reporter=waiting, stop_asked=waiting.stop_asked)

    assert waiting.spent < 10
    assert ["Waiting 3600 s before the next step (apply.settle)."] == waiting.said
