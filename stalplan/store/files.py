"""Writing so that a crash leaves the old file or the new one, never half of one."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace *path*; whatever happens it holds the old bytes or the new.

    On return the new bytes survive a power cut. On OSError the file may already be
    the new one, if only the directory could not be flushed.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - the same call, said plainly
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise
    sync_directory(path.parent)


def write_result(path: Path, data: bytes) -> None:
    """Write *data* to a place that a person named, readable by everybody.

    A file is replaced as by write_atomic, and so is a link, wherever it leads. A
    device or a pipe, such as /dev/null or a shell's `>(…)`, is written into.
    """
    if _is_stream(path):
        with path.open("ab") as stream:
            stream.write(data)
    else:
        write_atomic(path, data, mode=0o644)


def _is_stream(path: Path) -> bool:
    """Whether *path* is no file; /dev/stdout is none even where it leads to one."""
    if path.absolute().is_relative_to("/dev") and path.exists():
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def append_line(path: Path, line: bytes) -> None:
    """Add *line* and its end; on return it survives a power cut.

    A line that an earlier power cut tore is ended first, so that it stays alone.
    """
    created = not path.exists()
    with path.open("ab+") as file:
        torn = file.tell() > 0 and file.seek(-1, os.SEEK_END) and file.read() != b"\n"
        file.write(b"\n" + line + b"\n" if torn else line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if created:
        sync_directory(path.parent)


def make_directory(path: Path) -> None:
    """Create *path* and what leads to it, for this user alone, and flush it."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Flush the names in a directory."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
