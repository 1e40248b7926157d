"""A line to this machine, through a shell of one's choice, for tests of the agent."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from stalplan.transport.agent_talk import Output

SHELLS = ("dash", "bash", "busybox")


def shell_folder(root: Path, shell: str) -> str:
    """A PATH whose `sh` is *shell*. With busybox, every program is busybox's own.

    A missing shell is a failure: .ci/prepare installs all three.
    """
    program = shutil.which(shell)
    assert program is not None, f"no {shell} on this machine; .ci/prepare installs it"
    folder = root / f"{shell}-bin"
    path = str(folder) if shell == "busybox" else f"{folder}:{os.environ['PATH']}"
    if folder.exists():
        return path
    folder.mkdir()
    if shell == "busybox":
        subprocess.run([program, "--install", "-s", str(folder)], check=True)
    else:
        (folder / "sh").symlink_to(program)
    return path


def path_without(folder: Path, *programs: str) -> str:
    """A PATH that has all there is on this machine but *programs*."""
    folder.mkdir()
    for directory in map(Path, os.environ["PATH"].split(":")):
        for found in directory.iterdir() if directory.is_dir() else ():
            link = folder / found.name
            if found.name not in programs and not link.is_symlink():
                link.symlink_to(found)
    return str(folder)


class LocalExec:
    """stalplan.transport.agent_session.Exec without any network."""

    def __init__(self, path: str, *, cwd: Path, **environment: str) -> None:
        self.environment = {"PATH": path, "HOME": str(cwd), **environment}
        self.cwd = cwd
        self.login: tuple[str, ...] = ()  # what runs the shell as another user

    def run(self, command: str, stdin: bytes) -> Output:
        """Run *command* to its end."""
        done = subprocess.run(
            [*self.login, "sh", "-c", command],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=self.cwd,
            env=self.environment,
        )
        return Output(done.stdout, done.stderr, done.returncode)

    def stream(self, command: str, stdin: bytes) -> Iterator[bytes]:
        """Yield stdout as it comes."""
        with subprocess.Popen(
            [*self.login, "sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.cwd,
            env=self.environment,
        ) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(stdin)
            running.stdin.close()
            while piece := os.read(running.stdout.fileno(), 4096):
                yield piece
