"""The cluster's state file, `state/<cluster>.json`: read, checked, replaced whole."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

from stalplan.errors import StateUnusable
from stalplan.model.records import State
from stalplan.model.state_document import state_document, state_of
from stalplan.store.files import make_directory, write_atomic

FORMAT = 1


class StateFile:
    """State of one cluster on this machine's disk. Implements ports.StateStore."""

    def __init__(self, folder: Path, cluster: str) -> None:
        self._path = folder / f"{cluster}.json"
        self._cluster = cluster

    def load(self) -> State | None:
        """The state; None where there is no file yet. Never changes the file.

        Raises:
            StateUnusable: damaged, of a newer format, or another cluster's.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(f"it can't be read: {error}") from error
        try:
            tree = json.loads(text)
            version = tree["format_version"]
            if version != FORMAT:
                raise self._unusable(
                    f"it has format {version}; this stalplan knows {FORMAT}"
                )
            state = state_of(tree)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unusable("it is damaged") from error
        if state.cluster != self._cluster:
            raise self._unusable(f"it belongs to the cluster {state.cluster!r}")
        return state

    def save(self, state: State) -> State:
        """Write with the next serial; on return it survives a power cut."""
        written = replace(state, serial=state.serial + 1)
        make_directory(self._path.parent)
        text = json.dumps(
            {"format_version": FORMAT, **state_document(written)},
            indent=2,
            sort_keys=True,
        )
        write_atomic(self._path, f"{text}\n".encode())
        return written

    def _unusable(self, why: str) -> StateUnusable:
        return StateUnusable(
            f"{self._path}: {why}. It is left as it is.",
            hint=f"mv {self._path} {self._path}.kept  # stalplan works without it; "
            "causes and known restarts are lost",
        )


def fresh_state(cluster: str) -> State:
    """The state of a cluster nothing was recorded of yet."""
    return State(cluster=cluster, lineage=str(uuid.uuid4()), serial=0)
