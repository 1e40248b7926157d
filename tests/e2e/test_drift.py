"""`stalplan drift` on real nodes: named, adopted, and then gone."""

import base64
import json
import urllib.request
from typing import Any

import pytest

from e2e.cluster import Cluster, MailNode
from e2e.configs import WRITTEN_BY_BOTH, WRITTEN_BY_HAND, WRITTEN_BY_SERVER
from e2e.conftest import MakeCluster

NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
    "mx3": 'id = 3\nhostname = "mx3.example.org"',
}
ROLES = """\
[roles]
"purge.stores" = ["mx1"] # the quiet one
"""
NO_DRIFT = "No drift. The nodes are as they were last applied.\n"


@pytest.fixture
def applied(cluster_of: MakeCluster) -> Cluster:
    """A cluster as it was applied."""
    cluster = cluster_of(WRITTEN_BY_SERVER, WRITTEN_BY_HAND, WRITTEN_BY_BOTH)
    cluster.want('coordinator = "redis"', nodes=NODES, after=ROLES)
    cluster.run("apply", "--auto-approve")
    return cluster


def edit(node: MailNode, before: str, after: str) -> None:
    """Change the node's file in place, as an editor does."""
    text = node.text()
    assert before in text
    node.config.write_bytes(text.replace(before, after).encode())


def save(node: MailNode, key: str, text: str) -> None:
    """What a click on Save in the web admin sends."""
    insert = {"type": "insert", "prefix": None, "assert_empty": False}
    body = json.dumps([insert | {"values": [[key, text]]}]).encode()
    login = base64.b64encode(b"admin:CANARY-admin").decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{node.http}/api/settings",
        data=body,
        headers={"Authorization": f"Basic {login}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        assert {"data": None} == json.loads(answer.read())


def drift(cluster: Cluster, *argv: str, code: int) -> dict[str, Any]:
    """The JSON of one `stalplan drift`."""
    done = cluster.run("drift", "--format", "json", *argv, code=code)
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_a_hand_edit_is_named_adopted_and_gone(applied: Cluster) -> None:
    """A role that was moved by hand is told, then asked for, and then no drift."""
    assert NO_DRIFT == applied.run("drift", "--detailed-exitcode").out
    edit(applied["mx2"], "stores = [1]", "stores = [2]")

    told = applied.run("drift", "--detailed-exitcode", code=2)
    document = drift(applied, "--detailed-exitcode", code=2)
    adopted = applied.run("drift", "--adopt")

    assert "~ roles.purge.stores: mx1 -> mx2\n" in told.out
    assert told.out.endswith("Drift: 1 setting on 1 node.\n")
    (only,) = document["drift"]
    assert ["mx2"] == list(only["nodes"])
    assert not only["nodes"]["mx2"]["server_form"]
    assert only["nodes"]["mx2"]["in_effect"] is False
    assert '+ "purge.stores" = ["mx2"] # the quiet one; adopted ' in adopted.out
    assert NO_DRIFT == applied.run("drift", "--detailed-exitcode").out
    changes = applied.plan("--detailed-exitcode", code=2)["changes"]
    moved = [change for change in changes if change["kind"] == "move_role"]
    assert ["desired"] == [change["cause"] for change in moved]
    applied.no_secret_was_kept()


def test_a_save_in_the_web_admin_is_recognised(applied: Cluster) -> None:
    """The server's own rewrite is told from an edit by hand, and plan puts it back."""
    node = applied["mx2"]
    save(node, "server.hostname", "clicked.example.org")

    (only,) = drift(applied, code=0)["drift"]
    assert ("nodes.mx2.hostname", "mx2.example.org", "clicked.example.org") == (
        only["address"],
        only["before"],
        only["after"],
    )
    assert only["nodes"]["mx2"]["server_form"]
    assert "as a save in its web admin leaves it" in applied.run("drift").out
    applied.run("apply", "--auto-approve")
    assert NO_DRIFT == applied.run("drift").out


def test_what_the_file_can_t_ask_for_is_refused(applied: Cluster) -> None:
    """An id that another node has is told and left; the rest is adopted."""
    edit(applied["mx2"], "node-id = 2", "node-id = 3")
    edit(applied["mx3"], "mx3.example.org", "three.example.org")

    done = applied.run("drift", "--adopt", "--detailed-exitcode", code=2)

    assert "nodes.mx2.id -> 3 can't be adopted: " in done.out
    assert '+ hostname = "three.example.org"  # adopted ' in done.out
    left = drift(applied, code=0)["drift"]
    assert ["nodes.mx2.id"] == [each["address"] for each in left]


def test_without_a_record_the_desired_file_counts(cluster_of: MakeCluster) -> None:
    """Nothing was ever applied: drift is what the nodes have instead."""
    cluster = cluster_of(WRITTEN_BY_SERVER, WRITTEN_BY_HAND, WRITTEN_BY_BOTH)
    cluster.want('coordinator = "redis"', nodes=NODES)

    document = drift(cluster, "--detailed-exitcode", code=2)

    assert "desired" == document["compared_with"]
    assert {"nodes.mx2.hostname", "nodes.mx3.id"} == {
        each["address"] for each in document["drift"]
    }
    cluster.run("drift", "--adopt")
    assert "No changes." in cluster.run("plan").last


def test_a_node_that_can_t_be_read(applied: Cluster) -> None:
    """A node that is not reached is told, and the exit code says so."""
    applied.know_hosts("mx3")

    document = drift(applied, code=4)

    assert ["mx3"] == list(document["errors"])
    assert [] == document["drift"]
