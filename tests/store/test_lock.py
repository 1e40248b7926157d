from pathlib import Path

import pytest

from stalplan.errors import LockHeld, StateFolderUnusable
from stalplan.store.lock import local_lock, remove_lock

INFO = {
    "ID": "run-1",
    "Operation": "apply",
    "Who": "ops@mail",
    "Version": "1",
    "Created": "now",
}


def test_a_held_lock_names_its_holder(tmp_path: Path) -> None:
    """Whoever finds it held reads the run, the operation and the person."""
    with (
        local_lock(tmp_path, "mail", INFO, wait=lambda: False),
        pytest.raises(LockHeld) as error,
        local_lock(tmp_path, "mail", INFO, wait=lambda: False),
    ):
        pass

    for text in ("run-1", "apply", "ops@mail"):
        assert text in error.value.detail


def test_a_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    """Leaving the block frees it, also by an error."""
    with (
        pytest.raises(ValueError, match="inside"),
        local_lock(tmp_path, "mail", INFO, wait=lambda: False),
    ):
        raise ValueError("inside")
    with local_lock(tmp_path, "mail", INFO, wait=lambda: False) as held:
        assert held is None


def test_waiting_ends_when_told(tmp_path: Path) -> None:
    """Each time the lock is found taken, the caller decides whether to try again."""
    answers = iter([True, True, False])
    with (
        local_lock(tmp_path, "mail", INFO, wait=lambda: False),
        pytest.raises(LockHeld),
        local_lock(tmp_path, "mail", INFO, wait=lambda: next(answers)),
    ):
        pass

    assert [] == list(answers)


def test_two_clusters_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """The lock is the cluster's."""
    with (
        local_lock(tmp_path, "mail", INFO, wait=lambda: False),
        local_lock(tmp_path, "other", INFO, wait=lambda: False),
    ):
        assert {"mail.lock", "other.lock"} == {p.name for p in tmp_path.iterdir()}


def test_a_lock_left_behind_can_be_removed_by_its_id(tmp_path: Path) -> None:
    """A process that died leaves the file; its id, and no other, removes it."""
    (tmp_path / "mail.lock").write_text('{"ID": "run-1"}\n')

    assert remove_lock(tmp_path, "mail", "run-2") is False
    assert remove_lock(tmp_path, "mail", "run-1") is True
    assert remove_lock(tmp_path, "mail", "run-1") is False


def test_the_lock_of_a_living_run_stays(tmp_path: Path) -> None:
    """Nobody can take a lock away from a process that lives."""
    with (
        local_lock(tmp_path, "mail", INFO, wait=lambda: False),
        pytest.raises(LockHeld, match="held"),
    ):
        remove_lock(tmp_path, "mail", "run-1")


def test_a_disk_that_takes_no_lock(tmp_path: Path) -> None:
    """No folder at all: said with the reason, and the block is not entered."""
    file = tmp_path / "file"
    file.write_text("")
    reasons = []
    for folder in (file, file / "below"):
        with (
            pytest.raises(StateFolderUnusable) as error,
            local_lock(folder, "mail", INFO, wait=lambda: False),
        ):
            reasons.append("entered")
        reasons.append(error.value.detail.rpartition(": ")[2])

    assert ["File exists. Nothing was begun."] * 2 == reasons
    with pytest.raises(StateFolderUnusable):
        remove_lock(file, "mail", "run-1")
