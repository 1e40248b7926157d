"""Back to the old files: after a failure, and instead of going on."""

from collections.abc import Mapping

import pytest
from nodes.waiting import wait_until

from e2e.cluster import Cluster, Shot
from e2e.configs import small
from e2e.conftest import MakeCluster
from e2e.test_interrupted import MOMENTS, NODES, NOTHING, killed

FAILS_WITH_2 = {"STANDIN_WHEN": "cluster.node-id=2", "STANDIN_REFUSE": "1"}


def old(bases: Mapping[str, Shot]) -> dict[str, bytes]:
    return {name: shot.data for name, shot in bases.items()}


def files(cluster: Cluster) -> dict[str, bytes]:
    return {node.name: node.node.folder.read() for node in cluster.nodes}


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """A name to change on the first node, an id on the second."""
    configs = small(1, hostname="a"), small(8, hostname="mx2.example.org")
    cluster = cluster_of(*configs, steady=None)  # there must be time to kill it
    cluster.want(nodes=NODES, after='[apply]\norder = ["mx1", "mx2"]')
    return cluster


def test_what_was_done_is_taken_back_when_a_node_fails(cluster_of: MakeCluster) -> None:
    """Exit 7, every node has its old file and runs it, the plan is the same again."""
    cluster = cluster_of(
        small(1, hostname="old.example.org"),
        small(9, hostname="mx2.example.org"),
        small(3),
        environ={"mx2": FAILS_WITH_2},
    )
    cluster.want(
        nodes={
            name: f'id = {name[2]}\nhostname = "{name}.example.org"'
            for name in ("mx1", "mx2", "mx3")
        },
        after='[apply]\norder = ["mx1"]',
    )
    before, planned = cluster.shots(), cluster.plan()

    done = cluster.run("apply", "--auto-approve", "--undo-on-failure", code=7)

    assert "Apply failed. Nodes: 0 done, 2 restored, 0 untouched, 0 unknown." == (
        done.last
    )
    assert "Taking back what was done." in done.err
    assert "Until this is finished" not in done.err
    assert old(before) == files(cluster)
    cluster.is_whole(before, old(before))
    assert "old.example.org" == cluster.wait_ready("mx1")["hostname"]
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last
    assert planned["digest"] == cluster.plan()["digest"]


def test_recover_goes_back_from_another_machine(cluster: Cluster) -> None:
    """The nodes' own records and copies are all that `--undo` needs."""
    bases = cluster.shots()
    assert killed(cluster, MOMENTS["in the last node"])

    recovered = cluster.run(
        "recover", "--undo", "--auto-approve", "--state", "elsewhere"
    )

    sentence = "Recovered. Nodes: 0 finished, 2 undone, 0 unknown."
    assert sentence == recovered.last, recovered.said
    assert "taken over from" in recovered.err
    cluster.is_whole(bases, old(bases))
    assert old(bases) == files(cluster)
    assert "a" == cluster.wait_ready("mx1")["hostname"]
    cluster.run("recover", "--auto-approve")
    cluster.run("apply", "--auto-approve")
    assert NOTHING == cluster.run("plan").last


def test_a_node_that_nobody_can_judge_is_closed_by_a_person(
    cluster_of: MakeCluster,
) -> None:
    """`--forget` shows the digests and what to look at, then lets the run end."""
    with_hook = {"STANDIN_WHEN": "cluster.node-id=2", "STANDIN_NEVER_READY": "1"}
    cluster = cluster_of(
        small(8, hostname="mx2.example.org"), environ={"mx1": with_hook}
    )
    cluster.want(
        nodes={"mx1": 'id = 2\nhostname = "mx2.example.org"'},
        service='health_timeout = "8s"',
    )
    process = cluster.begin("apply", "--auto-approve")
    waits = "Waiting until the server is well"
    assert process.stderr is not None
    wait_until(lambda: waits in process.stderr.readline(), 60, "the wait")  # type: ignore[union-attr] # said above
    by_hand = b"# by hand\n" + cluster["mx1"].node.folder.read()
    cluster["mx1"].config.write_bytes(by_hand)
    failed = cluster.collect(process)

    unknown = cluster.run("recover", "--auto-approve", code=8)
    asked = cluster.run("recover", "--forget", "mx1", code=1)
    closed = cluster.run("recover", "--forget", "mx1", "--auto-approve")

    assert 8 == failed.code, failed.said
    assert "Recovered. Nodes: 0 finished, 0 undone, 1 unknown." == unknown.last
    for said in (asked.err, closed.err):
        for word in ("before the step  sha256:", "after the step ", "(neither)"):
            assert word in said
        assert str(cluster["mx1"].config) in said
    assert "Hint: stalplan recover --forget mx1 --auto-approve" in asked.err
    assert "Recovered. Nodes: 0 finished, 1 undone, 0 unknown." == closed.last
    assert by_hand == cluster["mx1"].node.folder.read()
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last
