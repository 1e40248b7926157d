"""What a run that ends half way says of the risk that stays."""

from pathlib import Path

import pytest
from undo_world import UndoWorld, config

APPLY = ("apply", "--auto-approve")
LASTS = "Until this is finished:\n"
ROLE = b'cluster.roles.purge.stores = ["1"]\n'


@pytest.fixture
def world(tmp_path: Path) -> UndoWorld:
    """mx2 is to take a role over from mx1, which ends it first."""
    files = {f"mx{n}": config(n, f"mx{n}") + ROLE for n in (1, 2)}
    wishes = [f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2)]
    return UndoWorld(tmp_path, files, wishes, '[roles]\n"purge.stores" = ["mx2"]\n')


def test_nothing_lasts_where_the_first_node_went_back(world: UndoWorld) -> None:
    """All is as it was: what the step would have risked never came about."""
    world.cluster["mx1"].script.healthy = lambda data: ROLE in data

    said = world.run(*APPLY)

    assert (7, "Apply failed. Nodes: 0 done, 1 restored, 1 untouched, 0 unknown.") == (
        said.code,
        said.last,
    )
    assert LASTS not in said.err


def test_what_an_earlier_step_left_lasts(world: UndoWorld) -> None:
    """mx1 has ended the role, and mx2 went back: nobody has it."""
    world.cluster["mx2"].script.healthy = lambda data: ROLE in data

    said = world.run(*APPLY)

    assert (7, "Apply failed. Nodes: 1 done, 1 restored, 0 untouched, 0 unknown.") == (
        said.code,
        said.last,
    )
    assert LASTS + "  purge.stores is not fully run" in said.err
