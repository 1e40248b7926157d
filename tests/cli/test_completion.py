"""`stalplan completion`, and what the shells are offered."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
HEAVY = ("deepdiff", "paramiko", "rich", "stalplan.demo")
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
    ],
)
def test_what_is_offered(folder: Path, words: list[str], expected: list[str]) -> None:
    """Commands, options, and the names that the desired file has."""
    assert expected == offered(folder, *words)


def test_all_commands_are_offered(folder: Path) -> None:
    """An empty word is offered every command there is."""
    assert {"plan", "apply", "recover", "completion"} <= set(offered(folder, ""))


def test_bash_completes(folder: Path) -> None:
    """A real bash with our script completes a node's name."""
    program = Path(sys.executable).with_name("stalplan")
    script = f"""
        PATH={program.parent}:$PATH
        eval "$(stalplan completion bash)"
        COMP_WORDS=(stalplan plan --target mx); COMP_CWORD=3
        _stalplan_completion stalplan
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert "mx1 mx2\n" == done.stdout


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
