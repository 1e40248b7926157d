"""Commands that edit the desired file: read it, edit its text, check, write whole."""

import difflib
from collections.abc import Callable
from pathlib import Path

from stalplan.cli.app import App
from stalplan.errors import DesiredFileWrong, StalplanError
from stalplan.model.desired import read_desired
from stalplan.model.wishes import Desired
from stalplan.store.files import write_atomic

Edit = Callable[[str, Desired], str]


class DesiredFileUnwritable(StalplanError):
    """The folder or the disk does not take the file; it is as it was."""

    summary = "The desired file can't be written"


def rewrite(app: App, file: str, edit: Edit) -> None:
    """Put *edit* into the file and show what changed; whole or not at all.

    Raises DesiredFileWrong where the file is wrong, or would be after the edit.
    """
    desired = app.read_desired(file)
    path = Path(file).resolve()  # a link stays a link
    before = path.read_bytes().decode()
    after = edit(before, desired)
    if after == before:
        app.terminal.write(f"{file} says so already.\n")
        return
    _check(after, file)
    put(path, before, after)
    app.terminal.write(shown(before, after))
    if app.hints:
        app.terminal.say(f"\nTo see what this means for the nodes:\n  {_plan(file)}")


def put(path: Path, before: str, after: str) -> None:
    """Write the file whole, with the mode it had; not at all where nothing differs."""
    if after == before:
        return
    try:
        write_atomic(path, after.encode(), mode=path.stat().st_mode & 0o7777)
    except OSError as error:
        raise DesiredFileUnwritable(f"{path}: {error.strerror}.") from error


def _check(text: str, file: str) -> None:
    try:
        read_desired(text.encode(), file=file, folder=str(Path(file).parent))
    except DesiredFileWrong as error:
        raise DesiredFileWrong(
            f"With this edit the file would be wrong, so nothing was written:\n"
            f"{error.detail}",
            findings=error.findings,
        ) from error


def _plan(file: str) -> str:
    return "stalplan plan" if file == "stalplan.toml" else f"stalplan plan -f {file}"


def shown(before: str, after: str) -> str:
    """The lines that go and come."""
    lines = list(
        difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    )
    changed = [f"{line[0]} {line[1:]}" for line in lines[2:] if line[0] in "+-"]
    return "\n".join(line.rstrip() for line in changed) + "\n"
