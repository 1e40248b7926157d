"""Snapshot -> JSON -> Snapshot. Nothing of a snapshot is believed unchecked."""

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from stalplan.errors import SnapshotUnusable
from stalplan.model.live import (
    Copied,
    NodeFile,
    NodeReport,
    Refusal,
    Seen,
    Service,
    Unreachable,
)
from stalplan.model.state_document import state_document, state_of
from stalplan.names import NodeName
from stalplan.planning.documents import Document, rfc3339
from stalplan.planning.snapshot import Machine, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 1
MOST_LINES: Final = 1 << 21  # of a file of 1 MiB, with some to spare
_FIELDS: Final = (
    *(
        "host_key",
        "other_names",
        "file_problem",
        "unreadable_by_service",
        "service_problem",
    ),
    *("server_version", "replace_problem", "lease_problem"),
)


def snapshot_to_json(snapshot: Snapshot, *, stalplan: str) -> str:
    """The file that `stalplan snapshot` writes, by *stalplan*, a version."""
    state = snapshot.state
    body: Document = {
        "format_version": FORMAT,
        "stalplan": stalplan,
        "cluster": snapshot.cluster,
        "taken": rfc3339(snapshot.taken),
        "machines": {
            name: {
                "address": machine.address,
                "port": machine.port,
                "jump": machine.jump,
                "manager": machine.manager,
                "unit": machine.unit,
                "config": machine.config,
            }
            for name, machine in snapshot.machines.items()
        },
        "nodes": {seen.node: _node(seen) for seen in snapshot.seen},
        "state": None if state is None else state_document(state),
    }
    whole = {**body, "checksum": _checksum(body)}
    return json.dumps(whole, indent=2, sort_keys=True) + "\n"


def snapshot_from_json(text: str, *, file: str, cluster: str) -> Snapshot:
    """The snapshot of *cluster* that *text* holds.

    Raises:
        SnapshotUnusable: with *file* and what is wrong: damaged, of another format,
            or of another cluster.
    """
    hint = f"stalplan snapshot --out {file}"
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict) or "machines" not in tree:
        raise SnapshotUnusable(
            f"{file} is no snapshot.", hint="stalplan snapshot --out new.json"
        )
    version = tree.get("format_version")
    if version != FORMAT:
        raise SnapshotUnusable(
            f"{file} has format {version!s:.20}; this stalplan reads {FORMAT}. Use the "
            "stalplan that made it, or make a new one.",
            hint=hint,
        )
    body = {key: value for key, value in tree.items() if key != "checksum"}
    if tree.get("checksum") != _checksum(body):
        raise SnapshotUnusable(
            f"{file} is damaged: it is not as it was when it was made.", hint=hint
        )
    if tree.get("cluster") != cluster:
        raise SnapshotUnusable(
            f"{file} is of the cluster {tree.get('cluster')!s:.64}; the desired file "
            f"is of {cluster}.",
            hint=hint,
        )
    try:
        return _snapshot(tree)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SnapshotUnusable(
            f"{file} is damaged: parts of it are missing or of another kind.", hint=hint
        ) from None


def _checksum(body: "Mapping[str, Any]") -> str:
    """Tells a damaged snapshot; it is no proof of who made it."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _node(seen: Seen) -> Document:
    if isinstance(seen, Unreachable):
        told = {"summary": seen.summary, "detail": seen.detail, "hint": seen.hint}
        return {"unreachable": told}
    return {
        **{name: getattr(seen, name) for name in _FIELDS},
        "read_at": _time(seen.read_at),
        "file": None if seen.file is None else _file(seen.file),
        "service": None if seen.service is None else _service(seen.service),
        "unmade_probes": [list(probe) for probe in seen.unmade_probes],
        "environment": seen.environment,
        "unit_environment": seen.unit_environment,
        "backup_before_start": _lines(seen.backup_before_start),
    }


def _file(file: NodeFile) -> Document:
    refusal = file.refusal
    return {
        "path": file.path,
        "real_path": file.real_path,
        "size": file.size,
        "changed_at": _time(file.changed_at),
        "too_large": file.too_large,
        "refusal": None
        if refusal is None
        else {
            "message": refusal.message,
            "line": refusal.line,
            "not_utf8": refusal.not_utf8,
        },
        "lines": _lines(file.data),
        "copied": None if file.copied is None else {"not_toml": file.copied.not_toml},
    }


def _service(service: Service) -> Document:
    started = service.started_at
    return {
        "running": service.running,
        "started_at": None if started is None else _time(started),
    }


def _lines(data: bytes | None) -> Document | None:
    """By number, the lines that are not blank; the last number tells how many."""
    if data is None:
        return None
    lines = data.decode().split("\n")
    return {
        "count": len(lines),
        **{str(number): line for number, line in enumerate(lines, 1) if line},
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _snapshot(tree: Document) -> Snapshot:
    state = tree["state"]
    return Snapshot(
        cluster=tree["cluster"],
        taken=datetime.fromisoformat(tree["taken"]).astimezone(UTC),
        machines={NodeName(name): Machine(**m) for name, m in tree["machines"].items()},
        seen=tuple(_seen(NodeName(name), node) for name, node in tree["nodes"].items()),
        state=None if state is None else state_of(state),
    )


def _seen(name: NodeName, tree: Document) -> Seen:
    if "unreachable" in tree:
        return Unreachable(node=name, **tree["unreachable"])
    return NodeReport(
        node=name,
        read_at=datetime.fromisoformat(tree["read_at"]),
        file=None if tree["file"] is None else _file_of(tree["file"]),
        service=None if tree["service"] is None else _service_of(tree["service"]),
        unmade_probes=tuple((probe, shows) for probe, shows in tree["unmade_probes"]),
        environment=dict(tree["environment"]),
        unit_environment=dict(tree["unit_environment"]),
        backup_before_start=_data_of(tree["backup_before_start"]),
        **{name: tree[name] for name in _FIELDS},
    )


def _file_of(tree: Document) -> NodeFile:
    refusal = tree["refusal"]
    return NodeFile(
        path=tree["path"],
        real_path=tree["real_path"],
        data=_data_of(tree["lines"]) or b"",
        size=int(tree["size"]),
        owner="",  # who may write the file, no plan tells
        mode=0,
        changed_at=datetime.fromisoformat(tree["changed_at"]),
        too_large=bool(tree["too_large"]),
        refusal=None if refusal is None else Refusal(**refusal),
        copied=None if tree["copied"] is None else Copied(**tree["copied"]),
    )


def _service_of(tree: Document) -> Service:
    started = tree["started_at"]
    return Service(
        running=bool(tree["running"]),
        started_at=None if started is None else datetime.fromisoformat(started),
    )


def _data_of(tree: Document | None) -> bytes | None:
    if tree is None:
        return None
    count = int(tree["count"])
    if not 0 < count <= MOST_LINES:
        raise ValueError("no number of lines")
    lines = [str(tree.get(str(number), "")) for number in range(1, count + 1)]
    return "\n".join(lines).encode()
