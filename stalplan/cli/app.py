"""What every command is given: the terminal, the clock, and a way to reach nodes."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stalplan.cli.terminal import Terminal
from stalplan.errors import DesiredFileWrong
from stalplan.transport.clock import SystemClock
from stalplan.transport.lean import without

if TYPE_CHECKING:
    from stalplan.model.wishes import Desired
    from stalplan.planning.plan import GitState
    from stalplan.ports import Clock, Commands, Git, Transport

MOST_BYTES = 1 << 20  # a desired file over 1 MiB is refused unread


def over_ssh(parallelism: int) -> "Transport":
    """The transport of real life; paramiko is loaded here and no sooner."""
    with without("invoke"):
        from stalplan.transport.ssh import SshTransport  # noqa: PLC0415 - heavy import

    return SshTransport(parallelism=parallelism)


def on_this_machine() -> "Commands":
    """Programs on the controller."""
    from stalplan.transport.local import LocalCommands  # noqa: PLC0415 - only here

    return LocalCommands()


def git_here() -> "Git":
    """The git of this machine."""
    from stalplan.transport.git import LocalGit  # noqa: PLC0415 - only here

    return LocalGit()


@dataclass(slots=True, kw_only=True)
class App:
    """The world as the commands see it. Tests give it a smaller one."""

    terminal: Terminal
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    clock: "Clock" = field(default_factory=SystemClock)
    transport: "Callable[[int], Transport]" = over_ssh
    commands: "Callable[[], Commands]" = on_this_machine
    git: "Callable[[], Git]" = git_here

    @property
    def hints(self) -> bool:
        """Whether to say what to run next: people want it, pipelines don't."""
        return not self.environ.get("STALPLAN_IN_AUTOMATION")

    def read_desired(self, file: str) -> "Desired":
        """The desired file, checked. Raises DesiredFileWrong with every mistake."""
        from stalplan.model.desired import read_desired  # noqa: PLC0415 - only where it is read

        return read_desired(
            _bytes_of(Path(file)), file=file, folder=str(Path(file).parent)
        )

    def git_state(self, file: str) -> "GitState | None":
        """The commit that *file* is at, where it lies in a git repository."""
        from stalplan.planning.plan import GitState  # noqa: PLC0415 - as above

        found = self.git().state(Path(file))
        return None if found is None else GitState(commit=found[0], dirty=found[1])


def state_folder(file: str, state: str | None) -> Path:
    """Where state lies: `state/` beside the desired file unless told otherwise."""
    return Path(state) if state is not None else Path(file).parent / "state"


def _bytes_of(path: Path) -> bytes:
    """At most one byte more than is allowed, so that nothing large is ever read."""
    try:
        with path.open("rb") as handle:
            return handle.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise DesiredFileWrong(
            f"{path}: no such file. -f FILE names another one.",
            hint=f"stalplan import NODE=ADDRESS --out {path}  # from running nodes",
        ) from error
    except IsADirectoryError as error:
        raise DesiredFileWrong(
            f"{path} is a directory, not a desired file.",
            hint=f"stalplan validate -f {path / 'stalplan.toml'}",
        ) from error
    except OSError as error:
        raise DesiredFileWrong(
            f"{path}: {error.strerror}.", hint=f"ls -l {path}"
        ) from error
