"""The files that a plan's formats go to."""

from pathlib import Path

from stalplan.errors import StalplanError
from stalplan.store.files import write_result


class FormatUnwritable(StalplanError):
    """A file that a format was to go to can't be written; no node was changed."""

    summary = "A plan can't be written to its file"


def write_form(path: str, text: str) -> None:
    """*text* into the file at *path*, whole or not at all. Raises FormatUnwritable."""
    try:
        write_result(Path(path), text.encode())
    except OSError as error:
        raise FormatUnwritable(
            f"{path}: {error.strerror}.", hint=f"ls -ld {Path(path).parent}"
        ) from error


def append_form(path: str, text: str) -> None:
    """*text* after what the file at *path* holds. Raises FormatUnwritable."""
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise FormatUnwritable(f"{path}: {error.strerror}.") from error
