"""The local folder of runs: `state/runs/<run>/plan.json` and `journal.jsonl`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from stalplan.names import RunId
from stalplan.store.files import append_line, make_directory, write_atomic

END = "run-ended"  # a journal without it belongs to a run that was cut


class JournalFile:
    """One run's journal; every record is on disk before the act it announces."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, event: str, **facts: object) -> None:
        """Append one record with the time, flushed."""
        record = {"at": datetime.now(UTC).isoformat(), "event": event, **facts}
        append_line(self._path, json.dumps(record, sort_keys=True).encode())


class RunFolder:
    """All runs of one cluster known on this machine. Implements ports.RunStore."""

    def __init__(self, folder: Path, cluster: str) -> None:
        self._folder = folder / "runs"
        self._cluster = cluster

    def begin(self, run: RunId, plan_json: str | None, *, who: str) -> JournalFile:
        """A new run's folder with its plan; the journal says that *who* began it.

        A run that began on another machine has no plan here.
        """
        home = self._folder / run
        make_directory(home)
        if plan_json is not None:
            write_atomic(home / "plan.json", plan_json.encode())
        journal = self.reopen(run)
        journal.write("run-begun", run=run, cluster=self._cluster, who=who)
        return journal

    def reopen(self, run: RunId) -> JournalFile:
        """The journal of a run, to go on writing."""
        return JournalFile(self._folder / run / "journal.jsonl")

    def runs(self) -> list[RunId]:
        """All runs of this cluster, oldest first."""
        if not self._folder.is_dir():
            return []
        names = sorted(path.name for path in self._folder.iterdir() if path.is_dir())
        runs = [RunId(name) for name in names]
        return [run for run in runs if self._belongs(run)]

    def unfinished(self) -> tuple[RunId, ...]:
        """Runs of this cluster whose journal has no end, oldest first."""
        return tuple(run for run in self.runs() if self._is_open(run))

    def records(self, run: RunId) -> tuple[Mapping[str, object], ...]:
        """All records of one run; a line that was cut off is left out."""
        try:
            lines = (self._folder / run / "journal.jsonl").read_bytes().split(b"\n")
        except FileNotFoundError:
            return ()
        return tuple(record for line in lines if (record := _record(line)) is not None)

    def plan_json(self, run: RunId) -> str | None:
        """The run's plan as it was, or None where it is gone."""
        try:
            return (self._folder / run / "plan.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def prune(self, keep: int) -> None:
        """Forget all but the newest *keep* runs; an unfinished run always stays."""
        closed = [run for run in self.runs() if not self._is_open(run)]
        for run in closed[: max(0, len(closed) - keep)]:
            for path in sorted((self._folder / run).iterdir()):
                path.unlink()
            (self._folder / run).rmdir()

    def _belongs(self, run: RunId) -> bool:
        records = self.records(run)
        return bool(records) and records[0].get("cluster") == self._cluster

    def _is_open(self, run: RunId) -> bool:
        return not any(record["event"] == END for record in self.records(run))


def _record(line: bytes) -> Mapping[str, object] | None:
    try:
        record = json.loads(line)
    except ValueError:  # empty, or torn by a power cut
        return None
    return record if isinstance(record, dict) else None
