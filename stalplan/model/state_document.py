"""The recorded state as plain data: for its file, and for snapshots."""

from datetime import datetime
from typing import Any

from stalplan.model.records import RecordedNode, State
from stalplan.names import Digest, NodeName


def state_document(state: State) -> dict[str, Any]:
    """The whole state, ready for JSON. Times keep their fractions."""
    return {
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


def state_of(tree: dict[str, Any]) -> State:
    """The state that *tree* is.

    Raises KeyError, TypeError, ValueError or AttributeError where it is none.
    """
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
