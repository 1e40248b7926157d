"""The coordinator's store on real nodes: its secret is written and told nowhere."""

from pathlib import Path

import pytest

from e2e.cluster import Cluster
from e2e.configs import CANARY, small
from e2e.conftest import MakeCluster
from e2e.test_interrupted import killed, seen

NODES = {f"mx{number}": f"id = {number}" for number in (1, 2, 3)}
SECRET = f"{CANARY}-pass"
BUS = """\
cluster.coordinator = "redis"
store.redis.type = "redis"
store.redis.urls = ["%{env:REDIS_URL}%"]"""
OLD = f'{BUS}\nstore.redis.password = "{CANARY}-old"\nstore.redis.user = "{CANARY}-u"'


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Where the secret lies, and a count of how often it was asked for."""
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "secret").write_text(f"{SECRET}\n")
    script = f"echo asked >> {vault}/asked; cat {vault}/secret; echo {CANARY} >&2"
    (vault / "script").write_text(script)
    return vault


@pytest.fixture
def cluster(cluster_of: MakeCluster, vault: Path) -> Cluster:
    """Three nodes: with another secret, without any, and without a store."""
    cluster = cluster_of(
        small(1, OLD),
        small(2, BUS),
        small(3),
        environ={f"mx{i}": {"REDIS_URL": "redis://127.0.0.1"} for i in (1, 2, 3)},
    )
    want(cluster, vault)
    temporary = cluster.folder / "tmp"
    temporary.mkdir()
    cluster.more_environ["TMPDIR"] = str(temporary)  # looked through at the end
    return cluster


def want(cluster: Cluster, vault: Path, more: str = "") -> None:
    """Ask for the store, with its password from a program."""
    cluster.want(
        'coordinator = "redis"',
        nodes=NODES,
        after=(
            '[store.redis]\ntype = "redis"\nurls = ["%{env:REDIS_URL}%"]\n'
            f'password = {{ command = ["sh", "{vault}/script"] }}\n{more}'
        ),
    )


def asked(vault: Path) -> int:
    """How often the program has run."""
    return len((vault / "asked").read_text().splitlines())


def test_a_secret_reaches_the_nodes_and_nothing_else(
    cluster: Cluster, vault: Path
) -> None:
    """Planned, saved, applied, planned again; the fixture looks for what was told."""
    plan = cluster.plan("--out", "p")

    assert {
        ("create", "cluster.coordinator", None, "redis"),
        ("create", "store.redis.type", None, "redis"),
        ("create", "store.redis.urls", None, "%{env:REDIS_URL}%"),
        ("update", "store.redis.password", "(sensitive)", "(sensitive)"),
        ("create", "store.redis.password", None, "(sensitive)"),
        ("delete", "store.redis.user", "(sensitive)", None),
    } == {
        (c["action"], c["address"], c["before"], _one(c["after"]))
        for c in plan["changes"]
    }
    assert 1 == asked(vault)
    cluster.run("show", "p", "--format", "text", "--format", "html=plan.html")

    done = cluster.run("apply", "p")

    assert "Apply complete! Changes: 4 added, 1 changed, 1 removed." in done.last
    assert 2 == asked(vault)  # once more for the whole run
    for node in cluster.nodes:
        assert f'store.redis.password = "{SECRET}"' in node.text()
        assert 'urls = ["%{env:REDIS_URL}%"]' in node.text()
        assert f"{CANARY}-u" not in node.text()
    again = cluster.run("plan")
    assert "No changes. The cluster matches stalplan.toml." == again.last


def _one(value: object) -> object:
    return value[0] if isinstance(value, list) else value


def test_a_secret_that_changed_makes_the_plan_stale(
    cluster: Cluster, vault: Path
) -> None:
    """Exit 6 and the key's name; no node is touched."""
    cluster.run("plan", "--out", "p")
    (vault / "secret").write_text(f"{SECRET}-later\n")
    before = cluster.shots()

    done = cluster.run("apply", "p", code=6)

    assert "mx1: store.redis.password would get another secret than" in done.err
    assert before == cluster.shots()


def test_a_secret_that_cannot_be_read(cluster: Cluster, vault: Path) -> None:
    """SP609 with line and reason; a plan is shown and none can be applied."""
    (vault / "secret").write_bytes(SECRET.encode() + b"\\\n")
    before = cluster.shots()

    plan = cluster.plan("--out", "p", code=3)

    finding = next(f for f in plan["findings"] if f["code"] == "SP609")
    assert ("store.redis.password", True) == (finding["key"], finding["blocks"])
    assert "the command sh. It holds a backslash" in finding["detail"]
    assert False is plan["complete"]
    assert {"(sensitive, not compared)"} == {
        change["after"]
        for change in plan["changes"]
        if change["address"] == "store.redis.password"
    }
    cluster.run("apply", "p", code=3)
    cluster.run("apply", "--auto-approve", code=3)
    assert before == cluster.shots()


def test_macros_are_left_alone(cluster: Cluster, vault: Path) -> None:
    """A macro keeps its secret on the node: it is compared and written as a text."""
    want(cluster, vault, 'user = "%{env:REDIS_USER}%"\n')

    plan = cluster.plan()

    users = {
        (change["before"], change["after"])
        for change in plan["changes"]
        if change["address"] == "store.redis.user"
    }
    assert {("(sensitive)", "%{env:REDIS_USER}%"), (None, "%{env:REDIS_USER}%")} == (
        users
    )


def test_recover_ends_a_run_with_a_secret(cluster: Cluster, vault: Path) -> None:
    """The file of an interrupted step is made again from the same secret."""
    cluster.steady = None  # there must be time to kill it
    assert killed(cluster, seen("begin", "commit", times=2))

    recovered = cluster.run("recover", "--auto-approve")

    assert "0 unknown." in recovered.last
    cluster.run("apply", "--auto-approve")  # a killed run may have left steps undone
    assert all(SECRET in node.text() for node in cluster.nodes)
    asked_before = asked(vault)
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last
    assert asked_before == asked(vault)
