"""The stand-in server's settings in memory, and how it writes them to its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stalplan.stalwart.rewrite import rewritten


class BadRequest(Exception):
    """The request is of a form the server refuses with status 400."""


class AssertFailed(Exception):
    """An insert that asked for empty keys found some; nothing of it was done."""


@dataclass(slots=True, kw_only=True)
class Settings:
    """Key to text, as the file said at the start and as the API changed it since.

    Every change replaces the whole file from memory: what someone wrote there since
    the start is lost, with comments, tables and order. All keys count as local.

    Source: stalwart v0.15.5 crates/common/src/manager/config.rs `update_local`.
    """

    path: str
    keys: dict[str, str] = field(repr=False)

    def change(self, operations: object) -> None:
        """Carry out the body of `POST /api/settings`.

        Raises:
            BadRequest: not a list of operations; nothing was done.
            AssertFailed: what came before it in the list is done.
            OSError: the file can't be written; memory keeps the change.
        """
        if not isinstance(operations, list):
            raise BadRequest("a list of operations is wanted")
        for operation in operations:
            self.keys = _changed(self.keys, operation)
            self._write()

    def some(self, keys: Sequence[str], prefixes: Sequence[str]) -> dict[str, str]:
        """The settings of these names and those below these prefixes."""
        below = tuple(prefix.removesuffix(".") + "." for prefix in prefixes if prefix)
        return {
            key: text
            for key, text in self.keys.items()
            if key in keys or (below and key.startswith(below))
        }

    def _write(self) -> None:
        """Truncate and write in place: same inode, owner and mode, no temporary."""
        Path(self.path).write_bytes(rewritten(self.keys))


def _changed(keys: Mapping[str, str], operation: object) -> dict[str, str]:
    match operation:
        case {"type": "delete", "keys": list(gone)}:
            return {key: text for key, text in keys.items() if key not in gone}
        case {"type": "clear", "prefix": str(prefix)}:
            kept = (key for key in keys if not key.startswith(prefix))
            return {key: keys[key] for key in kept}
        case {
            "type": "insert",
            "prefix": str() | None as prefix,
            "values": list(values),
            "assert_empty": bool(empty),
        }:
            return _inserted(keys, prefix, values, must_be_new=empty)
        case _:
            raise BadRequest("no operation the server knows")


def _inserted(
    keys: Mapping[str, str],
    prefix: str | None,
    values: Sequence[Sequence[object]],
    *,
    must_be_new: bool,
) -> dict[str, str]:
    above = f"{prefix}." if prefix else ""
    first = str(values[0][0]) if values else ""
    taken = any(key.startswith(above) for key in keys) if above else first in keys
    if must_be_new and taken:
        raise AssertFailed
    return dict(keys) | {f"{above}{key}": str(text) for key, text in values}
