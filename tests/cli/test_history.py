"""`stalplan history`: past runs from the state folder."""

import io
import json
from pathlib import Path

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.names import RunId
from stalplan.store.runs import END, RunFolder

PLAN = Path(__file__).parents[1] / "cases/swap/plan.json"
FILE = 'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n[nodes.mx1]\nid = 1\n'
FIRST = RunId("20261124T010000Z-aaaaaa")
SECOND = RunId("20261124T020000Z-bbbbbb")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A desired file in the working folder, and no runs yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stalplan.toml").write_text(FILE, "utf-8")
    return RunFolder(tmp_path / "state", "mail")


def history(*argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one `stalplan history`."""
    out, err, inp = io.StringIO(), io.StringIO(), io.StringIO()
    terminal = Terminal(out=out, err=err, inp=inp, environ={})
    code = main(["history", *argv], App(terminal=terminal, environ={}))
    return code, out.getvalue(), err.getvalue()


def begin(runs: RunFolder, run: RunId, **end: object) -> None:
    """A run of the plan, with that end where one is given."""
    journal = runs.begin(run, PLAN.read_text("utf-8"), who="ada@desk")
    journal.write("begin", node="mx1", act="commit", step=1)
    if end:
        journal.write(END, **end)


def test_no_runs_yet(runs: RunFolder) -> None:
    """A cluster that was never applied has no history, which is no failure."""
    assert [] == runs.runs()
    assert (0, "No runs yet.\n", "") == history()


def test_runs_newest_first(runs: RunFolder) -> None:
    """Each run tells who, what was planned, and what became of each node."""
    begin(runs, FIRST, outcome=0, nodes={"mx1": "done", "mx2": "done"})
    begin(runs, SECOND)
    code, out, _ = history()
    entries = out.split("\n\n")
    sentence = json.loads(PLAN.read_text("utf-8"))["summary"]
    assert 0 == code
    assert [f"{SECOND}  unfinished", f"{FIRST}  complete"] == [
        entry.splitlines()[0] for entry in entries
    ]
    assert "ada@desk" in entries[1]
    assert f"{sentence['change']} to change" in entries[1]
    assert "  done: mx1, mx2\n" in entries[1]
    assert "  begun: mx1\n" in entries[0] + "\n"


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (0, "complete"),
        (7, "failed"),
        (130, "stopped"),
        ("recovered", "recovered"),
        ("The plan is stale", "not begun: The plan is stale"),
    ],
)
def test_how_a_run_ended(runs: RunFolder, outcome: object, word: str) -> None:
    """What the journal ends with has a word for people."""
    begin(runs, FIRST, outcome=outcome)
    document = json.loads(history("--format", "json")[1])
    assert [word] == [run["outcome"] for run in document["runs"]]


def test_a_run_that_began_elsewhere(runs: RunFolder) -> None:
    """Without its plan a run is still listed."""
    runs.begin(FIRST, None, who="bob@car").write(END, outcome="recovered")
    code, out, _ = history()
    assert (0, True) == (code, "Its plan is not kept here." in out)
    assert 1 == history(FIRST)[0]


def test_the_plan_as_it_was(runs: RunFolder) -> None:
    """With a run's id, or the end of it, its plan is printed in any format."""
    begin(runs, FIRST, outcome=0)
    expected = PLAN.with_name("plan.text").read_text("utf-8")
    assert (0, expected, "") == history("aaaaaa")
    document = json.loads(history(FIRST, "--format", "json")[1])
    assert json.loads(PLAN.read_text("utf-8")) == document


@pytest.mark.parametrize("name", ["x", "2026"])
def test_a_name_that_is_not_one_run_s(runs: RunFolder, name: str) -> None:
    """None or several: an error that names them."""
    begin(runs, FIRST, outcome=0)
    begin(runs, SECOND, outcome=0)
    code, out, err = history(name)
    assert (1, "") == (code, out)
    assert "should name one run" in err


def test_a_list_has_no_markdown(runs: RunFolder) -> None:
    """Formats of plans are for plans."""
    begin(runs, FIRST, outcome=0)
    assert 64 == history("--format", "markdown")[0]
