"""One apply at a time on this machine: a lock that a dead process can't hold."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from stalplan.errors import LockHeld, StateFolderUnusable
from stalplan.store.files import make_directory


@contextmanager
def local_lock(
    folder: Path,
    cluster: str,
    info: dict[str, str],
    *,
    wait: Callable[[], bool],
) -> Iterator[None]:
    """Hold the cluster's lock on this machine while the block runs.

    The kernel frees it when this process ends, however it ends. *info* (ID,
    Operation, Who, Version, Created) tells others who holds it. *wait* is asked
    each time the lock is found taken: True to try again.

    Raises:
        LockHeld: somebody else holds it; nothing was changed.
        StateFolderUnusable: no lock can be written there.
    """
    with _unusable(folder):
        make_directory(folder)
        opened = (folder / f"{cluster}.lock").open("a+b", buffering=0)
    with opened as file:
        while not _taken(file):
            if not wait():
                raise LockHeld(
                    f"{file.name} is held.\n\n{_describe(file)}",
                    hint="stalplan apply --lock-timeout 5m",
                )
        with _unusable(folder):
            file.truncate(0)
            file.write(json.dumps(info, sort_keys=True).encode() + b"\n")
        try:
            yield
        finally:
            with suppress(OSError):  # who holds it no longer matters
                file.truncate(0)


@contextmanager
def _unusable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StateFolderUnusable(
            f"{error.filename or folder}: {why}. Nothing was begun.",
            hint=f"ls -ld {folder}; df -h {folder}",
        ) from error


def remove_lock(folder: Path, cluster: str, lock_id: str) -> bool:
    """Forget a lock that *lock_id* left behind; False where there is none.

    A lock that a living process holds stays: its end frees it, and nothing else can.

    Raises:
        LockHeld: the process that holds it lives.
        StateFolderUnusable: the lock can't be looked at, or not be written.
    """
    with _unusable(folder):
        return _removed(folder, cluster, lock_id)


def _removed(folder: Path, cluster: str, lock_id: str) -> bool:
    try:
        with (folder / f"{cluster}.lock").open("r+b") as file:
            if _info(file).get("ID") != lock_id:
                return False
            if not _taken(file):
                raise LockHeld(f"{file.name} is held.\n\n{_describe(file)}")
            file.truncate(0)
            return True
    except FileNotFoundError:
        return False


def _taken(file: IO[bytes]) -> bool:
    with _unusable(Path(file.name).parent):  # a disk on a network may know no locks
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _describe(file: IO[bytes]) -> str:
    """Terraform's block of what is known about the holder."""
    info = _info(file)
    if not info:  # the holder has not written it yet
        return "Lock Info: not written yet"
    lines = [f"  {name + ':':<11}{info.get(name, '')}" for name in INFO_FIELDS]
    return "\n".join(["Lock Info:", *lines])


def _info(file: IO[bytes]) -> dict[str, str]:
    file.seek(0, os.SEEK_SET)
    try:
        info = json.loads(file.read())
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}


INFO_FIELDS = ("ID", "Operation", "Who", "Version", "Created")
