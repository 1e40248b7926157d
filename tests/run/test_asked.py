"""What is asked before a run, what a no does, and how failures are told as JSON."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from undo_world import Said, UndoWorld, config

APPLY = ("apply", "--auto-approve")
JSON = ("--format", "json")


def make(folder: Path) -> UndoWorld:
    """Two nodes; both are to get their names."""
    folder.mkdir()
    files = {f"mx{n}": config(n, f"old{n}") for n in (1, 2)}
    wishes = [f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2)]
    return UndoWorld(folder, files, wishes)


@pytest.fixture
def world(tmp_path: Path) -> UndoWorld:
    """A cluster with something to change."""
    return make(tmp_path / "cluster")


@pytest.fixture
def cut(tmp_path: Path, world: UndoWorld) -> UndoWorld:
    """The same, whose apply was killed when it had begun with one node."""
    twin = make(tmp_path / "twin")
    twin.run(*APPLY)
    commit = next(n for n, call in enumerate(twin.cluster.calls, 1) if "commit" in call)
    world.killed_at(commit, *APPLY, after=True)
    return world


def error_of(said: Said) -> Any:  # noqa: ANN401 - JSON
    """What the document says is wrong; its exit code is the command's."""
    document = json.loads(said.out)
    assert "1.0" == document["format_version"]
    assert isinstance(document["findings"], list)
    assert said.code == document["error"]["exit_code"]
    assert {"summary", "detail", "hint", "exit_code"} == set(document["error"])
    return document["error"]


def test_apply_asks_and_takes_a_no(world: UndoWorld) -> None:
    """The question comes after the plan; after a no every file is as it was."""
    said = world.run("apply", typed="no\n")

    assert (1, "Apply cancelled.") == (said.code, said.last)
    assert said.err.endswith(
        "Only 'yes' will be accepted to approve.\n\n  Enter a value: "
    )
    assert world.files == world.now()


def test_recover_asks_and_takes_a_no(cut: UndoWorld) -> None:
    """It names the run that it would end."""
    before = cut.now()

    said = cut.run("recover", typed="no\n")

    assert (1, "Recover cancelled.") == (said.code, said.last)
    assert "\nEnd run " in said.err
    assert before == cut.now()


def test_recover_asks_and_takes_a_yes(cut: UndoWorld) -> None:
    """Then it goes on to the end."""
    said = cut.run("recover", typed="yes\n")

    assert (0, "Recovered. Nodes: 2 finished, 0 undone, 0 unknown.") == (
        said.code,
        said.last,
    )


def test_what_was_ended_from_elsewhere_is_not_asked(cut: UndoWorld) -> None:
    """No node knows the run any more: only the journal here is left to be closed."""
    state = cut.folder / "state"
    state.rename(cut.folder / "aside")
    assert 0 == cut.run("recover", "--auto-approve").code
    shutil.rmtree(state)
    (cut.folder / "aside").rename(state)
    before = cut.now()

    said = cut.run("recover")

    assert (0, True) == (said.code, "No node knows it." in said.err)
    assert said.last.startswith("Recovered. Nodes: ")
    assert before == cut.now()
    assert "Nothing to recover." == cut.run("recover").last


def test_a_no_is_json_where_json_is_asked_for(cut: UndoWorld) -> None:
    """Stdout is one document, also when nobody approves."""
    assert (
        "Recover cancelled."
        == error_of(cut.run("recover", *JSON, typed="no\n"))["summary"]
    )


def test_apply_cancelled_is_json_where_json_is_asked_for(world: UndoWorld) -> None:
    """As for recover."""
    assert (
        "Apply cancelled." == error_of(world.run("apply", *JSON, typed="\n"))["summary"]
    )


def test_a_failed_apply_is_an_error_in_json(world: UndoWorld) -> None:
    """It says what the error block on stderr says, beside the nodes' ends."""
    for node in world.cluster.nodes.values():
        node.script.healthy = lambda data: b"old" in data

    said = world.run(*APPLY, *JSON)

    assert 7 == said.code
    error = error_of(said)
    assert said.err.endswith(
        f"Error: {error['summary']}\n\n{error['detail']}\n\nHint: {error['hint']}\n"
    )


def test_an_unfinished_recover_is_an_error_in_json(cut: UndoWorld) -> None:
    """A node that can't be asked stays unknown."""
    for node in cut.cluster.nodes.values():
        node.unreachable = "it burnt down"

    error = error_of(cut.run("recover", "--auto-approve", *JSON))

    assert 8 == error["exit_code"]


@pytest.mark.parametrize("command", ["plan", "status", "drift"])
def test_an_unreachable_node_is_an_error_in_json(
    world: UndoWorld, command: str
) -> None:
    """Beside what is known of the others."""
    world.cluster["mx2"].unreachable = "it burnt down"

    error = error_of(world.run(command, *JSON))

    assert (4, "Node unreachable") == (error["exit_code"], error["summary"])
    assert "mx2" in error["detail"]
