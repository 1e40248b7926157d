"""Where each node stands: cells and sentences for people, JSON for programs."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from stalplan.errors import NodeUnreachable
from stalplan.planning.shown import visible
from stalplan.planning.status import ApiAnswer, NodeStatus, Running
from stalplan.stalwart.effective import Off, On, RoleState, Shard

if TYPE_CHECKING:
    from datetime import datetime

_FILE = {
    Running.AS_WRITTEN: "runs its file",
    Running.OTHERWISE: "runs other values",
    Running.UNKNOWN: "unknown: newer file",
    Running.STOPPED: "stopped",
}


def cells_of(status: NodeStatus) -> tuple[str, ...]:
    """The node's row: name, time, release, id, hostname, server, last apply."""
    applied = f"{status.applied_at:%Y-%m-%d %H:%M}" if status.applied_at else "-"
    took = f"{status.took.total_seconds() * 1000:.0f} ms" if status.took else "-"
    if status.error:
        return (status.name, took, status.version or "-", "-", "-", "not read", applied)
    return (
        status.name,
        took,
        status.version or "-",
        str(status.node_id),
        status.hostname or "(the machine's)",
        _FILE[status.running] if status.running else "-",
        applied,
    )


def notes_of(status: NodeStatus) -> list[str]:
    """Sentences about one node: its roles, and what is not as it should be."""
    if status.error:
        first = [f"! {status.name} was not read: {visible(status.error)}"]
    elif status.running is Running.STOPPED:
        first = [f"{status.name} is stopped; with its file: {roles_of_node(status)}"]
    else:
        first = [f"{status.name}: {roles_of_node(status)}"]
    lease = status.lease
    if lease is not None:
        until = "expired" if lease.expired else f"until {_time(lease.until)}"
        holder = visible(f"run {lease.run} of {lease.who}")
        first.append(f"! {status.name} is held by {holder}, {until}")
    if status.unfinished:
        runs = visible(", ".join(status.unfinished))
        first.append(f"! {status.name} has records of run {runs}: stalplan recover")
    return [*first, *_running_notes(status)]


def _running_notes(status: NodeStatus) -> list[str]:
    notes = []
    if status.running is Running.OTHERWISE:
        notes.append(
            f"! {status.name} does not run what its file says since "
            f"{_time(status.file_changed_at)}: it started {_time(status.started_at)}"
        )
    api = status.api
    if api is not None and api.problem:
        notes.append(f"! {visible(api.problem)}")
    elif api is not None and api.differs:
        keys = visible(", ".join(api.differs))
        notes.append(f"! {status.name} holds other settings than its file: {keys}")
    return notes


def roles_of_node(status: NodeStatus) -> str:
    """The roles that the node's process has; shards are counted from 1 for people."""
    states = status.roles
    off = [role for role, state in states.items() if isinstance(state, Off)]
    parts = [f"{role}{_shard(states[role])}" for role in states if role not in off]
    if not parts:
        return "no role"
    if not off and all(isinstance(state, On) for state in states.values()):
        return "every role"
    whole = all(not isinstance(state, Shard) for state in states.values())
    if whole and len(off) < len(parts):
        return f"every role but {', '.join(off)}"
    return ", ".join(parts)


def _shard(state: RoleState) -> str:
    match state:
        case Shard(index=index, of=of):
            return f" ({index + 1} of {of})"
        case On() | Off():
            return ""
        case _:
            assert_never(state)


def status_json(statuses: Sequence[NodeStatus], *, cluster: str) -> str:
    """The same as one document; shards count from 0, as everywhere in JSON."""
    document: dict[str, object] = {
        "format_version": "1.0",
        "cluster": cluster,
        "nodes": {status.name: _document(status) for status in statuses},
        "findings": [],
    }
    if lost := [f"{each.name}: {each.error}" for each in statuses if each.error]:
        document["error"] = NodeUnreachable("\n".join(lost)).document
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _document(status: NodeStatus) -> dict[str, object]:
    lease = status.lease
    return {
        "reached": status.took is not None,
        "error": status.error or None,
        "milliseconds": round(status.took.total_seconds() * 1000)
        if status.took
        else None,
        "server_version": status.version,
        "id": status.node_id,
        "hostname": status.hostname,
        "coordinator": status.coordinator,
        "roles": {role: _state(state) for role, state in status.roles.items()},
        "running": status.running,
        "started_at": _time_or_none(status.started_at),
        "file_changed_at": _time_or_none(status.file_changed_at),
        "api": None if status.api is None else _api(status.api),
        "lease": None
        if lease is None
        else {
            "run": lease.run,
            "who": lease.who,
            "until": _time_or_none(lease.until),
            "expired": lease.expired,
        },
        "unfinished": list(status.unfinished),
        "applied_at": _time_or_none(status.applied_at),
        "plan": status.plan,
    }


def _api(api: ApiAnswer) -> dict[str, object]:
    return {"differs": list(api.differs), "problem": api.problem or None}


def _state(state: RoleState) -> object:
    match state:
        case Shard(index=index, of=of):
            return {"shard": index, "of": of}
        case On():
            return "on"
        case Off():
            return "off"
        case _:
            assert_never(state)


def _time(moment: "datetime | None") -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "at an unknown time"


def _time_or_none(moment: "datetime | None") -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
