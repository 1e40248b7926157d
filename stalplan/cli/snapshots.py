"""A snapshot in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from stalplan import __version__
from stalplan.errors import SnapshotUnusable
from stalplan.store.files import write_result

if TYPE_CHECKING:
    from stalplan.planning.snapshot import Snapshot

MOST_BYTES = 256 << 20


def read_snapshot(path: Path, *, cluster: str) -> "Snapshot":
    """The snapshot of *cluster* in *path*. Raises SnapshotUnusable, which says why."""
    from stalplan.planning.snapshot_json import snapshot_from_json  # noqa: PLC0415 - only where it is read

    try:
        with path.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except OSError as error:
        hint = f"ls -l {path}" if path.exists() else f"stalplan snapshot --out {path}"
        raise SnapshotUnusable(f"{path}: {error.strerror}.", hint=hint) from error
    if len(data) > MOST_BYTES:
        raise SnapshotUnusable(
            f"{path}: no snapshot is that large.",
            hint="stalplan snapshot --out new.json",
        )
    text = data.decode("utf-8", errors="replace")  # its checksum tells what was lost
    return snapshot_from_json(text, file=str(path), cluster=cluster)


def write_snapshot(path: Path, snapshot: "Snapshot") -> None:
    """Write *snapshot*, whole or not at all."""
    from stalplan.planning.snapshot_json import snapshot_to_json  # noqa: PLC0415 - as above

    text = snapshot_to_json(snapshot, stalplan=__version__)
    try:
        write_result(path, text.encode())
    except OSError as error:
        raise SnapshotUnwritable(
            f"{path}: {error.strerror}.", hint=f"ls -ld {path.parent}"
        ) from error


class SnapshotUnwritable(SnapshotUnusable):
    """The file named by --out can't be written; no node was changed."""

    summary = "The snapshot can't be written"
