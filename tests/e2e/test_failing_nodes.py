"""A server that does not come up with its new file gets the old one back."""

import pytest

from e2e.cluster import BRIEF, Cluster, strangers
from e2e.configs import small
from e2e.conftest import MakeCluster

WITH_THE_NEW_ID = {"STANDIN_WHEN": "cluster.node-id=2"}
FAULTS = {
    "refuses its file": {"STANDIN_REFUSE": "1"},
    "ends without a word": {"STANDIN_REFUSE": "0"},
    "is never ready": {"STANDIN_NEVER_READY": "1"},
    "dies after two seconds": {"STANDIN_DIE_AFTER": "2"},
}


def failing(cluster_of: MakeCluster, fault: dict[str, str]) -> Cluster:
    """mx1 changes its name; mx2, after it, its id, with which its server fails."""
    cluster = cluster_of(
        small(1, hostname="old.example.org"),
        small(9, hostname="mx2.example.org"),
        small(3),
        environ={"mx2": WITH_THE_NEW_ID | fault},
        steady=None if "STANDIN_DIE_AFTER" in fault else BRIEF,
    )
    cluster.want(
        nodes={
            name: f'id = {name[2]}\nhostname = "{name}.example.org"'
            for name in ("mx1", "mx2", "mx3")
        },
        service=f'health_timeout = "{6 if "STANDIN_NEVER_READY" in fault else 30}s"',
        after='[apply]\norder = ["mx1"]',
    )
    return cluster


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_the_old_file_comes_back(
    cluster_of: MakeCluster, fault: dict[str, str]
) -> None:
    """Exit 7: the node is as it was, what was done before stays done."""
    cluster = failing(cluster_of, fault)
    before = cluster.shots()

    done = cluster.run("apply", "--auto-approve", code=7)
    cluster.wait_ready("mx2")
    after = cluster.shots()

    sentence = "Apply failed. Nodes: 1 done, 1 restored, 0 untouched, 0 unknown."
    assert sentence == done.last
    assert "mx2" in done.err.partition("Error: Apply failed")[2]
    assert before["mx2"].data == after["mx2"].data
    assert before["mx2"].owner == after["mx2"].owner
    assert before["mx2"].mode == after["mx2"].mode
    assert before["mx3"] == after["mx3"]
    assert 9 == cluster["mx2"].status()["node_id"]
    assert "mx1.example.org" == cluster["mx1"].status()["hostname"]
    assert [] == strangers(cluster["mx2"])


def test_afterwards_the_plan_is_what_is_left(cluster_of: MakeCluster) -> None:
    """A run that failed is closed: nothing to recover, the rest is planned again."""
    cluster = failing(cluster_of, FAULTS["refuses its file"])
    cluster.run("apply", "--auto-approve", code=7)

    recovered = cluster.run("recover", "--auto-approve")
    plan = cluster.plan("--detailed-exitcode", code=2)

    assert "Nothing to recover." == recovered.last
    assert ["nodes.mx2.id"] == [change["address"] for change in plan["changes"]]
    assert plan["complete"]


COORDINATED = """\
cluster.coordinator = "redis"
store.redis.type = "redis"
store.redis.urls = "redis://:CANARY@127.0.0.1:6379/0"
tracer.log.type = "log"
tracer.log.path = "@FOLDER@/logs"
tracer.log.level = "{level}"
"""


def coordinated(level: str = "info") -> str:
    """A file with a coordinator and a log; its hostname is to change."""
    return small(1, COORDINATED.format(level=level), hostname="old.example.org")


def test_a_coordinator_that_is_out_of_reach(cluster_of: MakeCluster) -> None:
    """The log tells of it, and the old file comes back."""
    fault = {
        "STANDIN_WHEN": "server.hostname=mx1.example.org",
        "STANDIN_COORDINATOR": "down",
    }
    cluster = cluster_of(coordinated(), environ={"mx1": fault})
    cluster.want(nodes={"mx1": 'id = 1\nhostname = "mx1.example.org"'})
    before = cluster.shots()

    done = cluster.run("apply", "--auto-approve", code=7)

    assert "cluster.coordinator" in done.err.partition("Error: Apply failed")[2]
    assert before["mx1"].data == cluster["mx1"].shot().data
    assert "redis" == cluster.wait_ready("mx1")["coordinator"]


def test_a_coordinator_that_is_reached(cluster_of: MakeCluster) -> None:
    """A log with both lines, and no log at all, are well."""
    cluster = cluster_of(
        coordinated(), small(2, COORDINATED.partition("tracer")[0], hostname="old")
    )
    cluster.want(
        nodes={
            name: f'id = {name[2]}\nhostname = "{name}.example.org"'
            for name in ("mx1", "mx2")
        }
    )

    done = cluster.run("apply", "--auto-approve")

    assert done.last.startswith("Apply complete!")
    assert "mx2: No log tells whether the server reached its coordinator." in done.err


def test_a_hook_that_fails_stops_nothing(cluster_of: MakeCluster) -> None:
    """`before_stop` failing means that the node is not stopped: exit 7."""
    cluster = cluster_of(small(7, hostname="mx1.example.org"))
    cluster.want(
        nodes={"mx1": 'id = 1\nhostname = "mx1.example.org"'},
        service='before_stop = ["false"]',
    )
    before = cluster.shots()

    done = cluster.run("apply", "--auto-approve", code=7)

    assert "Apply failed. Nodes: 0 done, 0 restored, 1 untouched, 0 unknown." == (
        done.last
    )
    assert before == cluster.shots()


def test_hooks_know_their_node(cluster_of: MakeCluster) -> None:
    """Both hooks run here, on the controller, once, with the node's name."""
    cluster = cluster_of(small(7, hostname="mx1.example.org"), small(2))
    hook = '["sh", "-c", "echo $0 $STALPLAN_NODE >>hooks", "%s"]'
    cluster.want(
        nodes={
            "mx1": 'id = 1\nhostname = "mx1.example.org"',
            "mx2": 'id = 2\nhostname = "mx2.example.org"',
        },
        service=f"before_stop = {hook % 'out'}\nafter_healthy = {hook % 'in'}",
    )

    cluster.run("apply", "--auto-approve")

    assert "out mx1\nin mx1\n" == (cluster.folder / "hooks").read_text()


def test_a_server_that_does_not_stop(cluster_of: MakeCluster) -> None:
    """Past `stop_timeout` the old file stays and the old server goes on: exit 7."""
    cluster = cluster_of(
        small(7, hostname="mx1.example.org"), environ={"mx1": {"STANDIN_LINGER": "60"}}
    )
    cluster.want(
        nodes={"mx1": 'id = 1\nhostname = "mx1.example.org"'},
        service='stop_timeout = "1s"\nhealth_timeout = "2s"',
    )
    before = cluster.shots()

    done = cluster.run("apply", "--auto-approve", code=7)
    after = cluster.shots()

    assert "Apply failed. Nodes: 0 done, 0 restored, 1 untouched, 0 unknown." == (
        done.last
    )
    assert before["mx1"].data == after["mx1"].data
    assert cluster["mx1"].node.folder.active()


def test_a_stopped_server_stays_stopped(cluster_of: MakeCluster) -> None:
    """Someone stopped it for a reason: it gets its file and no start."""
    cluster = cluster_of(small(7, hostname="mx1.example.org"), small(2))
    cluster.want(
        nodes={
            "mx1": 'id = 1\nhostname = "mx1.example.org"',
            "mx2": 'id = 2\nhostname = "mx2.example.org"',
        }
    )
    cluster["mx1"].node.folder.stop()
    before = cluster.shots()

    done = cluster.run("apply", "--auto-approve")
    after = cluster.shots()

    assert (
        "Apply complete! Changes: 0 added, 1 changed, 0 removed. Nodes restarted: 0."
        == done.last
    )
    assert (before["mx1"].starts, 0) == (after["mx1"].starts, after["mx1"].pid)
    assert b"cluster.node-id = 1\n" in after["mx1"].data
    assert "No changes. The cluster matches stalplan.toml." == cluster.run("plan").last
