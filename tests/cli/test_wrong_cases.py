"""Golden errors: desired files that stop every command, and what is told of them."""

import io
from pathlib import Path

import pytest
from golden import WRONG, check

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name)
def test_error_reads_as_agreed(
    case: Path, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error block and the document are the same whichever command is stopped."""
    (tmp_path / "stalplan.toml").write_bytes((case / "desired.toml").read_bytes())
    monkeypatch.chdir(tmp_path)
    out, err, inp = io.StringIO(), io.StringIO(), io.StringIO()
    terminal = Terminal(out=out, err=err, inp=inp, environ={})

    assert 3 == main([command, "--format", "json"], App(terminal=terminal))
    check(case / "error.json", out.getvalue())
    check(case / "error.text", err.getvalue())
