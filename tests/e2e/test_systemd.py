"""The main job on real systemd nodes, as most users have them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from nodes.endpoint import Endpoint
from nodes.factories import SystemdNodes
from nodes.systemd import SystemdNode
from nodes.waiting import free_port, wait_until

from e2e.configs import small
from e2e.controller import Controller, login

pytestmark = pytest.mark.systemd

NOTHING = "No changes. The cluster matches stalplan.toml."
ENVIRONMENT = {"STANDIN_STOP_SECONDS": "0.1"}
STAT = ["stat", "-c", "%U:%G %a"]


def hostnames(*names: str) -> dict[str, str]:
    """Lines for nodes: the id is the name's number, the hostname its own."""
    return {name: f'id = {name[2:]}\nhostname = "{name}.example.org"' for name in names}


@dataclass(slots=True, kw_only=True)
class Machines(Controller):
    """A controller and the systemd nodes that it knows."""

    nodes: dict[str, SystemdNode]

    def __getitem__(self, name: str) -> SystemdNode:
        return self.nodes[name]

    def want(
        self,
        lines: Mapping[str, str],
        after: str = "",
        *,
        logins: Mapping[str, Endpoint] | None = None,
        sudo: bool = False,
    ) -> None:
        """Write the desired file. No `service.config`: systemd tells."""
        text = 'format = 1\n[cluster]\nname = "e2e"\nrelease = "0.15"\n'
        text += f'[ssh]\nknown_hosts = "known_hosts"\nsudo = {str(sudo).lower()}\n'
        text += '[service]\nhealth_timeout = "30s"\n'
        for name, own in lines.items():
            endpoint = (logins or {}).get(name, self[name].endpoint)
            text += f"[nodes.{name}]\n{own}\n{login(endpoint)}"
        self.desired.write_text(text + after)

    def shots(self) -> dict[str, tuple[object, ...]]:
        """File, owner, mode, inode, starts and state of every node's service."""
        return {
            name: (
                node.read(node.config),
                node.exec(["stat", "-c", "%i %U:%G %a", str(node.config)]).stdout,
                node.starts(),
                node.show("ActiveState"),
            )
            for name, node in self.nodes.items()
        }


class MakeMachines(Protocol):
    """Boots a machine for each config."""

    def __call__(
        self, *configs: str, environment: Mapping[str, str] | None = None
    ) -> Machines:
        """All services run. *environment* is the mail servers'."""


@pytest.fixture
def machines(systemd_nodes: SystemdNodes, tmp_path: Path) -> Iterator[MakeMachines]:
    """At the end no file that a command wrote may hold a secret of a node."""
    made: list[Machines] = []

    def make(*configs: str, environment: Mapping[str, str] | None = None) -> Machines:
        texts = [
            config.replace("@HTTP@", str(free_port()))
            .replace("@SMTP@", str(free_port()))
            .replace("@FOLDER@", "/opt/stalwart")
            for config in configs
        ]
        folder = tmp_path / "controller"
        folder.mkdir()
        booted = systemd_nodes(texts, environment=ENVIRONMENT | dict(environment or {}))
        cluster = Machines(folder=folder, nodes={node.name: node for node in booted})
        cluster.know(node.endpoint for node in booted)
        made.append(cluster)
        return made[-1]

    yield make
    for cluster in made:
        cluster.no_secret_was_kept()


def clean(node: SystemdNode) -> None:
    """Nothing beside the file, and the records where only root can write."""
    listed = node.exec(["ls", "-A", str(node.config.parent)]).stdout.split()
    assert [b"config.toml"] == listed
    work = node.exec([*STAT, "/var/lib/stalplan"]).stdout.decode().strip()
    assert "root:root 700" == work


def test_plan_apply_plan(machines: MakeMachines) -> None:
    """2, 0, 0 on three machines; the file is found through the unit."""
    cluster = machines(
        small(1, 'cluster.roles.purge.stores = "9"'),
        small(2, 'cluster.roles.purge.stores = "9"', hostname="old.example.org"),
        small(9, 'cluster.roles.purge.stores = "9"', hostname="mx3.example.org"),
    )
    cluster.want(hostnames("mx1", "mx2", "mx3"), '[roles]\n"purge.stores" = ["mx1"]\n')
    before = cluster.shots()

    cluster.run("plan", "--out", "p", "--detailed-exitcode", code=2)
    assert before == cluster.shots()
    applied = cluster.run("apply", "p")
    again = cluster.run("plan", "--detailed-exitcode")

    assert (
        "Apply complete! Changes: 0 added, 3 changed, 0 removed. Nodes restarted: 3."
        == applied.last
    )
    assert NOTHING == again.last
    for name, node in cluster.nodes.items():
        owner = node.exec([*STAT, str(node.config)]).stdout.decode().strip()
        assert "stalwart:stalwart 700" == owner
        assert 2 == len(node.starts())
        assert "active" == node.show("ActiveState")
        assert f"cluster.node-id = {name[2]}\n".encode() in node.read(node.config)
        clean(node)
        journal = node.exec(["journalctl", "--no-pager", "-p", "warning"]).stdout
        assert b"stalplan" not in journal, journal.decode()
        failed = node.exec(["systemctl", "--failed", "--no-legend"]).stdout
        assert b"" == failed


def test_stopped_and_disabled_units_stay_stopped(machines: MakeMachines) -> None:
    """What was found stopped is written to and not started; what runs is restarted."""
    cluster = machines(*(small(number, hostname="old") for number in (1, 2, 3)))
    cluster["mx1"].exec(["systemctl", "stop", "stalwart"])
    cluster["mx2"].exec(["systemctl", "disable", "--now", "stalwart"])
    cluster.want(hostnames("mx1", "mx2", "mx3"), "[apply]\nmax_unavailable = 3\n")

    done = cluster.run("apply", "--auto-approve")

    assert (
        "Apply complete! Changes: 0 added, 3 changed, 0 removed. Nodes restarted: 1."
        == done.last
    )
    assert ["inactive", "inactive", "active"] == [
        node.show("ActiveState") for node in cluster.nodes.values()
    ]
    assert [1, 1, 2] == [len(node.starts()) for node in cluster.nodes.values()]
    assert "disabled" == cluster["mx2"].show("UnitFileState")
    for name, node in cluster.nodes.items():
        assert f'"{name}.example.org"'.encode() in node.read(node.config)
    assert NOTHING == cluster.run("plan").last


def test_a_stopped_server_is_started_where_asked(machines: MakeMachines) -> None:
    """`--start-stopped` starts what was found stopped."""
    cluster = machines(small(1, hostname="old"))
    cluster["mx1"].exec(["systemctl", "stop", "stalwart"])
    cluster.want(hostnames("mx1"))

    cluster.run("apply", "--auto-approve", "--start-stopped")

    assert "active" == cluster["mx1"].show("ActiveState")


def test_an_ordinary_user_with_sudo(machines: MakeMachines) -> None:
    """With `sudo = true` a user who may run all without a password can do it all."""
    cluster = machines(small(7, hostname="mx1.example.org"))
    login = cluster["mx1"].add_user("deploy", sudo=True)
    cluster.want(hostnames("mx1"), logins={"mx1": login}, sudo=True)

    cluster.run("apply", "--auto-approve")

    node = cluster["mx1"]
    assert b"cluster.node-id = 1\n" in node.read(node.config)
    owner = node.exec([*STAT, str(node.config)]).stdout.decode().strip()
    assert "stalwart:stalwart 700" == owner
    clean(node)
    assert NOTHING == cluster.run("plan").last


def test_sudo_that_wants_a_password(machines: MakeMachines) -> None:
    """A user without that right gets told so, with exit 4; nothing is touched."""
    cluster = machines(small(7, hostname="mx1.example.org"))
    login = cluster["mx1"].add_user("deploy")
    cluster.want(hostnames("mx1"), logins={"mx1": login}, sudo=True)
    before = cluster.shots()

    done = cluster.run("plan", code=4)

    assert "sudo" in done.out
    assert "password" in done.out
    assert "mx1" in done.out
    assert before == cluster.shots()


def test_an_ordinary_user_without_sudo(machines: MakeMachines) -> None:
    """A user who may not read the file is told so; no traceback, nothing touched."""
    cluster = machines(small(7, hostname="mx1.example.org"))
    login = cluster["mx1"].add_user("deploy")
    cluster.want(hostnames("mx1"), logins={"mx1": login})
    before = cluster.shots()

    done = cluster.run("plan", code=None)

    assert done.code in (3, 4), done.said
    assert "/opt/stalwart/etc/config.toml" in done.out
    assert before == cluster.shots()


def test_a_unit_that_fails_with_its_new_file(machines: MakeMachines) -> None:
    """Restart=on-failure or not: the old file comes back, and the service with it."""
    fails = {"STANDIN_WHEN": "cluster.node-id=1", "STANDIN_REFUSE": "1"}
    cluster = machines(small(7, hostname="mx1.example.org"), environment=fails)
    cluster.want(hostnames("mx1"))
    before = cluster["mx1"].read(cluster["mx1"].config)

    done = cluster.run("apply", "--auto-approve", code=7)

    node = cluster["mx1"]
    assert "Apply failed. Nodes: 0 done, 1 restored, 0 untouched, 0 unknown." == (
        done.last
    )
    assert before == node.read(node.config)
    wait_until(lambda: node.show("ActiveState") == "active", what="the old server")
    owner = node.exec([*STAT, str(node.config)]).stdout.decode().strip()
    assert "stalwart:stalwart 700" == owner
    clean(node)
    assert "Nothing to recover." == cluster.run("recover", "--auto-approve").last
