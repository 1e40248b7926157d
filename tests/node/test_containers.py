"""The agent where the server runs in a container, with a real podman."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from nodes.podman import PodmanMachine

from node.local_exec import shell_folder
from node.lone_node import LoneNode, health_ask
from stalplan.errors import AgentFailed
from stalplan.model.live import NodeReport
from stalplan.model.records import Verdict

pytestmark = pytest.mark.podman

ETC = "/opt/stalwart/etc"
OLD, NEW = b"cluster.node-id = 1\n", b"cluster.node-id = 2\n"
# As the one of other nodes; the first process of a container needs a trap to end.
SERVER = """
trap 'exit 0' TERM
for word; do case $word in --config=*) file=${word#--config=} ;; esac; done
grep -q exits-at-once "$file" && exit 3
grep -q dies-soon "$file" && sleep 0.3 && exit 1
grep -q rewrites "$file" && trap 'echo "rewritten = 1" >"$file"; exit 0' TERM
grep -q logs-errors "$file" &&
  echo 'ERROR (config.parse-error) Parse error for key "cluster.node-id": bad'
while :; do sleep 0.05; done
"""


# `docker` is podman under docker's name.
both_names = pytest.mark.parametrize("node", ["podman", "docker"], indirect=True)


class ContainerNode(LoneNode):
    """A node whose server is a container; its file is on the machine."""

    def __init__(self, root: Path, machine: PodmanMachine, manager: str) -> None:
        path = f"{machine.bin}:{shell_folder(root.parent, 'dash')}"
        super().__init__(root, OLD.decode(), shell="dash", path=path)
        self.machine = machine
        self.line.login = machine.login
        machine.serve(SERVER)
        self.use(
            manager=manager,
            unit="mail",
            config=None,
            start=None,
            stop=None,
            active=None,
            pid=None,
        )

    def create(self, *options: str, config: str = f"{ETC}/config.toml") -> None:
        """The container, with the config's folder mounted unless *options* say more."""
        mount = options or ("--volume", f"{self.folder.config.parent}:{ETC}")
        command = ["stalwart", f"--config={config}"]
        self.machine.create("mail", *mount, command=command)

    def start(self) -> None:
        """Start the container."""
        self.machine("start", "mail")

    def runs(self) -> bool:
        """Whether its first process lives."""
        return self.machine.pid("mail") != 0


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodmanMachine]:
    machine = PodmanMachine(tmp_path_factory.mktemp("podman"))
    yield machine
    machine.close()


@pytest.fixture
def node(
    request: pytest.FixtureRequest, tmp_path: Path, machine: PodmanMachine
) -> Iterator[ContainerNode]:
    """No container yet. Managers other than podman are named by the test."""
    manager = getattr(request, "param", "podman")
    with ExitStack() as kept:
        kept.callback(machine, "rm", "--force", "--time", "0", "mail", check=False)
        yield ContainerNode(tmp_path / "node", machine, manager)


@pytest.fixture
def running(node: ContainerNode) -> ContainerNode:
    node.create()
    node.start()
    return node


@both_names
def test_a_report_tells_of_the_container(running: ContainerNode) -> None:
    """The file on the machine, the process as the machine counts, and the version."""
    report = running.session.report()

    assert report.file is not None
    assert OLD == report.file.data
    assert f"{ETC}/config.toml" == report.file.path
    assert str(running.folder.config) == report.file.real_path
    assert report.service is not None
    assert running.machine.pid("mail") == report.service.pid
    assert (None, None, None) == (
        report.service_problem,
        report.replace_problem,
        report.lease_problem,
    )
    assert "0.15.5" == report.server_version


def test_a_stopped_container_is_a_fact(node: ContainerNode) -> None:
    """Its file is found by what it would start; its version can't be asked."""
    node.create()

    report = node.session.report()

    assert report.file is not None
    assert OLD == report.file.data
    assert report.service is not None
    assert not report.service.running
    assert "version" in dict(report.unmade_probes)


@both_names
def test_a_good_file_is_applied(running: ContainerNode) -> None:
    """The container has run anew, once, and sees the new file with its owner."""
    before = running.folder.config.stat()
    pid = running.machine.pid("mail")

    record = running.applied(NEW)

    after = running.folder.config.stat()
    assert (Verdict.APPLIED, "") == (record.verdict, record.detail)
    assert NEW == running.folder.read()
    assert (before.st_mode, before.st_uid) == (after.st_mode, after.st_uid)
    assert running.machine.pid("mail") not in (0, pid)
    assert "cluster.node-id = 2" == running.machine(
        "exec", "mail", "cat", f"{ETC}/config.toml"
    )


@pytest.mark.parametrize("word", ["exits-at-once", "dies-soon", "logs-errors"])
def test_a_server_that_is_not_well_is_restored(
    running: ContainerNode, word: str
) -> None:
    """It ends, or its output tells of errors: the old file and server come back."""
    health = health_ask(timeout=60, steady=1.0)
    record = running.applied(f"{word} = 1\n".encode(), health=health)

    assert Verdict.RESTORED is record.verdict, record.detail
    said = {
        "exits-at-once": "status 3",
        "dies-soon": "ended with status 1",
        "logs-errors": "errors of cluster.node-id",
    }
    assert said[word] in record.detail
    assert OLD == running.folder.read()
    assert running.runs()


def test_a_file_that_is_rewritten_while_it_stops_is_stale(node: ContainerNode) -> None:
    """What the server wrote last stays; it is started again."""
    node.folder.write("rewrites = 1\n")
    node.base = node.folder.read()
    node.create()
    node.start()

    record = node.applied(NEW)

    assert Verdict.STALE is record.verdict, record.detail
    assert b"rewritten = 1\n" == node.folder.read()
    assert node.runs()


def test_a_stopped_container_stays_stopped(node: ContainerNode) -> None:
    """It gets its file and no start."""
    node.create()

    record = node.applied(NEW)

    assert Verdict.APPLIED is record.verdict, record.detail
    assert NEW == node.folder.read()
    assert not node.runs()


def problem(report: NodeReport) -> str:
    return report.replace_problem or ""


def test_a_file_in_the_containers_own_layer_is_refused(node: ContainerNode) -> None:
    """Nothing on the machine leads to it, so nothing can be replaced: SP603."""
    inside = node.machine.rootfs / "etc" / "config.toml"
    inside.write_bytes(OLD)
    node.create("--env", "A=b", config="/etc/config.toml")
    node.start()

    report = node.session.report()

    assert "own layer" in problem(report)
    with pytest.raises(AgentFailed, match="own layer"):
        node.take()


def test_a_single_file_mount_is_refused(node: ContainerNode) -> None:
    """A rename would leave the container with the old file: SP603."""
    node.create("--volume", f"{node.folder.config}:{ETC}/config.toml")
    node.start()

    report = node.session.report()

    assert "as a single file" in problem(report)
    assert report.file is not None
    with pytest.raises(AgentFailed, match="as a single file"):
        node.stage(node.take(), NEW)


def test_a_link_in_the_container_is_not_followed(node: ContainerNode) -> None:
    """On the machine it would lead elsewhere."""
    link = node.folder.config.parent / "link.toml"
    link.symlink_to("/etc/passwd")
    node.create("--volume", f"{link.parent}:{ETC}", config=f"{ETC}/link.toml")

    report = node.session.report()

    assert report.file is None
    assert "does not exist" in (report.file_problem or "")


def test_the_innermost_mount_counts(node: ContainerNode) -> None:
    """A mount below another hides what the outer one has there."""
    outer = node.folder.root / "outer"
    (outer / "etc").mkdir(parents=True)
    (outer / "etc" / "config.toml").write_text("hidden = 1\n")
    node.create(
        *("--volume", f"{outer}:/opt/stalwart"),
        *("--volume", f"{node.folder.config.parent}:{ETC}"),
    )
    node.start()

    report = node.session.report()

    assert report.file is not None
    assert OLD == report.file.data
    assert Verdict.APPLIED is node.applied(NEW).verdict


def test_a_container_that_goes_away_is_refused(node: ContainerNode) -> None:
    """Stopped, it could not be started again: nothing may be stopped."""
    node.create("--rm", "--volume", f"{node.folder.config.parent}:{ETC}")

    assert "--rm" in (node.session.report().service_problem or "")


def test_no_such_container(node: ContainerNode) -> None:
    """It is told with its name; without it nothing can be begun."""
    report = node.session.report()

    assert "knows no container mail" in (report.service_problem or "")
    with pytest.raises(AgentFailed, match="knows no container mail"):
        node.take()


def test_the_environment_is_the_containers(node: ContainerNode) -> None:
    """What the file's macros mention, from its settings and from its process."""
    node.folder.write('cluster.node-id = "%{env:NODE_ID}%"\n')
    node.create(
        *("--env", "NODE_ID=7", "--env", "PASSWORD=CANARY"),
        *("--volume", f"{node.folder.config.parent}:{ETC}"),
    )
    node.start()

    report = node.session.report()

    assert {"NODE_ID": "7"} == report.unit_environment == report.environment
