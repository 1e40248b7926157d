"""Back to the old files, on a cluster in a dict: every order, every cut."""

import itertools
from pathlib import Path

import pytest
from undo_world import MakeWorld, Said, UndoWorld, config

from stalplan.model.records import Verdict

BACK = ("recover", "--undo", "--auto-approve")
FORTH = ("recover", "--auto-approve")
APPLY = ("apply", "--auto-approve")
UNDONE = "Recovered. Nodes: 0 finished, 3 undone, 0 unknown."
SWAP = {
    "mx1": config(1, "old1"),
    "mx2": config(2, "old2"),
    "mx3": config(3, "old3"),
}
SWAPPED = {
    "mx1": config(2, "mx1"),
    "mx2": config(1, "mx2"),
    "mx3": config(3, "mx3"),
}
WISHES = [
    f'id = {number}\nhostname = "{name}.example.org"'
    for name, number in (("mx1", 2), ("mx2", 1), ("mx3", 3))
]


@pytest.fixture(autouse=True)
def no_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is flushed to this disk survives more than these tests ask for."""
    monkeypatch.setattr("stalplan.store.files.os.fsync", lambda _: None)


@pytest.fixture
def make_world(tmp_path: Path) -> MakeWorld:
    """Makes clusters whose nodes swap ids by way of a spare one, and all get names."""
    count = itertools.count()

    def make() -> UndoWorld:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return UndoWorld(folder, SWAP, WISHES)

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> UndoWorld:
    return make_world()


def middle_files(world: UndoWorld) -> set[bytes]:
    """What a node's file may hold on the way: its old one, new one, or spare id's."""
    return {*SWAP.values(), *SWAPPED.values(), *world.now().values()}


def test_undo_on_failure_goes_back_the_way_it_came(world: UndoWorld) -> None:
    """The last node fails: the others are undone in reverse, and no id is doubled."""
    calm = world.run("plan", "--format", "json")
    last = world.run(*APPLY)
    assert 0 == last.code, last.err
    order = world.commits()

    again = UndoWorld(world.folder, SWAP, WISHES)
    (world.folder / "state" / "mail.json").unlink()
    failing = again.cluster[order[-1]]
    failing.script.healthy = lambda data: data != SWAPPED[failing.name]
    done = again.run(*APPLY, "--undo-on-failure")

    assert '"mx1"' in calm.out
    assert (7, "Apply failed. Nodes: 0 done, 3 restored, 0 untouched, 0 unknown.") == (
        done.code,
        done.last,
    )
    assert [*order, *order[-2::-1]] == again.commits()
    assert SWAP == again.now()
    again.is_whole(SWAPPED)
    assert [] == again.doubled
    assert 1 == max(again.down)
    assert "Until this is finished" not in done.err
    assert "Nothing to recover." == again.run(*FORTH).last


def test_without_the_option_done_nodes_stay_done(world: UndoWorld) -> None:
    """Only the failing node goes back by itself, and what is at risk is told."""
    world.cluster["mx3"].script.healthy = lambda data: data != SWAPPED["mx3"]

    done = world.run(*APPLY)

    assert 7 == done.code
    assert SWAP["mx3"] == world.now()["mx3"]
    assert SWAP != world.now()


def test_an_unknown_node_ends_the_way_back(world: UndoWorld) -> None:
    """What a node runs whose verdict is failed is not known: nothing is taken back."""
    order = _order_of(world)
    world.cluster[order[-1]].script.healthy = lambda _: False

    done = world.run(*APPLY, "--undo-on-failure")

    assert 8 == done.code
    assert f"Nothing was taken back: what became of {order[-1]} is unknown." in done.err
    assert done.last.endswith("1 unknown.")


def _order_of(world: UndoWorld) -> list[str]:
    trial = UndoWorld(world.folder, SWAP, WISHES)
    trial.run(*APPLY)
    for path in sorted((world.folder / "state").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return trial.commits()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_undo_after_every_cut(make_world: MakeWorld, after: bool) -> None:
    """Wherever apply was killed: `recover --undo` leads back to the old files."""
    whole = make_world()
    whole.run(*APPLY)
    calls = len(whole.cluster.calls)
    assert calls > 30
    for call in range(1, calls + 1):
        world = make_world()
        world.killed_at(call, *APPLY, after=after)
        touched = {name for name in SWAP if _records(world, name)}

        back = world.run(*BACK)

        _is_back(world, back, call, knew_of_it=bool(touched))
        assert 0 == world.run(*APPLY).code
        assert SWAPPED == world.now()


def _records(world: UndoWorld, name: str) -> bool:
    return bool(world.cluster[name].report().transactions)


def _is_back(world: UndoWorld, said: Said, call: int, *, knew_of_it: bool) -> None:
    assert 0 == said.code, (call, said.err)
    assert [] == world.doubled, call
    if "the run had come to its end" in said.err:
        assert SWAPPED == world.now(), call
    elif knew_of_it:
        assert SWAP == world.now(), (call, said.err)
        assert said.last in (UNDONE, "Nothing to recover.") or " undone" in said.last
    else:  # it had not begun, or was cleaned up already
        assert world.now() in (SWAP, SWAPPED), call
    world.is_whole(SWAPPED)
    assert "Nothing to recover." == world.run(*FORTH).last


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_undo_that_is_cut_is_gone_to_its_end(
    make_world: MakeWorld, after: bool
) -> None:
    """Wherever the undo was killed: once a node went back, all go, told or not."""
    last_commit = _calls_until_last_commit(make_world())

    def half_done() -> UndoWorld:
        world = make_world()
        world.killed_at(last_commit, *APPLY, after=False)
        return world

    trial = half_done()
    assert 0 == trial.run(*BACK).code
    calls, first = (
        len(trial.cluster.calls),
        trial.cluster.calls.index(f"{trial.commits()[0]} commit"),
    )
    for call in range(1, calls + 1):
        world = half_done()
        world.killed_at(call, *BACK, after=after)

        ended = world.run(*FORTH)

        assert 0 == ended.code, (call, ended.err)
        if call > first + 1:
            assert SWAP == world.now(), (call, ended.err)
        assert [] == world.doubled
        world.is_whole(SWAPPED)
        assert "Nothing to recover." == world.run(*FORTH).last


def test_a_repair_is_not_undone(tmp_path: Path) -> None:
    """Back to two servers with one id would break a rule: nothing is taken back."""
    files = {name: config(n, name) for name, n in (("mx1", 1), ("mx2", 1), ("mx3", 9))}
    wishes = [f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2, 3)]
    world = UndoWorld(tmp_path, files, wishes)
    world.cluster["mx3"].script.healthy = lambda data: b"node-id = 3\n" not in data

    done = world.run(*APPLY, "--undo-on-failure")

    assert "Nothing was taken back: mx" in done.err
    assert "would get the id 1 back while another node has it." in done.err
    assert "Apply failed. Nodes: 1 done, 1 restored, 0 untouched, 0 unknown." == (
        done.last
    )
    assert 7 == done.code


def test_a_file_that_was_changed_since_is_left(world: UndoWorld) -> None:
    """An edit by hand after the step is nobody's to take back."""
    names = _calls_until_last_commit(world)
    world.killed_at(names, *APPLY, after=False)
    done = [n for n in SWAP if world.now()[n] == SWAPPED[n]]
    world.cluster[done[0]].write(world.now()[done[0]] + b"# by hand\n")

    back = world.run(*BACK)

    assert f"{done[0]}'s file was changed since; it is left as it is." in back.err
    assert world.now()[done[0]].endswith(b"# by hand\n")


def _calls_until_last_commit(world: UndoWorld) -> int:
    trial = UndoWorld(world.folder, SWAP, WISHES)
    trial.run(*APPLY)
    for path in sorted((world.folder / "state").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return max(i for i, name in enumerate(trial.cluster.calls, 1) if "commit" in name)


def test_a_node_without_its_old_file_is_not_undone(world: UndoWorld) -> None:
    """Undo restores bytes, checked by digest; without them nothing is touched."""
    world.killed_at(_calls_until_last_commit(world), *APPLY, after=False)
    for node in world.cluster.nodes.values():
        node.backups = [b"another file\n"]
    before = world.now()

    back = world.run(*BACK)

    assert "keeps no copy of sha256:" in back.err
    assert before == world.now()


def test_a_failed_node_is_closed_by_a_person(world: UndoWorld) -> None:
    """`--forget` shows both digests and lets the run end; nothing there is touched."""
    order = _order_of(world)
    failing = world.cluster[order[-1]]
    failing.script.healthy = lambda _: False
    assert 8 == world.run(*APPLY).code
    before = world.now()

    unknown = world.run(*FORTH)
    refused = world.run("recover", "--forget", order[0], "--auto-approve")
    asked = world.run("recover", "--forget", order[-1])
    record = failing.report().transactions[-1]
    closed = world.run("recover", "--forget", order[-1], "--auto-approve")

    assert (8, Verdict.FAILED) == (unknown.code, record.verdict)
    assert f"Hint: stalplan recover --forget {order[-1]}" in unknown.err
    assert (1, True) == (refused.code, "Error: Nothing to forget" in refused.err)
    assert 1 == asked.code
    assert f"Hint: stalplan recover --forget {order[-1]} --auto-approve" in asked.err
    assert all(digest in asked.err for digest in (record.base, record.result))
    assert (0, "Recovered. Nodes: 2 finished, 1 undone, 0 unknown.") == (
        closed.code,
        closed.last,
    )
    assert before == world.now()
    assert "Nothing to recover." == world.run(*FORTH).last


def test_a_node_that_is_gone_for_good_is_closed(world: UndoWorld) -> None:
    """It can't be asked: the journal here knows that it was given up."""
    world.killed_at(_calls_until_last_commit(world), *APPLY, after=False)
    world.cluster["mx3"].unreachable = "it burnt down"
    unknown = world.run(*FORTH)

    closed = world.run("recover", "--forget", "mx3", "--auto-approve")

    assert (8, True) == (unknown.code, unknown.last.endswith("1 unknown."))
    assert "mx3 can't be asked" in closed.err
    assert (0, True) == (closed.code, closed.last.endswith("0 unknown."))
    assert "Nothing to recover." == world.run(*FORTH).last
