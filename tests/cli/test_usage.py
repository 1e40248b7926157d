"""Wrong command lines: exit 64, the usage, and never the code that means changes."""

import io
import json

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import COMMANDS, main
from stalplan.cli.terminal import Terminal


def run(*argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line."""
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out=out, err=err, inp=io.StringIO(), environ={})
    code = main(argv, App(terminal=terminal, environ={}))
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    "argv",
    [
        ("pln",),
        ("plan", "--frobnicate"),
        ("plan", "--format", "yaml"),
        ("plan", "surplus"),
        ("plan", "--parallelism", "0"),
        ("apply", "--lock-timeout", "soon"),
        ("show",),
        ("demo", "--kep"),
    ],
    ids=" ".join,
)
def test_wrong_usage(argv: tuple[str, ...]) -> None:
    """The error block names the help to read; nothing is on stdout."""
    code, out, err = run(*argv)

    assert (64, "") == (code, out)
    assert err.startswith("Error: Wrong usage\n\n")
    assert "Hint: stalplan" in err
    assert "--help" in err


def test_wrong_usage_as_json() -> None:
    """Also a wrong command line answers in JSON where JSON was asked for."""
    code, out, _ = run("plan", "--format", "json", "--frobnicate")

    error = json.loads(out)["error"]
    assert 64 == code == error["exit_code"]
    assert "--frobnicate" in error["detail"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(
    command: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Help names the command and exits with 0."""
    code = main([command, flag], App(terminal=Terminal(environ={}), environ={}))

    shown = capsys.readouterr().out
    assert 0 == code
    assert shown.startswith(f"Usage: stalplan {command}")
    assert "--no-color" in shown
