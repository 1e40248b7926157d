"""Plan, show, apply, plan on three real nodes: the job that stalplan is for."""

import hashlib
import json
import os
import re
import tomllib
from typing import Any

import pytest

from e2e.cluster import Cluster, strangers
from e2e.configs import WRITTEN_BY_BOTH, WRITTEN_BY_HAND, WRITTEN_BY_SERVER, small
from e2e.conftest import MakeCluster

NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
    "mx3": 'id = 3\nhostname = "mx3.example.org"',
}
ROLES = """\
[roles]
"purge.stores" = ["mx1"]
"fts-indexing" = ["mx2", "mx3"]
"""
SENTENCE = "Plan: 0 to add, 3 to change, 0 to remove. Files: 3, restarts: 3."
APPLIED = "Apply complete! Changes: 0 added, 3 changed, 0 removed. Nodes restarted: 3."
NOTHING = "No changes. The cluster matches stalplan.toml."


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """An id to change, a role to move, a hostname to fix; three shapes of files."""
    cluster = cluster_of(WRITTEN_BY_SERVER, WRITTEN_BY_HAND, WRITTEN_BY_BOTH)
    cluster.want('coordinator = "redis"', nodes=NODES, after=ROLES)
    return cluster


def starts_planned(plan: dict[str, Any], node: str) -> int:
    """How often the plan says that *node* is started."""
    steps = [step for step in plan["steps"] if node in step["nodes"]]
    return sum("start" in step["actions"] for step in steps)


def digest(data: bytes) -> str:
    """As plans write digests."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def differing_lines(before: bytes, after: bytes) -> set[int]:
    """Numbers of the lines, ends included, that differ; none may come or go."""
    old, new = before.split(b"\n"), after.split(b"\n")
    assert len(old) == len(new)
    pairs = enumerate(zip(old, new, strict=True), start=1)
    return {number for number, (was, now) in pairs if was != now}


def test_plan_show_apply_plan(cluster: Cluster) -> None:
    """2, 0, 0, 0: what was planned is shown, done, and then nothing is left."""
    if os.getuid() == 0:
        for node in cluster.nodes:
            os.chown(node.config, 12345, 23456)
            node.config.chmod(0o640)
    before = cluster.shots()

    planned = cluster.run("plan", "--out", "p", "--detailed-exitcode", code=2)
    plan = json.loads((cluster.folder / "p").read_text())
    assert SENTENCE == planned.last
    assert before == cluster.shots()
    shown = cluster.run("show", "p")
    assert planned.out == shown.out
    applied = cluster.run("apply", "p")
    after = cluster.shots()
    again = cluster.run("plan", "--detailed-exitcode")

    assert APPLIED == applied.last
    assert NOTHING == again.last
    past = json.loads(cluster.run("history", "--format", "json").out)["runs"]
    assert [("complete", plan["digest"], dict.fromkeys(NODES, "done"))] == [
        (run["outcome"], run["plan"], run["nodes"]) for run in past
    ]
    kinds = {change["kind"] for change in plan["changes"]}
    assert {"renumber", "move_role", "set_hostname"} == kinds
    assert 3 == plan["summary"]["restarts"]
    for name, shot in after.items():
        edits = [edit for edit in plan["edits"] if edit["node"] == name]
        lines = {edit["line"] for edit in edits}
        assert lines == differing_lines(before[name].data, shot.data), name
        assert before[name].owner == shot.owner
        assert before[name].mode == shot.mode
        assert before[name].starts + starts_planned(plan, name) == shot.starts
        assert digest(shot.data) == plan["nodes"][name]["result"]
        assert [] == strangers(cluster[name])


def test_servers_run_what_was_asked(cluster: Cluster) -> None:
    """After apply every server has its id, its name and its roles in effect."""
    cluster.run("apply", "--auto-approve")
    running = {node.name: node.status() for node in cluster.nodes}

    assert [1, 2, 3] == [running[name]["node_id"] for name in NODES]
    assert {f"{name}.example.org" for name in NODES} == {
        status["hostname"] for status in running.values()
    }
    assert ["on", "off", "off"] == [
        running[name]["roles"]["purge.stores"] for name in NODES
    ]
    assert ["off", "on", "on"] == [
        running[name]["roles"]["fts-indexing"] for name in NODES
    ]
    hand = tomllib.loads(cluster["mx2"].text())
    assert {"purge": {"stores": [1]}, "fts-indexing": ["2,3"]} == hand["cluster"][
        "roles"
    ]


def test_a_second_apply_has_nothing_to_do(cluster: Cluster) -> None:
    """Apply on a cluster as it should be: the sentence, exit 0, nothing touched."""
    cluster.run("apply", "--auto-approve")
    before = cluster.shots()

    done = cluster.run("apply")

    assert NOTHING == done.last
    assert before == cluster.shots()


def test_an_unchanged_node_is_left_alone(cluster_of: MakeCluster) -> None:
    """Only the node whose hostname is wrong gets a file and a restart."""
    cluster = cluster_of(small(1), small(2, hostname="old"), small(3))
    cluster.want(nodes=NODES)
    before = cluster.shots()

    done = cluster.run("apply", "--auto-approve")
    after = cluster.shots()

    assert (
        "Apply complete! Changes: 0 added, 1 changed, 0 removed. Nodes restarted: 1."
        == done.last
    )
    assert before["mx1"] == after["mx1"]
    assert before["mx3"] == after["mx3"]
    assert before["mx2"].starts + 1 == after["mx2"].starts
    assert before["mx2"].data.replace(b'"old"', b'"mx2.example.org"') == (
        after["mx2"].data
    )


def test_state_remembers_what_was_applied(cluster: Cluster) -> None:
    """The state file holds ids, names and digests; the run its plan and its journal."""
    cluster.run("plan", "--out", "p")
    assert not cluster.state.exists()

    cluster.run("apply", "p")

    state = json.loads((cluster.state / "e2e.json").read_text())
    assert {"mx1": 1, "mx2": 2, "mx3": 3} == {
        name: node["node_id"] for name, node in state["nodes"].items()
    }
    for name, node in state["nodes"].items():
        assert digest(cluster[name].node.folder.read()) == node["digest"]
    events = [record["event"] for record in cluster.journal()]
    assert ("run-begun", "run-ended") == (events[0], events[-1])
    (kept,) = (cluster.state / "runs").glob("*/plan.json")
    saved = json.loads((cluster.folder / "p").read_text())
    assert saved["digest"] == json.loads(kept.read_text())["digest"]


def test_equal_plans_are_equal_bytes(cluster: Cluster) -> None:
    """Two plans of the same cluster differ in their times only."""
    plans = []
    for name in ("p1", "p2"):
        cluster.run("plan", "--out", name)
        text = (cluster.folder / name).read_text()
        plans.append(re.sub(r'"(created|expires)": "[^"]+"', r'"\1": ""', text))

    assert plans[0] == plans[1]


def test_apply_asks_a_person_or_nobody(cluster: Cluster) -> None:
    """Without a terminal and without --auto-approve nothing is ever carried out."""
    before = cluster.shots()

    done = cluster.run("apply", code=1)

    assert SENTENCE == done.last
    assert "Hint: stalplan apply --auto-approve" in done.err
    assert before == cluster.shots()
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last
