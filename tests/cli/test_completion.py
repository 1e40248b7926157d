"""`stalplan completion`, and what the shells are offered."""

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nodes.waiting import wait_until

from stalplan.names import RunId
from stalplan.store.runs import RunFolder

FILE = """\
format = 1
[cluster]
name = "mail"
release = "0.13"
[nodes.mx1]
id = 1
[nodes.mx2]
id = 2
[nodes.back]
id = 3
"""
RUN = RunId("20261124T090000Z-3fa9c1")
HEAVY = ("paramiko", "rich", "stalplan.demo")
# Answers a shell as the `stalplan` program does, then tells what was loaded.
TELL = """\
import sys
from stalplan.cli import run
sys.argv[0] = "stalplan"
try:
    run()
finally:
    print(*(name for name in sys.modules), file=sys.stderr)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a desired file."""
    (tmp_path / "stalplan.toml").write_text(FILE, "utf-8")
    RunFolder(tmp_path / "state", "mail").begin(RUN, None, who="ada")
    return tmp_path


def offered(folder: Path, *words: str) -> list[str]:
    """What bash is offered for the last of *words*; nothing heavy may be loaded."""
    environ = {
        "_STALPLAN_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["stalplan", *words]),
        "COMP_CWORD": str(len(words)),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "-c", TELL],
        check=True,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert set() == set(done.stderr.split()) & set(HEAVY)
    lines = done.stdout.splitlines()
    return [line.partition(",")[2] for line in lines if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pl"], ["plan"]),
        (["mo"], ["move-role"]),
        (["plan", "--target", "m"], ["mx1", "mx2"]),
        (["plan", "--assume"], ["--assume-down"]),
        (["apply", "--exclude", "b"], ["back"]),
        (["remove-node", "mx"], ["mx1", "mx2"]),
        (["move-role", "purge.s"], ["purge.stores"]),
        (["move-role", "purge.stores", "--to", "mx2", "b"], ["back"]),
        (["plan", "-f", "none.toml", "--target", "m"], []),
        (["plan", "--format", "git"], ["github", "gitlab"]),
        (["recover", "--forget", "b"], ["back"]),
        (["unlock", ""], ["back", "mx1", "mx2", "all", "local"]),
        (["history", ""], [RUN]),
    ],
)
def test_what_is_offered(folder: Path, words: list[str], expected: list[str]) -> None:
    """Commands, options, and the names that the desired file has."""
    assert expected == offered(folder, *words)


def test_all_commands_are_offered(folder: Path) -> None:
    """An empty word is offered every command there is."""
    assert {"plan", "apply", "recover", "completion"} <= set(offered(folder, ""))


@pytest.fixture
def path() -> dict[str, str]:
    """The environment of a shell that finds our program."""
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_a_real_bash_completes(folder: Path, path: dict[str, str]) -> None:
    """With our script bash offers the nodes."""
    script = """
        eval "$(stalplan completion bash)"
        COMP_WORDS=(stalplan plan --target mx); COMP_CWORD=3
        _stalplan_completion stalplan
        echo "${COMPREPLY[@]}"
    """
    assert "mx1 mx2\n" == said(["bash", "--norc", "-c", script], folder, path)


def test_a_real_fish_completes(folder: Path, path: dict[str, str]) -> None:
    """With our script fish offers the nodes, and tells their ids."""
    script = """
        stalplan completion fish | source
        complete --do-complete "stalplan plan --target mx"
    """
    environ = path | {"HOME": str(folder), "LC_ALL": "C.UTF-8"}
    argv = ["fish", "--no-config", "--command", script]
    assert "mx1\tid 1\nmx2\tid 2\n" == said(argv, folder, environ)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("stalplan mov", b"e-role "), ("stalplan plan --target b", b"ack ")],
)
def test_a_real_zsh_completes(
    folder: Path, path: dict[str, str], typed: str, completed: bytes
) -> None:
    """With our script in its $fpath a zsh at a terminal completes what is typed."""
    functions = folder / "functions"
    functions.mkdir()
    (functions / "_stalplan").write_text(
        said(["stalplan", "completion", "zsh"], folder, path)
    )
    begin = f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D"
    pid, terminal = pty.fork()
    if pid == 0:
        environ = path | {"TERM": "dumb", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], environ)
    try:
        seen = bytearray()

        def types(text: str, expected: bytes) -> None:
            os.write(terminal, text.encode())
            seen.clear()
            wait_until(lambda: expected in told(terminal, seen), 60, repr(expected))

        types(f"PATH={path['PATH']}; {begin}; echo is-$((40 + 2))\n", b"is-42")
        types(f"{typed}\t", typed.encode() + completed)
    finally:
        os.close(terminal)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def told(terminal: int, seen: bytearray) -> bytearray:
    """All that came from a terminal, what has come since included."""
    if select.select([terminal], [], [], 0)[0]:
        seen += os.read(terminal, 65536)
    return seen


def said(argv: list[str], folder: Path, environ: dict[str, str]) -> str:
    """What a program writes to stdout."""
    return subprocess.run(
        argv, check=True, cwd=folder, env=environ, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize(
    ("shell", "words"),
    [("bash", "bash_complete"), ("zsh", "compdef"), ("fish", "--command stalplan")],
)
def test_every_shell_has_its_script(folder: Path, shell: str, words: str) -> None:
    """The script of each shell names our program and nothing of this machine."""
    done = subprocess.run(
        [sys.executable, "-m", "stalplan", "completion", shell],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert words in done.stdout
    assert str(Path(sys.executable).parent) not in done.stdout
