"""What a command loads: heavy libraries only where they are used."""

import subprocess
import sys
from pathlib import Path

import pytest
from nodes.waiting import free_port

from stalplan.cli.main import COMMANDS

HEAVY = ("paramiko", "rich", "tomlkit")
SOUND = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
[nodes.mx1]
id = 1
"""
# Runs a command line as `python -m stalplan` does, then tells what was loaded.
TELL = """\
import runpy, sys
sys.argv = ["stalplan", *sys.argv[1:]]
try:
    runpy.run_module("stalplan", run_name="__main__")
except SystemExit as end:
    print("loaded", end.code or 0, *sys.modules, file=sys.stderr)
"""


def loaded(folder: Path, *argv: str) -> tuple[str, set[str]]:
    """The exit code of a command line and the names of what it has loaded."""
    done = subprocess.run(
        [sys.executable, "-c", TELL, *argv],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    word, code, *names = done.stderr.splitlines()[-1].split()
    assert "loaded" == word, done.stderr
    return code, set(names)


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_words_alone_load_nothing_heavy(tmp_path: Path, flag: str) -> None:
    """Version and help start without SSH, tables, and TOML."""
    code, modules = loaded(tmp_path, flag)

    assert "0" == code
    assert set() == modules & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_on_a_command_opens_nothing(tmp_path: Path, command: str) -> None:
    """A command's help starts without SSH and tables."""
    code, modules = loaded(tmp_path, command, "--help")

    assert "0" == code
    assert "rich" not in modules
    assert command == "demo" or "paramiko" not in modules


def test_validate_loads_what_it_needs(tmp_path: Path) -> None:
    """Checking the desired file needs neither SSH nor tables."""
    (tmp_path / "stalplan.toml").write_text(SOUND)

    code, modules = loaded(tmp_path, "validate")

    assert "0" == code
    assert set() == modules & {"paramiko", "rich"}


def test_a_wrong_file_stops_a_plan_early(tmp_path: Path) -> None:
    """A mistake in the desired file is told before anything for SSH is loaded."""
    (tmp_path / "stalplan.toml").write_text(SOUND.replace("id = 1", "id = -1"))

    code, modules = loaded(tmp_path, "plan")

    assert "3" == code
    assert "paramiko" not in modules


def test_a_plan_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    """SSH comes without what its library needs for ssh_config alone, and one form."""
    address = f'address = "127.0.0.1"\nssh.port = {free_port()}\n'
    (tmp_path / "stalplan.toml").write_text(SOUND + address)

    code, modules = loaded(tmp_path, "plan")

    assert "4" == code
    assert {"paramiko", "stalplan.render.text"} <= modules
    assert set() == modules & {"invoke", "unittest", "stalplan.render.html"}


def test_what_plans_is_loaded_while_nodes_are_read() -> None:
    """The command itself comes without it, and without the other use cases."""
    tell = "import stalplan.cli.plan, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", tell], check=True, capture_output=True, text=True
    )
    late = {"stalplan.planning.make", "stalplan.run.status"}

    assert set() == late & {*done.stdout.split()}
