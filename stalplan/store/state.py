"""The cluster's state file, `state/<cluster>.json`: read, checked, replaced whole."""

import itertools
import json
import uuid
from dataclasses import replace
from pathlib import Path

from stalplan.errors import StateDamaged, StateUnusable
from stalplan.model.records import State
from stalplan.model.state_document import state_document, state_of
from stalplan.store.files import make_directory, sync_directory, write_atomic

FORMAT = 1


class StateFile:
    """State of one cluster on this machine's disk. Implements ports.StateStore."""

    def __init__(self, folder: Path, cluster: str) -> None:
        self._path = folder / f"{cluster}.json"
        self._cluster = cluster

    def load(self) -> State | None:
        """The state; None where there is no file yet. Never changes the file.

        Raises:
            StateDamaged: it is no state; everything works without one.
            StateUnusable: unreadable, of a newer format, or another cluster's.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(f"it can't be read: {error.strerror}") from error
        try:
            tree = json.loads(data)
            version = tree["format_version"]
            if version != FORMAT:
                raise self._unusable(
                    f"it has format {version}; this stalplan knows {FORMAT}"
                )
            state = state_of(tree)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateDamaged(
                f"{self._path} is damaged. It is left as it is.",
                hint=f"ls -l {self._path}  # an older copy may be in your backups",
            ) from error
        if state.cluster != self._cluster:
            raise self._unusable(f"it belongs to the cluster {state.cluster!r}")
        return state

    def save(self, state: State) -> State:
        """Write with the next serial; on return it survives a power cut.

        Raises:
            StateUnusable: the file is no longer the one that *state* was read from.
                It stays as it is.
        """
        there = self.load()
        if there is not None and (
            there.lineage != state.lineage or there.serial != state.serial
        ):
            raise self._unusable(
                f"somebody wrote it meanwhile (serial {there.serial}, not "
                f"{state.serial})"
            )
        written = replace(state, serial=state.serial + 1)
        make_directory(self._path.parent)
        text = json.dumps(
            {"format_version": FORMAT, **state_document(written)},
            indent=2,
            sort_keys=True,
        )
        write_atomic(self._path, f"{text}\n".encode())
        return written

    def keep_aside(self) -> Path:
        """Give a damaged file another name beside its own; none is overwritten.

        Returns the new name. Raises OSError with the file as it was.
        """
        for number in itertools.count(1):
            aside = self._path.with_suffix(f".damaged-{number}.json")
            try:
                aside.hardlink_to(self._path)
            except FileExistsError:
                continue
            self._path.unlink()
            sync_directory(self._path.parent)
            return aside
        raise AssertionError("there is always another number")

    def _unusable(self, why: str) -> StateUnusable:
        return StateUnusable(
            f"{self._path}: {why}. It is left as it is.",
            hint=f"mv {self._path} {self._path}.kept  # stalplan works without it; "
            "causes and known restarts are lost",
        )


def fresh_state(cluster: str) -> State:
    """The state of a cluster nothing was recorded of yet."""
    return State(cluster=cluster, lineage=str(uuid.uuid4()), serial=0)
