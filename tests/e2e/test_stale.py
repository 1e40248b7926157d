"""Something changed between plan and apply: named, and nothing touched anywhere."""

import json

import pytest

from e2e.cluster import Cluster
from e2e.configs import small
from e2e.conftest import MakeCluster

NODES = {f"mx{number}": f"id = {number}" for number in (1, 2, 3)}


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Two nodes with an edit each and one without; the plan is saved as ``p``."""
    cluster = cluster_of(small(4, hostname="a"), small(2), small(6, hostname="a"))
    cluster.want(
        'hostname = "mx.example.org"',
        nodes=NODES | {"mx2": 'id = 2\nhostname = "mx2.example.org"'},
    )
    cluster.run("plan", "--out", "p")
    return cluster


def test_one_byte_is_enough(cluster: Cluster) -> None:
    """A remark on one node makes the plan stale: exit 6, the node, no key."""
    node = cluster["mx3"].node.folder
    node.write(node.read() + b"#")
    before = cluster.shots()

    done = cluster.run("apply", "p", code=6)

    assert done.err.count("Error: Plan is stale") == 1
    assert "mx3" in done.err
    assert "mx1:" not in done.err.partition("Error:")[2]
    assert "no key that this plan manages differs" in done.err
    assert "Hint: stalplan plan" in done.err
    assert "" == done.out
    assert before == cluster.shots()
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last


def test_a_byte_on_a_node_without_edits(cluster: Cluster) -> None:
    """Every node of the plan counts, also the one that it leaves alone."""
    node = cluster["mx2"].node.folder
    node.write(node.read() + b"#")
    before = cluster.shots()

    done = cluster.run("apply", "p", code=6)

    assert "mx2" in done.err.partition("Error:")[2]
    assert before == cluster.shots()


def test_a_managed_key_is_named_then_and_now(cluster: Cluster) -> None:
    """Where a managed key differs: the key, its value then, its value now."""
    node = cluster["mx3"].node.folder
    node.write(node.read().replace(b"node-id = 6", b"node-id = 7"))
    before = cluster.shots()

    done = cluster.run("apply", "p", code=6)

    assert "cluster.node-id: was 6, now 7" in done.err
    assert before == cluster.shots()


def test_another_desired_file_is_stale_too(cluster: Cluster) -> None:
    """The plan is of one desired file: remarks may change, nothing else may."""
    text = cluster.desired.read_text()
    cluster.desired.write_text(f"# a remark\n{text}".replace("id = 3", "id = 5"))
    before = cluster.shots()

    done = cluster.run("apply", "p", code=6)

    assert "stalplan.toml" in done.err
    assert before == cluster.shots()
    cluster.desired.write_text(f"# a remark\n{text}")
    cluster.run("apply", "p")


def test_a_plan_grows_old(cluster: Cluster) -> None:
    """After `plan_lifetime` a plan is stale although nothing changed."""
    plan = json.loads((cluster.folder / "p").read_text())
    plan["expires"] = "2020-01-01T00:00:00Z"
    (cluster.folder / "p").write_text(json.dumps(plan))

    done = cluster.run("apply", "p", code=6)

    assert "Error: Plan is stale" in done.err


def test_a_plan_that_was_edited_is_refused(cluster: Cluster) -> None:
    """Whoever edits a saved plan does not get another change carried out."""
    plan = json.loads((cluster.folder / "p").read_text())
    for edit in plan["edits"]:
        if edit["key"] == "server.hostname":
            edit["after"] = "evil.example.org"
    (cluster.folder / "p").write_text(json.dumps(plan))
    before = cluster.shots()

    done = cluster.run("apply", "p", code=None)

    assert done.code in (1, 6), done.said
    assert before == cluster.shots()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": "2.0"}', "\xff"])
def test_what_is_no_plan_is_refused(cluster: Cluster, text: str) -> None:
    """A file that is no plan, or a newer format's, is an error of one block."""
    (cluster.folder / "p").write_text(text, "latin-1")

    done = cluster.run("apply", "p", code=1)

    assert "Error: The plan file can't be read" in done.err
    assert "" == done.out
