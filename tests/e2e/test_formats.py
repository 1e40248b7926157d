"""What goes to stdout and what to stderr, in every format, and never a secret."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.cluster import Cluster
from e2e.configs import WRITTEN_BY_HAND, small
from e2e.conftest import MakeCluster

NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
}


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Two nodes; the second one's hostname is to change."""
    cluster = cluster_of(small(1), WRITTEN_BY_HAND)
    cluster.want(nodes=NODES)
    return cluster


def test_json_is_one_document(cluster: Cluster) -> None:
    """Of plan, show and apply: stdout is JSON and progress is on stderr."""
    plan = cluster.run("plan", "--format", "json", "--out", "p")
    show = cluster.run("show", "p", "--format", "json")
    applied = cluster.run("apply", "p", "--format", "json")
    again = cluster.run("apply", "--auto-approve", "--format", "json")

    assert json.loads(plan.out) == json.loads((cluster.folder / "p").read_text())
    assert plan.out == show.out
    document = json.loads(applied.out)
    sentence = (
        "Apply complete! Changes: 0 added, 1 changed, 0 removed. Nodes restarted: 1."
    )
    assert (sentence, 0) == (document["sentence"], document["exit_code"])
    assert {"mx2": "done"} == document["nodes"]
    assert "1.0" == document["format_version"]
    assert "mx2" in applied.err
    nothing = "No changes. The cluster matches stalplan.toml."
    assert nothing == json.loads(again.out)["sentence"]


def test_several_formats_at_once(cluster: Cluster) -> None:
    """FORMAT=PATH writes files beside the one format that goes to stdout."""
    done = cluster.run(
        *("plan", "--format", "text", "--format", "json=plan.json"),
        *("--format", "markdown=plan.md"),
    )

    assert "Plan: 0 to add, 1 to change, 0 to remove. Files: 1, restarts: 1." == (
        done.last
    )
    assert "e2e" == json.loads((cluster.folder / "plan.json").read_text())["cluster"]
    assert "mx2.example.org" in (cluster.folder / "plan.md").read_text()


def test_progress_is_plain_where_nobody_watches(cluster: Cluster) -> None:
    """Without a terminal: lines on stderr, no escape sequence anywhere."""
    done = cluster.run("apply", "--auto-approve")

    assert "\x1b" not in done.out + done.err
    assert "mx2: " in done.err
    assert "Reading" not in done.out


def test_colour_can_be_forced_and_forbidden(cluster: Cluster) -> None:
    """FORCE_COLOR colours a pipe, NO_COLOR wins over it, JSON never has any."""
    cluster.more_environ["FORCE_COLOR"] = "1"
    assert "\x1b[" in cluster.run("plan").out
    assert "\x1b" not in cluster.run("plan", "--no-color").out
    assert "\x1b" not in cluster.run("plan", "--format", "json").out
    cluster.more_environ["NO_COLOR"] = "1"
    assert "\x1b" not in cluster.run("plan").out


def test_hints_can_be_dropped(cluster: Cluster) -> None:
    """STALPLAN_IN_AUTOMATION drops what to run next."""
    people = cluster.run("plan", "--out", "p")
    cluster.more_environ["STALPLAN_IN_AUTOMATION"] = "1"
    pipeline = cluster.run("plan", "--out", "p")

    assert "stalplan apply p" in people.err
    assert "stalplan apply p" not in pipeline.err
    assert people.out == pipeline.out


def test_options_from_the_environment(cluster: Cluster) -> None:
    """Every option has a variable of its own."""
    cluster.more_environ |= {
        "STALPLAN_PLAN_FORMAT": "json",
        "STALPLAN_PLAN_DETAILED_EXITCODE": "1",
    }

    done = cluster.run("plan", code=2)

    assert "e2e" == json.loads(done.out)["cluster"]


def test_an_error_is_a_document_too(cluster: Cluster) -> None:
    """With --format json an error's document stands alone on stdout."""
    text = cluster.desired.read_text()
    cluster.desired.write_text(text.replace("id = 2", "id = 1"))

    for command in ("plan", "apply"):
        done = cluster.run(command, "--format", "json", code=3)
        document = json.loads(done.out)
        assert "1.0" == document["format_version"]
        assert ("The desired file is wrong", 3) == (
            document["error"]["summary"],
            document["error"]["exit_code"],
        )
        assert "SP101" in {finding["code"] for finding in document["findings"]}
        assert "Error: The desired file is wrong" in done.err


def test_a_reader_that_goes_away(cluster: Cluster) -> None:
    """`stalplan plan | head` ends without a traceback."""
    process = cluster.begin("plan")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.wait()
    process.stderr.close()

    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_the_installed_command_is_the_same(cluster: Cluster) -> None:
    """`stalplan` and `python -m stalplan` print the same plan."""
    script = subprocess.run(
        [Path(sys.executable).with_name("stalplan"), "plan"],
        check=True,
        cwd=cluster.folder,
        env=cluster.environ(),
        capture_output=True,
        text=True,
    )

    assert cluster.run("plan").out == script.stdout
