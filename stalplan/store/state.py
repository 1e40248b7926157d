"""The cluster's state file, `state/<cluster>.json`: read, checked, replaced whole."""

import json
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stalplan.errors import StateUnusable
from stalplan.model.records import RecordedNode, State
from stalplan.names import Digest, NodeName
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
            state = _state_of(tree)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unusable("it is damaged") from error
        if state.cluster != self._cluster:
            raise self._unusable(f"it belongs to the cluster {state.cluster!r}")
        return state

    def save(self, state: State) -> State:
        """Write with the next serial; on return it survives a power cut."""
        written = replace(state, serial=state.serial + 1)
        make_directory(self._path.parent)
        text = json.dumps(_tree_of(written), indent=2, sort_keys=True) + "\n"
        write_atomic(self._path, text.encode())
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


def _tree_of(state: State) -> dict[str, object]:
    return {
        "format_version": FORMAT,
        "cluster": state.cluster,
        "lineage": state.lineage,
        "serial": state.serial,
        "nodes": {name: _node_tree(node) for name, node in state.nodes.items()},
    }


def _node_tree(node: RecordedNode) -> dict[str, object]:
    return {
        "node_id": node.node_id,
        "hostname": node.hostname,
        "digest": node.digest,
        "values": node.values,
        "started_values": node.started_values,
        "started_at": _text_of(node.started_at),
        "plan": node.plan,
        "applied_at": _text_of(node.applied_at),
    }


def _state_of(tree: dict[str, Any]) -> State:
    return State(
        cluster=tree["cluster"],
        lineage=tree["lineage"],
        serial=int(tree["serial"]),
        nodes={NodeName(name): _node_of(node) for name, node in tree["nodes"].items()},
    )


def _node_of(tree: dict[str, Any]) -> RecordedNode:
    return RecordedNode(
        node_id=int(tree["node_id"]),
        hostname=tree["hostname"],
        digest=Digest(tree["digest"]),
        values=_values_of(tree["values"]) or {},
        started_values=_values_of(tree["started_values"]),
        started_at=_time_of(tree["started_at"]),
        plan=None if tree["plan"] is None else Digest(tree["plan"]),
        applied_at=_time_of(tree["applied_at"]),
    )


def _values_of(tree: dict[str, list[str]] | None) -> dict[str, tuple[str, ...]] | None:
    if tree is None:
        return None
    return {key: tuple(texts) for key, texts in tree.items()}


def _text_of(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _time_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
