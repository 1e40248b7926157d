"""Before the first stop each node tries the coordinator that it will need."""

from pathlib import Path

import pytest
from undo_world import UndoWorld, config

NATS = 'store.c.type = "nats"\nstore.c.address = "nats://u:CANARY@10.0.0.9"\n'
REDIS = 'store.c.type = "redis"\nstore.c.urls = "redis://:CANARY@10.0.0.9"\n'
THERE = frozenset({"10.0.0.9:4222", "10.0.0.9:6379"})
WISHES = [f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2)]


def world_of(folder: Path, more: str, *, coordinated: bool) -> UndoWorld:
    """Two nodes that get names, and the coordinator unless they have it."""
    files = {
        f"mx{n}": config(n, f"old{n}")
        + more.encode()
        + (b'cluster.coordinator = "c"\n' if coordinated else b"")
        for n in (1, 2)
    }
    world = UndoWorld(folder, files, WISHES)
    desired = folder / "stalplan.toml"
    lines = 'release = "0.15"\ncoordinator = "c"\n'
    desired.write_text(desired.read_text().replace('release = "0.15"\n', lines))
    return world


@pytest.mark.parametrize(
    ("more", "coordinated"),
    [(NATS, False), (REDIS, False), (NATS, True)],
    ids=["new nats", "new redis", "nats as before"],
)
def test_nothing_is_stopped_where_it_is_out_of_reach(
    tmp_path: Path, more: str, coordinated: bool
) -> None:
    """New to the node, or needed at the very start: exit 7 with all untouched."""
    world = world_of(tmp_path, more, coordinated=coordinated)
    world.cluster["mx2"].out_of_reach = THERE

    done = world.run("apply", "--auto-approve")

    assert 7 == done.code, done.err
    assert "mx2 can't reach the coordinator c. Nothing was stopped" in done.err
    assert "10.0.0.9" not in done.err + done.out
    assert "Apply failed. Nodes: 0 done, 0 restored, 2 untouched, 0 unknown." == (
        done.last
    )
    assert world.files == world.now()
    assert [] == world.commits()
    assert "CANARY" not in done.out + done.err
    assert "Nothing to recover." == world.run("recover", "--auto-approve").last


def test_one_that_was_out_of_reach_before_is_told(tmp_path: Path) -> None:
    """A redis that the node has already: it is a note, and the run goes on."""
    world = world_of(tmp_path, REDIS, coordinated=True)
    world.cluster["mx2"].out_of_reach = THERE

    done = world.run("apply", "--auto-approve")

    assert 0 == done.code, done.err
    assert "mx2 can't reach the coordinator c. That is so" in done.err


def test_what_was_not_tried_is_said(tmp_path: Path) -> None:
    """An address that only the node knows."""
    macro = 'store.c.type = "redis"\nstore.c.urls = "%{env:REDIS}%"\n'
    world = world_of(tmp_path, macro, coordinated=False)

    done = world.run("apply", "--auto-approve")

    said = "mx1: not tried whether it reaches the coordinator c: its address is a macro"
    assert 0 == done.code, done.err
    assert said in done.err
