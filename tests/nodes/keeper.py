"""A shell script that keeps other processes and ends them when its input ends."""

import subprocess
from collections.abc import Sequence

_CLOSING = 120.0  # seconds; less than one is usual


class Keeper:
    """A running keeper script: one word in, one line out.

    Its input is a pipe from this process. However this process ends, by kill -9 too,
    the pipe closes and the script ends everything it started.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is not for the script
        )

    @property
    def pid(self) -> int:
        """The script's process id."""
        return self._process.pid

    def ask(self, command: str) -> str:
        """Send *command* and return the line that answers it."""
        self.send(command)
        return self.answer()

    def send(self, command: str) -> None:
        """Send *command* and leave its answer for later."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """The next line; RuntimeError when the script is gone."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended unasked")
        return line.strip()

    def close(self) -> None:
        """End the script and all that it keeps; more calls do nothing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_CLOSING)
        finally:
            self._process.stdout.close()
