"""Nothing of a demo cluster outlives it: `python -m stalplan.demo.leftovers FOLDER`.

This runs as a process of its own and waits for the end of its input, which is the
end of the demo, even if that was killed. Then it ends every process of the cluster
and removes the folder.
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
    """Kill what belongs to the cluster in *folder*, and wait until it is gone.

    Servers and transactions detach themselves from whatever started them.

    Raises:
        TimeoutError: after ten seconds some still live.
    """
    deadline = time.monotonic() + _GONE_SECONDS
    while marked := processes_of(folder):
        for pid in marked:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {marked} do not end")
        time.sleep(0.01)


def processes_of(folder: Path) -> list[int]:
    """The living processes of the cluster in *folder*, of this user.

    They have the mark in their environment; those that systemd started for an agent
    lost it, and are known by the script they run: below *folder*, a node's service
    or a transaction's.
    """
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            environ = (entry / "environ").read_bytes().split(b"\0")
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if mark in environ or any(_is_script(word, folder) for word in words[:2]):
                found.append(int(entry.name))
    return found


def _is_script(word: bytes, folder: Path) -> bool:
    below = word.startswith(f"{folder}/".encode())
    return below and word.endswith((b"/service", b"/stalwart", b"/script"))


def main(folder: Path) -> None:
    """Wait for the end of input; then leave nothing of *folder*."""
    sys.stdin.buffer.read()
    end_processes(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
