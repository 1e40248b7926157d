from pathlib import Path

from stalplan.names import RunId
from stalplan.store.runs import END, RunFolder


def test_a_run_without_an_end_is_unfinished(tmp_path: Path) -> None:
    """The journal's last word decides, not whether a process lives."""
    runs = RunFolder(tmp_path, "mail")
    runs.begin(RunId("r1"), "{}", who="me").write(END)
    runs.begin(RunId("r2"), "{}", who="me")

    assert (RunId("r2"),) == runs.unfinished()


def test_runs_of_another_cluster_are_not_ours(tmp_path: Path) -> None:
    """One state folder may serve several clusters."""
    RunFolder(tmp_path, "other").begin(RunId("r1"), "{}", who="me")

    assert () == RunFolder(tmp_path, "mail").unfinished()


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """A power cut in the middle of a record leaves the ones before it readable."""
    runs = RunFolder(tmp_path, "mail")
    runs.begin(RunId("r1"), "{}", who="me").write("begin", act="stage")
    journal = tmp_path / "runs" / "r1" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"event": "do')

    assert ["run-begun", "begin"] == [r["event"] for r in runs.records(RunId("r1"))]
    assert (RunId("r1"),) == runs.unfinished()


def test_only_the_newest_closed_runs_are_kept(tmp_path: Path) -> None:
    """Pruning forgets the oldest, and never an unfinished one."""
    runs = RunFolder(tmp_path, "mail")
    runs.begin(RunId("r1"), "{}", who="me")
    for name in ("r2", "r3", "r4"):
        runs.begin(RunId(name), "{}", who="me").write(END)
    runs.prune(1)

    assert ["r1", "r4"] == sorted(p.name for p in (tmp_path / "runs").iterdir())


def test_a_run_keeps_its_plan(tmp_path: Path) -> None:
    """The plan of a run can be read as it was; a run that is gone has none."""
    runs = RunFolder(tmp_path, "mail")
    runs.begin(RunId("r1"), '{"format_version": "1.0"}', who="me")

    assert runs.plan_json(RunId("r1")) == '{"format_version": "1.0"}'
    assert runs.plan_json(RunId("r9")) is None
