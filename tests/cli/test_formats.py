"""`--format` in a pipeline: several at once, GitHub's files, and failures."""

import io
import json
from pathlib import Path

import pytest
from github_runner import commands, outputs

from stalplan.cli.app import App
from stalplan.cli.formats import repository_path
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.planning.plan_json import plan_from_json
from stalplan.render import RENDERERS
from stalplan.render.github import SUMMARY, step_summary

CASE = Path(__file__).parents[1] / "cases/many-findings"
WRONG = 'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n[nodes]\nmx1.idd = 1\n'


def run(*argv: str, **environ: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line."""
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out=out, err=err, inp=io.StringIO(), environ=environ)
    code = main(argv, App(terminal=terminal, environ=environ))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a saved plan."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.plan").write_bytes((CASE / "plan.json").read_bytes())
    return tmp_path


def test_all_formats_in_one_run(folder: Path) -> None:
    """Each goes to its file, and text to stdout; all are of the one plan."""
    forms = [f"--format={name}=out.{name}" for name in RENDERERS]
    code, out, _ = run("show", "x.plan", *forms)
    plan = plan_from_json((folder / "x.plan").read_text(), file="x.plan")

    assert (0, RENDERERS["text"](plan)) == (code, out)
    for name, render in RENDERERS.items():
        assert render(plan) == (folder / f"out.{name}").read_text(), name


@pytest.mark.parametrize(
    ("forms", "why"),
    [
        (("json=same", "markdown=./same"), "only one can go to"),
        (("json", "text"), "only one can go to stdout"),
        (("json=",), "no PATH after the ="),
        (("jsom=x",), "'jsom' is none of"),
    ],
)
def test_forms_that_can_not_be(folder: Path, forms: tuple[str, ...], why: str) -> None:
    """Two for one place, no place, and no form are wrong usage; nothing is written."""
    code, _, err = run("show", "x.plan", *(f"--format={form}" for form in forms))

    assert (64, True) == (code, why in " ".join(err.split())), err
    assert ["x.plan"] == [path.name for path in folder.iterdir()]


def test_a_step_of_github_gets_all_three(folder: Path) -> None:
    """Annotations on stdout; outputs and summary beside what the step has already."""
    summary, values = folder / "summary", folder / "output"
    summary.write_text("before\n")
    values.write_text("x=1\n")
    environ = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(values)}
    code, out, err = run("show", "x.plan", "--format", "github", **environ)
    plan = plan_from_json((folder / "x.plan").read_text(), file="x.plan")

    assert (0, (CASE / "plan.github").read_text(), "") == (code, out, err)
    assert f"before\n{step_summary(plan)}" == summary.read_text()
    told = outputs(values.read_text().removeprefix("x=1\n"))
    assert {"add": "2", "change": "3", "remove": "1", "blocked": "true"}.items() <= (
        told.items()
    )


def test_outside_of_a_step_nothing_is_written(folder: Path) -> None:
    """Only the annotations are printed."""
    run("show", "x.plan", "--format", "github")

    assert ["x.plan"] == [path.name for path in folder.iterdir()]


def test_a_full_summary_is_left_alone(folder: Path) -> None:
    """What another command wrote stays, and stderr says what is missing."""
    summary = folder / "summary"
    summary.write_bytes(b"x" * SUMMARY)
    environ = {"GITHUB_STEP_SUMMARY": str(summary)}
    code, _, err = run("show", "x.plan", "--format", "github=notes", **environ)

    assert (0, SUMMARY) == (code, summary.stat().st_size)
    assert "summary is full" in err


def test_a_summary_fits_beside_others(folder: Path) -> None:
    """The step's limit counts what was there before."""
    summary = folder / "summary"
    summary.write_bytes(b"x" * (SUMMARY - 3_000))
    run("show", "x.plan", "--format=github", GITHUB_STEP_SUMMARY=str(summary))

    text = summary.read_text().removeprefix("x" * (SUMMARY - 3_000))
    assert "Left out" in text
    assert len(text.encode()) <= 3_000


@pytest.mark.parametrize("where", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_begin_at_the_top_of_the_checkout(folder: Path, where: str) -> None:
    """A job that works in a folder of it names files as the reviewer sees them."""
    environ = {where: str(folder.parent)}
    inside = f"{folder.name}/stalplan.toml"
    _, out, _ = run("show", "x.plan", "--format", "codequality", **environ)

    assert {inside} == {issue["location"]["path"] for issue in json.loads(out)}
    assert inside == repository_path(str(folder / "stalplan.toml"), environ)
    assert "/elsewhere/x.toml" == repository_path("/elsewhere/x.toml", environ)
    assert "a/x.toml" == repository_path("a/x.toml", {})


def test_a_file_that_can_not_be_written(folder: Path) -> None:
    """It is named in an error block, with no traceback."""
    code, _, err = run("show", "x.plan", "--format", "markdown=no/such.md")

    assert 1 == code
    assert err.startswith("Error: A plan can't be written to its file\n\nno/such.md: ")
    assert not (folder / "no").exists()


def test_a_wrong_file_is_annotated(folder: Path) -> None:
    """Each mistake in the desired file is an annotation on its line."""
    (folder / "stalplan.toml").write_text(WRONG)
    environ = {"GITHUB_WORKSPACE": str(folder.parent), "GITHUB_ACTIONS": "true"}
    code, out, err = run("plan", "--format", "github", **environ)

    assert 3 == code
    assert err.startswith("Error: The desired file is wrong")
    notes = commands(out)
    assert {"error"} == {note.name for note in notes}
    assert all("mx1" in note.text for note in notes)
    assert "6:1" in notes[0].text


def test_a_failure_in_every_list_that_was_asked_for(folder: Path) -> None:
    """Files for tools tell of the failure, so that none is taken for a good report."""
    (folder / "stalplan.toml").write_text(WRONG)
    (folder / "old.sarif").write_text("{}")
    forms = ("sarif=old.sarif", "codequality=q", "gitlab=g", "json=j", "markdown=m")
    code, out, _ = run("plan", *(f"--format={form}" for form in forms))
    (sarif,) = json.loads((folder / "old.sarif").read_text())["runs"]

    assert (3, "") == (code, out)
    assert {"executionSuccessful": False, "exitCode": 3}.items() <= (
        sarif["invocations"][0].items()
    )
    assert "blocker" == json.loads((folder / "q").read_text())[0]["severity"]
    for name in ("g", "j"):
        error = json.loads((folder / name).read_text())["error"]
        assert ("The desired file is wrong", 3) == (
            error["summary"],
            error["exit_code"],
        )
    assert not (folder / "m").exists()


def test_wrong_usage_writes_no_files(folder: Path) -> None:
    """A path on a wrong command line may be a slip itself."""
    code, out, _ = run("plan", "--format", "json=j", "--format", "github", "--frob")

    assert 64 == code
    (note,) = commands(out)
    assert ("error", "Wrong usage") == (note.name, note.properties["title"])
    assert not (folder / "j").exists()


def test_formats_of_the_environment(folder: Path) -> None:
    """A pipeline may set them once for all its steps."""
    (folder / "stalplan.toml").write_text(WRONG)
    _, out, _ = run("plan", STALPLAN_PLAN_FORMAT="codequality json=j")

    assert "blocker" == json.loads(out)[0]["severity"]
    assert 3 == json.loads((folder / "j").read_text())["error"]["exit_code"]


def test_a_log_of_actions_obeys_no_text(folder: Path) -> None:
    """Neither the text of a plan nor an error has a command for the runner."""
    document = json.loads((CASE / "plan.json").read_text())
    evil = "x\n::error::evil ##[warning]evil " + "w" * 50 + " ::notice::evil"
    for finding in document["findings"]:
        finding["detail"] = evil
    (folder / "x.plan").write_text(json.dumps(document))
    code, out, err = run("show", "x.plan", GITHUB_ACTIONS="true")
    bad = run("show", "\n::error::evil", GITHUB_ACTIONS="true")

    assert (0, "") == (code, err)
    assert "evil" in out
    assert [] == commands(out + err + bad[1] + bad[2])
