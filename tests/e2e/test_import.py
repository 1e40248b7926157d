"""`stalplan import` on real nodes: whatever they are, its first plan is known."""

import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nodes.endpoint import Endpoint
from nodes.factories import OpenSshNodes, SystemdNodes
from nodes.podman import PodmanMachine
from nodes.systemd import SystemdNode
from nodes.waiting import free_port, wait_until

from e2e.cluster import Cluster
from e2e.configs import REST, WRITTEN_BY_BOTH, WRITTEN_BY_HAND, WRITTEN_BY_SERVER
from e2e.conftest import MakeCluster
from e2e.controller import Controller, Done

NOTHING = "No changes. The cluster matches stalplan.toml."


def place(name: str, endpoint: Endpoint) -> str:
    """The word that names a node."""
    return f"{name}={endpoint.user}@{endpoint.address}:{endpoint.port}"


def login(endpoint: Endpoint) -> list[str]:
    """Options that say how to log in everywhere."""
    key = str(endpoint.identity)
    return ["--ssh-identity-file", key, "--ssh-known-hosts", "known_hosts"]


def words_of(cluster: Cluster, name: str) -> list[str]:
    """What names one node of a cluster without systemd, each with its own commands."""
    endpoint, folder = cluster[name].node.endpoint, cluster[name].node.folder
    told = {
        "config": [str(folder.config)],
        "start": folder.start_argv,
        "stop": folder.stop_argv,
        "active": folder.active_argv,
        "pid": folder.pid_argv,
        "version": folder.version_argv,
    }
    words = [place(name, endpoint), *login(endpoint), "--service-manager", "command"]
    for key, argv in told.items():
        words += [f"--service-{key}", shlex.join(argv)]
    return words


def test_one_node_after_the_other(cluster_of: MakeCluster) -> None:
    """Nodes that share nothing are merged one by one, and the plan has no changes."""
    cluster = cluster_of(WRITTEN_BY_SERVER, WRITTEN_BY_HAND, WRITTEN_BY_BOTH)
    before = cluster.shots()
    first = cluster.run("import", *words_of(cluster, "mx1"), "--out", "stalplan.toml")
    with cluster.desired.open("a") as handle:
        handle.write("# the last line, by hand\n")
    for name in ("mx2", "mx3"):
        cluster.run("import", "--merge", *words_of(cluster, name))
    again = cluster.run("import", "--merge", *words_of(cluster, "mx3"))

    assert "stalplan.toml: 1 node, 0.15.\n" in first.err
    assert "mx3 is in stalplan.toml already, and was not asked." in again.err
    text = cluster.desired.read_text()
    assert "# the last line, by hand\n" in text
    wanted = tomllib.loads(text)
    assert [1, 2, 9] == [node["id"] for node in wanted["nodes"].values()]
    assert {"fts-indexing": ["mx2", "mx3"], "purge.stores": ["mx2"]} == wanted["roles"]
    assert NOTHING == cluster.run("plan", "--detailed-exitcode").last
    assert before == cluster.shots()


def test_nothing_is_overwritten(cluster_of: MakeCluster) -> None:
    """A file that is there stays, and no node is asked."""
    cluster = cluster_of(WRITTEN_BY_SERVER)
    cluster.desired.write_text("mine")
    done = cluster.run(
        "import", *words_of(cluster, "mx1"), "--out", "stalplan.toml", code=1
    )

    assert "stalplan.toml is there already, and is never overwritten." in done.err
    assert "mine" == cluster.desired.read_text()
    assert 0 == cluster["mx1"].node.sshd.logins()


@dataclass(slots=True, kw_only=True)
class Machines(Controller):
    """A controller and systemd nodes, as they were installed."""

    nodes: list[SystemdNode]

    def first_import(self, *words: str) -> Done:
        """An import into a file that isn't there."""
        self.desired.unlink(missing_ok=True)
        return self.run("import", *words, "--out", "stalplan.toml")

    def odd(self) -> dict[str, Any]:
        """The nodes of the file by its own words."""
        found: dict[str, Any] = tomllib.loads(self.desired.read_text())["nodes"]
        return found


@pytest.fixture
def machines(systemd_nodes: SystemdNodes, tmp_path: Path) -> Iterator[Machines]:
    """Three nodes that are as they should be."""
    roles = 'cluster.roles.purge.stores = ["2,3"]\n'
    texts = [
        f'cluster.node-id = {n}\nserver.hostname = "mx{n}.example.org"\n{roles}'
        + REST.replace("@HTTP@", str(free_port()))
        .replace("@SMTP@", str(free_port()))
        .replace("@FOLDER@", "/opt/stalwart")
        for n in (1, 2, 3)
    ]
    nodes = systemd_nodes(texts, environment={"STANDIN_STOP_SECONDS": "0.1"})
    folder = tmp_path / "controller"
    folder.mkdir()
    made = Machines(folder=folder, nodes=nodes)
    made.know(node.endpoint for node in nodes)
    yield made
    made.no_secret_was_kept()


def inventories(nodes: list[SystemdNode]) -> dict[str, str]:
    """The same three nodes in every list that others keep, and what is no node."""
    key = nodes[0].endpoint.identity
    ports = [node.endpoint.port for node in nodes]
    one, two, three = ports
    return {
        "list": "".join(
            f"mx{n} = root@127.0.0.1:{port}  # rack {n}\n"
            for n, port in enumerate(ports, 1)
        ),
        "hosts.ini": f"""\
bastion ansible_host=198.51.100.1
[front]
mx1 ansible_port={one}
[back]
mx2 ansible_port={two}
mx3 ansible_port={three}
[mail:children]
front
back
[mail:vars]
ansible_host=127.0.0.1
ansible_user=root
ansible_ssh_private_key_file="{key}"
""",
        "hosts.yml": f"""\
all:
  hosts:
    bastion: {{ansible_host: 198.51.100.1}}
  children:
    mail:
      vars: {{ansible_host: 127.0.0.1, ansible_ssh_private_key_file: {key}}}
      children:
        front: {{hosts: {{mx1: {{ansible_port: {one}}}}}}}
        back:
          hosts:
            mx[2:3]: {{ansible_user: root}}
            mx2: {{ansible_port: {two}}}
            mx3: {{ansible_port: {three}}}
""",
        "ssh_config": f"""\
Host bastion
  HostName 198.51.100.1
Host mx1
  Port {one}
Host mx2
  Port {two}
Host mx3
  Port {three}
Host mx?
  HostName 127.0.0.1
  User root
  IdentityFile {key}
""",
    }


@pytest.mark.systemd
def test_lists_that_others_keep(machines: Machines) -> None:
    """From each of them comes a file whose plan has no changes."""
    keys = login(machines.nodes[0].endpoint)
    for name, text in inventories(machines.nodes).items():
        (machines.folder / name).write_text(text)
        picked = {"hosts.ini": ["mail"], "hosts.yml": ["mail"]}.get(name, [])
        picked = ["mx1", "mx2", "mx3"] if name == "ssh_config" else picked
        options = keys if name == "list" else keys[2:]
        done = machines.first_import("--from", name, *picked, *options)

        assert "`stalplan plan` will find no changes." in done.err, done.said
        assert NOTHING == machines.run("plan", "--detailed-exitcode").last, name
        wanted = tomllib.loads(machines.desired.read_text())
        grouped = name.startswith("hosts")
        holders = {"label": "back"} if grouped else ["mx2", "mx3"]
        assert {"purge.stores": holders} == wanted["roles"], name


@pytest.mark.systemd
def test_odd_nodes_get_the_best_file_there_is(machines: Machines) -> None:
    """What couldn't be read is a comment, what is odd is told; plan knows no more."""
    mx1, mx2, mx3 = machines.nodes
    words = [place(node.name, node.endpoint) for node in machines.nodes]
    words += login(mx1.endpoint)
    good = mx2.read(mx2.config)

    mx2.exec(["sh", "-c", f"printf 'x = \\n' >>{mx2.config}"])
    mx3.exec(["mv", f"/etc/systemd/system/{mx3.unit}", "/etc/systemd/system/m.service"])
    mx3.exec(["systemctl", "daemon-reload"])
    told = machines.first_import(*words)
    assert "mx2: SP501: The server would not start: " in told.err
    assert "nodes.mx3: SP605: The unit stalwart.service is not-found." in told.err
    assert "  Hint: Name its systemd unit or container in service.unit; " in told.err
    assert {"mx1", "mx3"} == set(machines.odd())
    assert "# [nodes.mx2]\n" in machines.desired.read_text()
    assert (
        '# "purge.stores" = ["id 2", "mx3"] # Not man' in machines.desired.read_text()
    )
    blocked = machines.plan(code=3)
    assert [] == blocked["changes"]
    assert {"SP605"} == {f["code"] for f in blocked["findings"] if f["blocks"]}

    told = machines.first_import(*words, "--service-unit", "m")
    assert 'unit = "m"' in machines.desired.read_text()
    assert "mx3" in machines.odd()

    mx2.write(mx2.config, good, owner="root:root", mode=0o600)
    mx3.power_off()
    told = machines.first_import(*words)
    assert "nodes.mx2: SP505: The user that the server runs as can't read" in told.err
    assert "nothing listens there" in told.err
    assert {"mx1", "mx2"} == set(machines.odd())
    machines.plan(code=3)


@pytest.mark.podman
def test_a_container_is_found(tmp_path: Path, openssh_nodes: OpenSshNodes) -> None:
    """Without a systemd unit the container with the server's usual name is taken."""
    machine = PodmanMachine(tmp_path / "machine")
    try:
        etc = tmp_path / "etc"
        etc.mkdir()
        (etc / "config.toml").write_text(
            'cluster.node-id = 4\nserver.hostname = "mx4.example.org"\n'
        )
        machine.serve("trap 'exit 0' TERM; while :; do sleep 0.05; done")
        machine.create(
            "stalwart",
            *("--volume", f"{etc}:/opt/stalwart/etc"),
            command=["stalwart", "--config=/opt/stalwart/etc/config.toml"],
        )
        machine("start", "stalwart")
        wait_until(lambda: machine.pid("stalwart"), what="the container")
        inside = shlex.join(
            [*machine.login, "env", f"PATH={machine.bin}:/usr/bin:/bin"]
        )
        sshd = openssh_nodes.sshd(
            settings={"ForceCommand": f'{inside} sh -c "$SSH_ORIGINAL_COMMAND"'}
        )
        folder = tmp_path / "controller"
        folder.mkdir()
        controller = Controller(folder=folder)
        controller.know([sshd.endpoint])

        words = [place("mx4", sshd.endpoint), *login(sshd.endpoint)]
        done = controller.run("import", *words, "--out", "stalplan.toml")

        assert "`stalplan plan` will find no changes." in done.err, done.said
        service = tomllib.loads(controller.desired.read_text())["service"]
        assert service["manager"] in ("docker", "podman")
        assert "stalwart" == service["unit"]
        assert NOTHING == controller.run("plan").last
    finally:
        machine.close()
