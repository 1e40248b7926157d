"""Bad files on nodes: a finding in a printed plan, exit 3, and nothing touched."""

import json

import pytest

from e2e.cluster import Cluster
from e2e.configs import small
from e2e.conftest import MakeCluster

MIB = 1 << 20
NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
}
SECRET = b'store.s3.secret-key = "CANARY-key"\n'
BAD = {
    "one byte over 1 MiB": ("SP507", small(2).encode().ljust(MIB + 1, b"\n")),
    "not UTF-8": ("SP507", SECRET + small(2).encode() + b'x = "\xff\xfe"\n'),
    "not parseable": ("SP501", SECRET + small(2).encode() + b'x = "CANARY\n'),
    "a key twice": ("SP501", SECRET + small(2).encode() + b"cluster.node-id = 3\n"),
}


@pytest.fixture
def cluster(cluster_of: MakeCluster) -> Cluster:
    """Two nodes; mx1's hostname is to change; mx2's file is to be spoilt."""
    cluster = cluster_of(small(1, hostname="old"), small(2))
    cluster.want(nodes=NODES)
    return cluster


@pytest.mark.parametrize(("code", "data"), BAD.values(), ids=BAD.keys())
def test_a_file_that_no_server_reads(cluster: Cluster, code: str, data: bytes) -> None:
    """The plan prints all it knows, exits 3, and apply refuses it."""
    cluster["mx2"].node.folder.write(data)
    before = cluster.shots()

    text = cluster.run("plan", "--out", "p", code=3)
    plan = cluster.plan(code=3)
    refused = cluster.run("apply", "p", code=3)
    asked = cluster.run("apply", "--auto-approve", code=3)

    found = [each for each in plan["findings"] if each["blocks"]]
    assert [(code, "mx2")] == [(each["code"], each["node"]) for each in found]
    assert found[0]["detail"]
    assert code in text.out
    assert not plan["complete"]
    assert not json.loads((cluster.folder / "p").read_text())["complete"]
    assert "Error: The plan can't be applied" in refused.err
    assert "Error: The plan can't be applied" in asked.err
    assert before == cluster.shots()


def test_a_file_of_1_mib_is_read(cluster: Cluster) -> None:
    """The limit is 1,048,576 bytes, and these are still managed."""
    data = small(2, hostname="old").encode()
    node = cluster["mx2"].node.folder
    text = node.read().replace(b"mx2.example.org", b"old.example.org")
    assert len(data) < MIB
    node.write(text.ljust(MIB - 1, b"#") + b"\n")

    cluster.run("apply", "--auto-approve")

    assert "mx2.example.org" == cluster["mx2"].status()["hostname"]
    assert abs(MIB - len(node.read())) < 10


def test_a_node_of_another_release(cluster: Cluster) -> None:
    """A server that is not of the release is found before anything is planned."""
    text = cluster.desired.read_text()
    cluster.desired.write_text(text.replace('release = "0.15"', 'release = "0.13"'))
    before = cluster.shots()

    done = cluster.run("plan", code=3)

    assert "SP602" in done.out
    assert "0.15.5" in done.out
    assert before == cluster.shots()


def test_no_file_at_all(cluster: Cluster) -> None:
    """A node without the file is told with its path; it is no new cluster."""
    path = cluster["mx2"].config
    path.rename(path.with_name("moved.toml"))

    done = cluster.run("plan", code=None)

    assert done.code in (3, 4), done.said
    assert str(path) in done.out


def test_a_file_that_is_a_folder(cluster: Cluster) -> None:
    """A folder in the file's place is told, with its path."""
    path = cluster["mx2"].config
    path.rename(path.with_name("moved.toml"))
    path.mkdir()

    done = cluster.run("plan", code=None)

    assert done.code in (3, 4), done.said
    assert str(path) in done.out


def test_two_nodes_that_are_one_machine(cluster: Cluster) -> None:
    """One file under two names would be changed twice: SP608."""
    reach = cluster.reach("mx1")
    cluster.desired.write_text(
        cluster.desired.read_text().replace(cluster.reach("mx2"), reach)
    )

    done = cluster.run("plan", code=3)

    assert "SP608" in done.out
