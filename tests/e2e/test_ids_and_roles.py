"""Ids swapped and doubled, roles that follow them, in the dialects of the releases."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from e2e.cluster import Cluster
from e2e.configs import small
from e2e.conftest import MakeCluster


class Watch:
    """Asks all servers, again and again, which id they run with."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over = Event()
        self._seen: dict[tuple[str, int, int], list[int]] = {}
        self._round = 0

    def look(self) -> None:
        """Ask all nodes, one after the other, until told to stop."""
        while not self._over.is_set():
            for node in self._cluster.nodes:
                self._round += 1
                status = node.status()
                if status:
                    life = (node.name, status["pid"], status["node_id"])
                    self._seen.setdefault(life, []).append(self._round)

    def end(self) -> None:
        """Stop asking."""
        self._over.set()

    def doubled(self) -> list[tuple[str, str, int]]:
        """Pairs of nodes that ran with one id at the same moment, and that id.

        A process was alive from the first to the last time that it answered.
        """
        lives = [(*life, min(at), max(at)) for life, at in self._seen.items()]
        return [
            (one, other, one_id)
            for one, _, one_id, one_from, one_to in lives
            for other, _, other_id, other_from, other_to in lives
            if one < other
            and one_id % 512 == other_id % 512
            and one_from <= other_to
            and other_from <= one_to
        ]

    def lives(self) -> int:
        """How many different processes answered."""
        return len({(node, pid) for node, pid, _ in self._seen})


@contextmanager
def watched(cluster: Cluster) -> Iterator[Watch]:
    """Watch the servers while the block runs."""
    watch = Watch(cluster)
    thread = Thread(target=watch.look)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()


def ids(cluster: Cluster) -> dict[str, int]:
    """The id that every running server has in effect."""
    return {node.name: node.status()["node_id"] for node in cluster.nodes}


def roles(cluster: Cluster, name: str) -> dict[str, object]:
    """The role lists in one node's file."""
    found: dict[str, object] = tomllib.loads(cluster[name].text())["cluster"]["roles"]
    return found


def test_two_nodes_swap_their_ids(cluster_of: MakeCluster) -> None:
    """One takes the spare id for a while, so that no id ever runs twice."""
    role = 'cluster.roles.purge.stores = "1"'
    cluster = cluster_of(small(2, role), small(1, role), small(3, role))
    cluster.want(
        'hostname = "mx.example.org"',
        nodes={name: f"id = {name[2]}" for name in ("mx1", "mx2", "mx3")},
        after='[roles]\n"purge.stores" = ["mx2"]\n[apply]\nspare_id = 77',
    )
    before = cluster.shots()
    plan = cluster.plan("--out", "p")

    with watched(cluster) as watch:
        cluster.run("apply", "p")

    after = cluster.shots()
    assert [] == watch.doubled()
    assert watch.lives() > 3
    assert {"mx1": 1, "mx2": 2, "mx3": 3} == ids(cluster)
    extra = [edit for step in plan["steps"] for edit in step["edits"]]
    assert ["77"] == [
        str(edit["after"]) for edit in extra if edit["key"] == "cluster.node-id"
    ]
    planned = sum(
        len(step["nodes"]) for step in plan["steps"] if "start" in step["actions"]
    )
    restarts = sum(after[name].starts - before[name].starts for name in after)
    assert plan["summary"]["restarts"] == planned == restarts
    for name in ids(cluster):
        assert {"purge": {"stores": "2"}} == roles(cluster, name)
    cluster.run("plan", "--detailed-exitcode")


def test_duplicate_ids_come_first(cluster_of: MakeCluster) -> None:
    """Two nodes that share an id are parted; the plan calls it today's fault."""
    cluster = cluster_of(small(1), small(1, hostname="mx2.example.org"))
    cluster.want(
        nodes={
            name: f'id = {name[2]}\nhostname = "{name}.example.org"'
            for name in ("mx1", "mx2")
        }
    )
    before = cluster.shots()
    plan = cluster.plan("--out", "p")
    (finding,) = [each for each in plan["findings"] if each["code"] == "SP101"]

    cluster.run("apply", "p")

    assert ("live", False) == (finding["scope"], finding["blocks"])
    assert {"mx1": 1, "mx2": 2} == ids(cluster)
    assert before["mx1"] == cluster["mx1"].shot()


def test_a_list_follows_its_node(cluster_of: MakeCluster) -> None:
    """A role that nobody manages keeps its meaning when its node is renumbered."""
    more = 'cluster.roles.fts-indexing = ["1", "5"]'
    cluster = cluster_of(small(1, more), small(5, more, hostname="mx2.example.org"))
    cluster.want(
        nodes={
            name: f'id = {name[2]}\nhostname = "{name}.example.org"'
            for name in ("mx1", "mx2")
        }
    )

    cluster.run("apply", "--auto-approve")

    for name in ("mx1", "mx2"):
        assert {"fts-indexing": ["1", "2"]} == roles(cluster, name)
    assert {"shard": 1, "of": 2} == cluster["mx2"].status()["roles"]["fts-indexing"]


def test_integer_lists_of_0_13(cluster_of: MakeCluster) -> None:
    """In 0.13 a list of numbers is one list of nodes, and stays one."""
    more = "cluster.roles.purge.stores = [1, 2]\ncluster.roles.metrics.push = [9]"
    cluster = cluster_of(
        small(1, more), small(7, more, hostname="old"), small(3, more), release="0.13"
    )
    cluster.want(
        nodes={
            name: f'id = {name[2]}\nhostname = "{name}.example.org"'
            for name in ("mx1", "mx2", "mx3")
        },
        after='[roles]\n"purge.stores" = ["mx2", "mx3"]\n"metrics.push" = "none"',
    )

    cluster.run("plan", "--detailed-exitcode", code=2)
    cluster.run("apply", "--auto-approve")

    for name in ids(cluster):
        assert {"purge": {"stores": [2, 3]}, "metrics": {"push": [9]}} == roles(
            cluster, name
        )
    held = [node.status()["roles"]["purge.stores"] for node in cluster.nodes]
    assert ["off", "on", "on"] == held
    assert {"mx1": 1, "mx2": 2, "mx3": 3} == ids(cluster)
    cluster.run("plan", "--detailed-exitcode")
