"""Nodes that may be down at once are taken down at once, however many they are."""

import threading
from pathlib import Path

import pytest
from undo_world import UndoWorld, config

from stalplan.model.inventory import Node
from stalplan.ports import CommitOrder
from stalplan.run.steps import NodeOutcome, StepRunner

_NODES = 40  # more than are worked on at once elsewhere
_PATIENCE = 30.0  # seconds, after which one that waits for the others gives up


def test_a_step_runs_on_all_its_nodes_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each begins only when all are there: one place too few and none would."""
    all_there = threading.Barrier(_NODES, timeout=_PATIENCE)
    carry_out = StepRunner.carry_out

    def meeting(self: StepRunner, node: Node, order: CommitOrder) -> NodeOutcome:
        all_there.wait()
        return carry_out(self, node, order)

    monkeypatch.setattr(StepRunner, "carry_out", meeting)
    numbers = range(1, _NODES + 1)
    world = UndoWorld(
        tmp_path,
        {f"mx{n}": config(n, f"old{n}") for n in numbers},
        [f'id = {n}\nhostname = "mx{n}.example.org"' for n in numbers],
        f"[apply]\nmax_unavailable = {_NODES}\n",
    )

    said = world.run("apply", "--auto-approve")

    assert 0 == said.code, said.err
    assert f"Nodes restarted: {_NODES}." in said.last
