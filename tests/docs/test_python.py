"""docs/python.md: the program on it runs, and prints what it says."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from docs.page import DOCS, fences, tables
from docs.reader import Reader
from stalplan import run
from stalplan.transport.memory import MemoryTransport

PAGE = DOCS / "python.md"


def test_the_program_prints_what_it_says(
    reader_of: Callable[[str], Reader],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As copied from the page, in a folder with the example's desired file."""
    text = PAGE.read_text()
    reader = reader_of("reading-a-plan.md")
    monkeypatch.chdir(reader.folder)
    monkeypatch.setattr(
        "stalplan.transport.ssh.SshTransport",
        lambda: MemoryTransport(reader.cluster),
    )
    (program,), (shown,) = fences(text, "python"), fences(text, "text")

    exec(compile(program.text, PAGE.name, "exec"), {})

    printed = capsys.readouterr().out
    if os.environ.get("GOLDEN") == "write":
        PAGE.write_text(
            text.replace(f"```text\n{shown.text}```", f"```text\n{printed}```")
        )
    else:
        assert shown.text == printed
    assert "<html" in Path("plan.html").read_text()


@pytest.mark.parametrize("row", tables(PAGE.read_text())[0][1:], ids=lambda row: row[0])
def test_every_name_is_there(row: list[str]) -> None:
    """The table's names can be imported, and the exported ones are all in it."""
    module, _, name = row[0].strip("`").rpartition(".")

    assert getattr(importlib.import_module(module), name)
    told = {row[0].strip("`") for row in tables(PAGE.read_text())[0][1:]}
    assert {f"stalplan.run.{each}" for each in run.__all__} - told <= {
        "stalplan.run.Look"
    }
