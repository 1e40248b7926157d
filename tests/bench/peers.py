"""Who is measured: stalplan, and what a user would pick instead for the same work."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.cluster import BenchCluster
from bench.measuring import Told

AT_ONCE = 32  # connections, for all who take a number
KEX = "curve25519-sha256"
OURS = "stalplan plan"
CAT = f"OpenSSH cat under xargs -P{AT_ONCE}"
SCRIPTS = Path(__file__).with_name("scripts")

Contestant = Callable[[BenchCluster, int, int, Path], Told]
"""(cluster, nodes, port, the peers' virtual environment) -> what to run."""


def stalplan(cluster: BenchCluster, count: int, port: int, _peers: Path) -> Told:
    """`stalplan plan`: reading, planning, ordering, rendering."""
    return plan(cluster, cluster.write_desired(count, port))


def plan(
    cluster: BenchCluster, file: Path, *more: str, codes: tuple[int, ...] = (0,)
) -> Told:
    """`stalplan plan` of the desired *file*, with *more* words."""
    argv = [sys.executable, "-m", "stalplan", "plan", "-f", str(file), *more]
    return Told(argv=argv, environment={}, folder=cluster.root, codes=codes)


def pyinfra_diff(cluster: BenchCluster, count: int, port: int, peers: Path) -> Told:
    """Files that would be put, with their differences."""
    return _pyinfra(cluster, count, port, peers, "diff")


def pyinfra_reading(cluster: BenchCluster, count: int, port: int, peers: Path) -> Told:
    """Only the reading of the same files."""
    return _pyinfra(cluster, count, port, peers, "read")


def _pyinfra(
    cluster: BenchCluster, count: int, port: int, peers: Path, what: str
) -> Told:
    folder = cluster.root / f"pyinfra-{count}-{port}"
    folder.mkdir(exist_ok=True)
    hosts = [
        (
            f"@ssh/{node.name}",
            {
                "ssh_hostname": "127.0.0.1",
                "ssh_port": port,
                "ssh_user": cluster.sshd.endpoint.user,
                "ssh_key": str(cluster.identity.path),
                "ssh_known_hosts_file": str(cluster.write_known(port)),
                "ssh_strict_host_key_checking": "yes",
                "config": str(node.config),
                "wanted": str(node.wanted),
            },
        )
        for node in cluster.nodes[:count]
    ]
    hosts = [(name.removeprefix("@ssh/"), data) for name, data in hosts]
    (folder / "inventory.py").write_text(f"nodes = {hosts!r}\n")
    deploy = (SCRIPTS / f"pyinfra_{what}.py").read_text()
    (folder / "deploy.py").write_text(deploy)
    argv = [str(peers / "bin/pyinfra"), "inventory.py", "deploy.py", "--dry", "--diff"]
    argv += ["--parallel", str(AT_ONCE)]
    return Told(argv=argv, environment={"HOME": str(folder)}, folder=folder)


def ansible_copy(cluster: BenchCluster, count: int, port: int, peers: Path) -> Told:
    """`copy` with --check --diff."""
    task = {"copy": {"src": "{{ wanted }}", "dest": "{{ config }}"}}
    return _ansible(cluster, count, port, peers, "copy", task)


def ansible_raw(cluster: BenchCluster, count: int, port: int, peers: Path) -> Told:
    """`raw` reading, the leanest that it has."""
    task = {"raw": "cat {{ config }}"}
    return _ansible(cluster, count, port, peers, "raw", task)


def _ansible(
    cluster: BenchCluster,
    count: int,
    port: int,
    peers: Path,
    what: str,
    task: Mapping[str, object],
) -> Told:
    folder = cluster.root / f"ansible-{what}-{count}-{port}"
    folder.mkdir(exist_ok=True)
    options = f"-o UserKnownHostsFile={cluster.write_known(port)}"
    hosts = {
        node.name: {"config": str(node.config), "wanted": str(node.wanted)}
        for node in cluster.nodes[:count]
    }
    common = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": cluster.sshd.endpoint.user,
        "ansible_ssh_private_key_file": str(cluster.identity.path),
        "ansible_ssh_common_args": f"{options} -o KexAlgorithms={KEX}",
        "ansible_python_interpreter": sys.executable,
    }
    inventory = {"all": {"hosts": hosts, "vars": common}}
    play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    (folder / "inventory.json").write_text(json.dumps(inventory))
    (folder / "play.yml").write_text(json.dumps(play))
    argv = [str(peers / "bin/ansible-playbook"), "-i", "inventory.json", "play.yml"]
    argv += ["--check", "--diff", "-f", str(AT_ONCE)]
    environment = {
        "HOME": str(folder),
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=no",
        "LC_ALL": "C.UTF-8",
    }
    if what == "raw":
        argv.remove("--check")  # it would not even ask
    return Told(argv=argv, environment=environment, folder=folder)


def asyncssh(cluster: BenchCluster, count: int, port: int, peers: Path) -> Told:
    """A script that reads the files and does nothing with them."""
    return _script(cluster, count, port, peers, "asyncssh_read.py")


def parallel_ssh(cluster: BenchCluster, count: int, port: int, peers: Path) -> Told:
    """Likewise, over libssh2. It checks no host key."""
    return _script(cluster, count, port, peers, "parallel_ssh_read.py")


def _script(
    cluster: BenchCluster, count: int, port: int, peers: Path, name: str
) -> Told:
    targets = cluster.write_targets(count, port)
    argv = [str(peers / "bin/python"), str(SCRIPTS / name), str(targets), str(AT_ONCE)]
    return Told(argv=argv, environment={}, folder=cluster.root)


def openssh(cluster: BenchCluster, count: int, port: int, _peers: Path) -> Told:
    """`ssh … cat` under xargs."""
    files = cluster.root / f"files-{count}"
    files.write_text("".join(f"{node.config}\n" for node in cluster.nodes[:count]))
    ssh = (
        f"ssh -F none -p {port} -i {cluster.identity.path} "
        f"-o UserKnownHostsFile={cluster.write_known(port)} "
        f"-o KexAlgorithms={KEX} -o BatchMode=yes -o IdentitiesOnly=yes "
        f"{cluster.sshd.endpoint.user}@127.0.0.1 cat"
    )
    argv = ["sh", "-c", f"xargs -a {files} -P{AT_ONCE} -n1 {ssh}"]
    return Told(argv=argv, environment={"HOME": "/"}, folder=cluster.root)


CONTESTANTS: dict[str, Contestant] = {
    OURS: stalplan,
    "pyinfra files.put --dry --diff": pyinfra_diff,
    "pyinfra, only reading": pyinfra_reading,
    "Ansible copy --check --diff": ansible_copy,
    "Ansible raw, only reading": ansible_raw,
    CAT: openssh,
    "asyncssh, only reading": asyncssh,
    "parallel-ssh, only reading": parallel_ssh,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of whom would take most of the time: at which sizes he is measured, how often.

    Over long ways he is not.
    """

    sizes: frozenset[int]
    runs: int


BOUNDS = {
    "Ansible copy --check --diff": Bounds(frozenset({3, 100}), runs=2),
    "Ansible raw, only reading": Bounds(frozenset({3, 30, 100}), runs=5),
    "parallel-ssh, only reading": Bounds(frozenset({3, 30, 100}), runs=5),
}
