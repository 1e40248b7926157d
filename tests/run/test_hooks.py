"""Load-balancer hooks: whatever happens, no whole node stays out."""

import os
import sys
from pathlib import Path

from undo_world import UndoWorld, config

from stalplan.names import NodeName
from stalplan.transport.local import LocalCommands

WISHES = [f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2)]


def world_of(folder: Path, *, out: str = "true", back: str = "true") -> UndoWorld:
    """Two nodes that get names; each hook writes a line, then does *out* or *back*."""
    hooks = "".join(
        f'{name} = ["sh", "-c", "echo {word} $STALPLAN_NODE >>$0; {does}", '
        f'"{folder / "balancer"}"]\n'
        for name, word, does in (
            ("before_stop", "out", out),
            ("after_healthy", "in", back),
        )
    )
    files = {f"mx{n}": config(n, f"old{n}") for n in (1, 2)}
    return UndoWorld(folder, files, WISHES, f"[service]\n{hooks}")


def told(world: UndoWorld) -> list[str]:
    """What the load balancer was told, in order."""
    return (world.folder / "balancer").read_text().splitlines()


def test_a_hook_that_fails_is_taken_back(tmp_path: Path) -> None:
    """It may have taken the node out all the same: nothing is stopped, exit 7."""
    world = world_of(tmp_path, out="exit 3")

    done = world.run("apply", "--auto-approve")

    assert 7 == done.code, done.err
    assert ["out mx1", "in mx1"] == told(world)
    assert "mx1: sh ended with 3. Nothing was stopped there." in done.err
    assert "Apply failed. Nodes: 0 done, 0 restored, 2 untouched, 0 unknown." == (
        done.last
    )
    assert [] == world.commits()


def test_a_way_back_in_that_fails_ends_the_run(tmp_path: Path) -> None:
    """The node is done; the next is not taken out while this one is missing."""
    world = world_of(tmp_path, back="exit 4")

    done = world.run("apply", "--auto-approve")

    assert 7 == done.code, done.err
    assert ["out mx1", "in mx1"] == told(world)
    assert "\nmx1: sh ended with 4.\n" in done.err
    assert "Apply failed. Nodes: 1 done, 0 restored, 1 untouched, 0 unknown." == (
        done.last
    )


def test_both_are_told_where_a_restored_node_stays_out(tmp_path: Path) -> None:
    """That it went back to its old file does not hide that it gets no work."""
    world = world_of(tmp_path, back="exit 4")
    world.cluster["mx1"].script.healthy = lambda data: b"old" in data

    done = world.run("apply", "--auto-approve")

    assert 7 == done.code, done.err
    assert "\nmx1: restored. " in done.err
    assert "\nmx1: sh ended with 4.\n" in done.err


def test_a_restored_node_goes_back_in(tmp_path: Path) -> None:
    """It has its old file and its server, so it can serve."""
    world = world_of(tmp_path)
    new = world.files["mx1"].replace(b"old1", b"mx1")
    world.cluster["mx1"].script.healthy = lambda data: data != new

    done = world.run("apply", "--auto-approve")

    assert "Apply failed. Nodes: 0 done, 1 restored, 1 untouched, 0 unknown." == (
        done.last
    )
    assert ["out mx1", "in mx1"] == told(world)


def test_a_hook_is_out_of_reach_of_ctrl_c(tmp_path: Path) -> None:
    """A terminal's Ctrl-C goes to our group of processes, and a hook is not in it."""
    path = tmp_path / "group"
    program = f"import os; open({str(path)!r}, 'w').write(str(os.getpgrp()))"

    LocalCommands().hook((sys.executable, "-c", program), node=NodeName("mx1"))

    assert str(os.getpgrp()) != path.read_text()
