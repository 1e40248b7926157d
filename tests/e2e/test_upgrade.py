"""From 0.13 to 0.15 on real nodes: stop all, upgrade, apply while stopped, start."""

from typing import Any

import pytest

from e2e.cluster import Cluster
from e2e.configs import REST
from e2e.conftest import MakeCluster

BY_SERVER = (
    """\
cluster.coordinator = "nats"
cluster.node-id = 1
cluster.roles.metrics.calculate = "1,2"
cluster.roles.metrics.push.0000 = 1
cluster.roles.metrics.push.0001 = 3
cluster.roles.purge.stores.0000 = 2
cluster.roles.purge.stores.0001 = 3
server.hostname = "mx1.example.org"
store.nats.address.0000 = "nats.example.org:4222"
store.nats.type = "nats"
"""
    + REST
)
BY_HAND = """\
# Rack N, from the days of 0.11
cluster.node-id = N
cluster.coordinator = "nats"
cluster.roles.metrics.calculate = "1,2"
cluster.roles.metrics.push = [1, 3]
cluster.roles.purge.stores = [2, 3]   # the two big ones
server.hostname = "mxN.example.org"
store.nats.type = "nats"
store.nats.address = ["nats.example.org:4222"]
"""
NODES = {f"mx{n}": f'id = {n}\nhostname = "mx{n}.example.org"' for n in (1, 2, 3)}
ROLES = '[roles]\n"purge.stores" = ["mx2", "mx3"]\n'
NOTHING = "No changes. The cluster matches stalplan.toml."


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Three nodes on 0.13 that are as desired."""
    mx2, mx3 = (BY_HAND.replace("N", number, 3) + REST for number in ("2", "3"))
    made = cluster_of(BY_SERVER, mx2, mx3, release="0.13")
    made.want(nodes=NODES, after=ROLES)
    assert NOTHING == made.run("apply", "--auto-approve").last
    return made


def upgrade(cluster: Cluster, version: str = "0.15.5") -> None:
    """Every node's program is the new one from its next start on."""
    for node in cluster.nodes:
        script = node.node.folder.root / "service"
        text = script.read_text()
        assert "STANDIN_VERSION=0.13.4" in text
        script.write_text(
            text.replace("STANDIN_VERSION=0.13.4", f"STANDIN_VERSION={version}")
        )


def runs(cluster: Cluster, role: str) -> dict[str, Any]:
    """What each running server makes of *role*."""
    return {
        node.name: cluster.wait_ready(node.name)["roles"][role]
        for node in cluster.nodes
    }


@pytest.mark.parametrize(
    ("release", "version"), [("0.14", "0.14.1"), ("0.15", "0.15.5")]
)
def test_the_way_that_is_safe(cluster: Cluster, release: str, version: str) -> None:
    """Nobody begins to do half of the work without having been asked to."""
    before = runs(cluster, "purge.stores")
    cluster.release = release
    cluster.want(nodes=NODES, after=ROLES)
    ahead = cluster.plan(code=3)
    told = {(each["code"], each["key"]) for each in ahead["findings"]}
    for node in cluster.nodes:
        node.node.folder.stop()
    upgrade(cluster, version)
    cluster["mx2"].node.folder.start()
    cluster.wait_ready("mx2")
    refused = cluster.run("apply", "--auto-approve", "--while-stopped", code=3)
    cluster["mx2"].node.folder.stop()
    starts = [node.starts() for node in cluster.nodes]
    cluster.run("plan", "--while-stopped", "--out", "upgrade.plan")
    applied = cluster.run("apply", "upgrade.plan")

    assert {
        ("SP205", "cluster.roles.metrics.push"),
        ("SP205", "cluster.roles.purge.stores"),
        ("SP206", "cluster.roles.metrics.calculate"),
    } <= told
    blocking = [each["code"] for each in ahead["findings"] if each["blocks"]]
    assert ["SP602"] * 3 == blocking
    assert "--while-stopped was asked for, and mx2 runs." in refused.said
    assert applied.last.endswith("0 removed. Nodes restarted: 0.")
    assert starts == [node.starts() for node in cluster.nodes]
    assert [False] * 3 == [node.node.folder.active() for node in cluster.nodes]
    assert 'cluster.roles.purge.stores = ["2,3"]   # the' in cluster["mx3"].text()
    cluster.start()
    assert NOTHING == cluster.run("plan").last
    assert before == runs(cluster, "purge.stores")


def test_without_it_the_work_is_split(cluster: Cluster) -> None:
    """What the upgrade alone would do: 0.15 takes the same list for two parts."""
    before = runs(cluster, "purge.stores")
    for node in cluster.nodes:
        node.node.folder.stop()
    upgrade(cluster)
    cluster.start()

    after = runs(cluster, "purge.stores")
    assert before["mx1"] == after["mx1"]
    assert before["mx2"] == before["mx3"]
    assert after["mx2"] != after["mx3"]
