"""Nothing of a demo cluster outlives it: `python -m stalplan.demo.leftovers FOLDER`.

This runs as a process of its own and waits for the end of its input, which is the
end of the demo, even if that was killed. Then it ends every process that bears the
cluster's mark and removes the folder.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# In the environment of every process of a cluster, whatever started it there.
MARK = "STALPLAN_DEMO"
_GONE_SECONDS = 10.0


@contextlib.contextmanager
def removed_at_the_end(folder: Path) -> Iterator[None]:
    """*folder* and the processes marked with it are gone when this is left.

    They also go, a moment later, when this process dies inside.

    Raises:
        OSError: something could not be removed; it is named on stderr.
    """
    package = Path(__file__).parent.parent.parent
    watcher = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", "stalplan.demo.leftovers", str(folder)],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(package)},
        start_new_session=True,  # Ctrl-C is for the demo alone
    )
    try:
        yield
    finally:
        watcher.communicate()
        if watcher.returncode != 0:
            raise OSError(f"{folder} could not be removed")


def end_processes(folder: Path) -> None:
    """Kill what bears the mark of *folder*, and wait until it is gone.

    Servers detach themselves from whatever started them, so nothing but their
    environment tells whose they are.

    Raises:
        TimeoutError: after ten seconds some still live.
    """
    deadline = time.monotonic() + _GONE_SECONDS
    while marked := _marked(folder):
        for pid in marked:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {marked} do not end")
        time.sleep(0.01)


def _marked(folder: Path) -> list[int]:
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def main(folder: Path) -> None:
    """Wait for the end of input; then leave nothing of *folder*."""
    sys.stdin.buffer.read()
    end_processes(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
