"""A state file that holds no state: said, kept aside, and done without."""

from pathlib import Path

import pytest
from undo_world import UndoWorld, config

DAMAGED = '{"format_version": 1, "cluster": "ma'


@pytest.fixture
def world(tmp_path: Path) -> UndoWorld:
    """One node whose id is to change, and half a state file."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "mail.json").write_text(DAMAGED)
    wish = 'id = 2\nhostname = "mx1.example.org"'
    return UndoWorld(tmp_path, {"mx1": config(1, "mx1")}, [wish])


def test_plan_warns_and_writes_nothing(world: UndoWorld) -> None:
    """A command that only looks goes on as if there were no state."""
    planned = world.run("plan")

    assert 0 == planned.code, planned.err
    assert "mail.json is damaged. It is left as it is." in planned.err
    assert ["mail.json"] == [p.name for p in (world.folder / "state").iterdir()]


def test_apply_keeps_it_aside(world: UndoWorld) -> None:
    """The new state never overwrites what may still be of use to somebody."""
    applied = world.run("apply", "--auto-approve")

    state = world.folder / "state"
    assert 0 == applied.code, applied.err
    assert f"was moved to {state}/mail.damaged-1.json" in applied.err
    assert DAMAGED == (state / "mail.damaged-1.json").read_text()
    assert '"mx1"' in (state / "mail.json").read_text()
    assert "Warning" not in world.run("plan").err


def test_a_newer_state_is_refused(world: UndoWorld) -> None:
    """What a newer stalplan wrote is neither passed over nor replaced."""
    path = world.folder / "state" / "mail.json"
    path.write_text('{"format_version": 2}')

    applied = world.run("apply", "--auto-approve")

    assert 1 == applied.code
    assert "Error: The state file can't be used" in applied.err
    assert '{"format_version": 2}' == path.read_text()
    assert [] == [call for call in world.cluster.calls if "stage" in call]
