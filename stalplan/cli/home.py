"""What this machine keeps of one cluster: its state, its runs, and its lock."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from stalplan import __version__
from stalplan.cli.identity import who
from stalplan.names import RunId
from stalplan.ports import Clock
from stalplan.run.recording import NotRecorded, Recording
from stalplan.store.lock import local_lock
from stalplan.store.runs import RunFolder
from stalplan.store.state import StateFile

PAUSE = 0.2  # seconds between two looks at a lock that is held


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The state folder, as far as one cluster goes."""

    folder: Path
    cluster: str
    clock: Clock

    @property
    def states(self) -> StateFile:
        """What was last applied."""
        return StateFile(self.folder, self.cluster)

    @property
    def runs(self) -> RunFolder:
        """The runs that were begun here."""
        return RunFolder(self.folder, self.cluster)

    def journal(self, run: RunId, plan_json: str | None) -> Recording:
        """The run's journal, to go on writing, or a new one.

        Raises:
            NotRecorded: nothing can be written here.
        """
        try:
            if self.runs.records(run):
                return Recording(self.runs.reopen(run))
            return Recording(self.runs.begin(run, plan_json, who=who()))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise NotRecorded(
                f"{self.folder}: {why}. Nothing was begun.", hint=f"df -h {self.folder}"
            ) from error

    def lock(
        self, run: RunId, operation: str, timeout: float
    ) -> AbstractContextManager[None]:
        """One apply or recover at a time. Raises LockHeld after *timeout* seconds."""
        now = self.clock.now()
        info = {
            "ID": run,
            "Operation": operation,
            "Who": who(),
            "Version": __version__,
            "Created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }
        wait = self._until(timeout)
        return local_lock(self.folder, self.cluster, info, wait=wait)

    def _until(self, timeout: float) -> Callable[[], bool]:
        until = self.clock.now() + timedelta(seconds=timeout)

        def wait() -> bool:
            if self.clock.now() >= until:
                return False
            self.clock.sleep(PAUSE)
            return True

        return wait
