"""What a demo could leave behind."""

import os
import time
from pathlib import Path

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
    """Whether neither folder nor processes are left, after ten seconds at most."""
    deadline = time.monotonic() + 10
    while folder.exists() or marked(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
