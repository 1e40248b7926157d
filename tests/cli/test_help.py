"""Every command's help is enough to use it: examples that work, and exit codes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from stalplan.cli.app import App
from stalplan.cli.main import COMMANDS, cli
from stalplan.cli.terminal import Terminal
from stalplan.errors import StalplanError

APP = App(terminal=Terminal(environ={}), environ={})
WIDTH = 80
# What examples may name; a shell would replace the variable and the pattern.
FILES = ("hosts.ini", "monday.plan", "mx1.toml")
STANDS_FOR = {"$DIGEST": f"review:{'0' * 64}", "mx*.toml": "mx1.toml"}
each_command = pytest.mark.parametrize("name", COMMANDS)


def command_of(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def help_of(name: str = "") -> str:
    command = command_of(name) if name else cli
    # click keeps the first help option that it makes: it must be the real one.
    settings = command.context_settings
    context = click.Context(command, info_name=f"stalplan {name}", **settings)
    context.terminal_width = WIDTH
    return command.get_help(context)


def examples(text: str) -> list[list[str]]:
    """Every `stalplan` command line in the block of examples, as words."""
    (block,) = re.findall(r"^  Examples.*:\n((?:    .*\n)+)", text, re.MULTILINE)
    lines = block.splitlines()
    parts = [part for line in lines for part in re.split(r" &&? | \| | > ", line)]
    found = [shlex.split(part, comments=True) for part in parts]
    assert all("stalplan " in line for line in lines)
    return [words[1:] for words in found if words and words[0] == "stalplan"]


@each_command
def test_examples_are_command_lines(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each example is one that stalplan takes, and at least one is of the command."""
    monkeypatch.chdir(tmp_path)
    for file in FILES:
        Path(file).touch()
    found = examples(help_of(name))

    assert name in {words[0] for words in found}
    for command, *words in found:
        arguments = [STANDS_FOR.get(word, word) for word in words]
        group = click.Context(cli, obj=APP)
        command_of(command).make_context(command, arguments, parent=group)


@each_command
def test_every_option_is_explained(name: str) -> None:
    """No option is left to be guessed."""
    options = [
        each for each in command_of(name).params if isinstance(each, click.Option)
    ]

    assert [] == [each.name for each in options if not each.help]


@each_command
def test_help_fits_a_terminal(name: str) -> None:
    """Eighty columns are enough; only a line to be copied may be longer."""
    long = [line for line in help_of(name).splitlines() if len(line) > WIDTH]

    assert [] == [line for line in long if not line.startswith("    stalplan ")]


def test_the_group_tells_every_exit_code() -> None:
    """`stalplan --help` has each code that a failure may end with, and our own."""
    told = {int(code) for code in re.findall(r"^    (\d+) ", help_of(), re.MULTILINE)}

    def codes(kind: type[StalplanError]) -> set[int]:
        inner = [codes(each) for each in kind.__subclasses__()]
        return {kind.exit_code}.union(*inner)

    for name in COMMANDS:
        command_of(name)  # its failures are known once it is loaded
    assert codes(StalplanError) <= told
    assert {0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 130} == told


@pytest.mark.parametrize("asked", ["--version", "--help", "plan --help"])
def test_help_that_is_lost_is_told(asked: str) -> None:
    """On a full disk too there is a reason and an exit code."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "stalplan", *asked.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )

    assert 1 == ended.returncode
    assert ended.stderr.startswith("Error: The output can't be written\n\nNo space")
