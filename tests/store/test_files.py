import os
import threading
from pathlib import Path

import pytest

from stalplan.store.files import (
    append_line,
    make_directory,
    write_atomic,
    write_result,
)


def test_a_written_file_has_its_bytes_and_mode(tmp_path: Path) -> None:
    """The new bytes are there, for the owner alone unless told otherwise."""
    write_atomic(tmp_path / "a", b"new")

    assert b"new" == (tmp_path / "a").read_bytes()
    assert 0o600 == (tmp_path / "a").stat().st_mode & 0o777


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens before the rename, the old file stays and nothing is left."""
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")

    assert b"old" == path.read_bytes()
    assert ["a"] == [each.name for each in tmp_path.iterdir()]


def test_a_result_goes_into_a_pipe(tmp_path: Path) -> None:
    """What is no file stays what it is, and gets the bytes."""
    pipe, told = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: told.append(pipe.read_bytes()))
    reader.start()
    write_result(pipe, b"new")
    reader.join()

    assert [b"new"] == told
    assert pipe.is_fifo()


def test_a_result_goes_into_a_device(tmp_path: Path) -> None:
    """A link to a device stays one; the device is not replaced, root or not."""
    (tmp_path / "null").symlink_to("/dev/null")
    write_result(tmp_path / "null", b"new")

    assert (tmp_path / "null").is_char_device()
    assert ["null"] == [each.name for each in tmp_path.iterdir()]


def test_a_result_never_follows_a_link_to_a_file(tmp_path: Path) -> None:
    """Who may plant a link in a shared folder can't say which file is replaced."""
    (tmp_path / "theirs").write_bytes(b"kept")
    (tmp_path / "link").symlink_to("theirs")
    write_result(tmp_path / "link", b"new")

    assert b"kept" == (tmp_path / "theirs").read_bytes()
    assert b"new" == (tmp_path / "link").read_bytes()
    assert 0o644 == (tmp_path / "link").lstat().st_mode & 0o777


def test_appending_keeps_what_was_there(tmp_path: Path) -> None:
    """Lines follow one another."""
    append_line(tmp_path / "log", b"one")
    append_line(tmp_path / "log", b"two")

    assert b"one\ntwo\n" == (tmp_path / "log").read_bytes()


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    """What comes after a line without its end is not joined to it."""
    (tmp_path / "log").write_bytes(b"one\ntor")
    append_line(tmp_path / "log", b"two")

    assert b"one\ntor\ntwo\n" == (tmp_path / "log").read_bytes()


def test_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    """Every folder on the way is created with mode 0700."""
    make_directory(tmp_path / "a" / "b")

    assert 0o700 == (tmp_path / "a").stat().st_mode & 0o777
    assert 0o700 == (tmp_path / "a" / "b").stat().st_mode & 0o777
