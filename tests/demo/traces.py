"""What a demo could leave behind."""

import os
from contextlib import suppress
from pathlib import Path

from nodes.waiting import wait_until

from stalplan.demo.leftovers import MARK


def marked(folder: Path) -> list[str]:
    """Processes that bear the cluster's mark, as the kernel tells."""
    mark = f"{MARK}={folder}".encode()
    return [
        entry.name
        for entry in Path("/proc").glob("[0-9]*")
        if os.access(entry / "environ", os.R_OK)
        and mark in _environ(entry).split(b"\0")
    ]


def _environ(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def gone(folder: Path) -> bool:
    """Whether neither folder nor processes are left, after a minute at most."""
    with suppress(TimeoutError):
        return wait_until(lambda: not (folder.exists() or marked(folder)))
    return False
