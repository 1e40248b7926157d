"""A node that can't be reached is told with its cause, and stops no plan's printing."""

import json

import pytest
from nodes.endpoint import make_key

from e2e.cluster import Cluster
from e2e.configs import small
from e2e.conftest import MakeCluster
from e2e.controller import Done


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Two nodes; mx1's hostname is to change."""
    cluster = cluster_of(small(1, hostname="old.example.org"), small(2))
    want(cluster)
    return cluster


def want(cluster: Cluster, mx2: str = "") -> None:
    """The desired file, with more lines for mx2."""
    cluster.want(
        nodes={
            "mx1": 'id = 1\nhostname = "mx1.example.org"',
            "mx2": f'id = 2\nhostname = "mx2.example.org"\n{mx2}',
        }
    )


def refused(cluster: Cluster) -> tuple[Done, str]:
    """A plan that prints but is not appliable, and what SP601 says in it."""
    before = cluster.shots()
    done = cluster.run("plan", "--format", "json", "--out", "p", code=4)
    plan = json.loads(done.out)
    assert not plan["complete"]
    assert plan["nodes"]["mx1"]["reached"]
    assert not plan["nodes"]["mx2"]["reached"]
    (finding,) = [each for each in plan["findings"] if each["code"] == "SP601"]
    assert ("mx2", True) == (finding["node"], finding["blocks"])
    cluster.run("apply", "p", code=3)
    assert before == cluster.shots()
    return (
        done,
        f"{plan['nodes']['mx2']['error']} {finding['detail']} {finding['hint']}",
    )


def test_nobody_listens(cluster: Cluster) -> None:
    """A refused port is called refused; the text plan is printed and exits with 4."""
    cluster["mx2"].node.sshd.stop()

    _, said = refused(cluster)
    text = cluster.run("plan", code=4)
    applied = cluster.run("apply", "--auto-approve", code=4)

    assert "refused" in said.lower()
    assert str(cluster["mx2"].node.endpoint.port) in said
    assert "mx1" in text.out
    assert "No changes" not in text.out
    assert "Error: Node unreachable" in applied.err


def test_the_host_key_has_changed(cluster: Cluster) -> None:
    """Another key than known_hosts has: its fingerprint is told, nobody logs in."""
    sshd = cluster["mx2"].node.sshd
    sshd.change_host_key()

    _, said = refused(cluster)

    assert sshd.host_key_fingerprint in said
    assert "ssh" in said


def test_the_host_key_is_unknown(cluster: Cluster) -> None:
    """A key that nothing vouches for: its fingerprint, and how to check it."""
    cluster.know_hosts("mx2")

    _, said = refused(cluster)

    assert cluster["mx2"].node.sshd.host_key_fingerprint in said


def test_the_login_is_refused(cluster: Cluster) -> None:
    """A key that the node does not accept is an authentication failure."""
    other = make_key(cluster.folder / "other")
    want(cluster)
    text = cluster.desired.read_text()
    head, mark, tail = text.partition("[nodes.mx2]")
    identity = str(cluster["mx2"].node.endpoint.identity)
    cluster.desired.write_text(head + mark + tail.replace(identity, str(other.path)))

    _, said = refused(cluster)

    assert f"refused {other.path}" in said
    assert f"{cluster['mx2'].node.endpoint.user}@127.0.0.1" in said


def test_a_node_can_be_left_out(cluster: Cluster) -> None:
    """With --exclude the node is not asked and the others are planned and done."""
    cluster["mx2"].node.sshd.stop()

    cluster.run("apply", "--auto-approve", "--exclude", "mx2")

    assert "mx1.example.org" == cluster["mx1"].status()["hostname"]


def test_a_wrong_port_of_a_silent_host(cluster: Cluster) -> None:
    """A port where something else answers is no SSH server."""
    head, mark, tail = cluster.desired.read_text().partition("[nodes.mx2]")
    port = f"ssh.port = {cluster['mx2'].node.endpoint.port}"
    web = tail.replace(port, f"ssh.port = {cluster['mx2'].http}")
    cluster.desired.write_text(head + mark + web)

    _, said = refused(cluster)

    assert str(cluster["mx2"].http) in said


def test_all_nodes_away(cluster: Cluster) -> None:
    """With nobody there the plan still is one document, and nothing hangs."""
    for node in cluster.nodes:
        node.node.sshd.stop()

    plan = cluster.plan(code=4)

    assert [False, False] == [node["reached"] for node in plan["nodes"].values()]
    assert {"add": 0, "change": 0, "remove": 0, "files": 0, "restarts": 0} == (
        plan["summary"]
    )
