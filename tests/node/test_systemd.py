"""The agent on machines under a real systemd, over real ssh."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nodes.endpoint import Endpoint
from nodes.factories import SystemdNodes
from nodes.waiting import free_port, wait_until

from node.lone_node import PLAN, RUN
from stalplan.errors import AgentFailed
from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Node, ServiceSettings, SshSettings
from stalplan.model.live import digest_of
from stalplan.model.records import Fence, Transaction, Verdict
from stalplan.names import NodeId, NodeName
from stalplan.ports import CommitOrder, LeaseAsk, StageOrder
from stalplan.transport.agent_session import AgentSession
from stalplan.transport.agent_talk import Output

pytestmark = pytest.mark.systemd

CONFIG = """\
cluster.node-id = 1
server.hostname = "mx1.example.org"
server.listener.http.bind = "127.0.0.1:{http}"
server.listener.http.protocol = "http"
server.listener.smtp.bind = "127.0.0.1:{smtp}"
server.listener.smtp.protocol = "smtp"
storage.data = "rocksdb"
store.rocksdb.path = "/opt/stalwart/data"
store.rocksdb.type = "rocksdb"
tracer.log.enable = true
tracer.log.path = "/opt/stalwart/logs"
tracer.log.prefix = "stalwart.log"
tracer.log.type = "log"
"""


class SshLine:
    """stalplan.transport.agent_session.Exec with OpenSSH's own client."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def run(self, command: str, stdin: bytes) -> Output:
        """Run *command* to its end."""
        done = self.endpoint.ssh(command, given=stdin, timeout=120)
        return Output(done.stdout, done.stderr, done.returncode)

    def stream(self, command: str, stdin: bytes) -> Iterator[bytes]:
        """All of stdout at the end."""
        yield self.run(command, stdin).stdout


class Machine:
    """A systemd node with the stand-in server, and a session with its agent."""

    def __init__(self, systemd_nodes: SystemdNodes) -> None:
        self.http, self.smtp = free_port(), free_port()
        self.base = CONFIG.format(http=self.http, smtp=self.smtp).encode()
        (self.node,) = systemd_nodes([self.base.decode()])
        self.session = self.session_as(self.node.endpoint)
        wait_until(self.is_up, what="the mail server")

    def session_as(self, endpoint: Endpoint, *, sudo: bool = False) -> AgentSession:
        """A session for another login."""
        inventory = Node(
            name=NodeName("mx1"),
            node_id=NodeId(1),
            ssh=SshSettings(address=endpoint.address, sudo=sudo),
            service=ServiceSettings(),
        )
        return AgentSession(SshLine(endpoint), inventory)

    def is_up(self) -> bool:
        """Whether the server listens."""
        return (
            b"LISTEN" in self.node.exec(["ss", "-ltn", f"sport = :{self.smtp}"]).stdout
        )

    def take_and_stage(self, result: bytes) -> Fence:
        """Lease and staged file of step 1."""
        ask = LeaseAsk(run=RUN, who="t@h", plan=PLAN, seconds=900, take_over_run=RUN)
        fence = Fence(run=RUN, number=self.session.take_lease(ask).number)
        if result != self.base:
            order = StageOrder(
                fence=fence,
                step=1,
                base=digest_of(self.base),
                result=digest_of(result),
                data=result,
            )
            self.session.stage(order)
        return fence

    def order(self, fence: Fence, result: bytes, **health: object) -> CommitOrder:
        """Step 1 with every probe there is."""
        ask = HealthAsk(
            url=f"http://127.0.0.1:{self.http}/healthz/ready",
            timeout=60,
            hostname="mx1.example.org",
            hostname_before="mx1.example.org",
            coordinated=False,
            listeners=(f"127.0.0.1:{self.http}", f"127.0.0.1:{self.smtp}"),
            smtp=f"127.0.0.1:{self.smtp}",
            log_prefixes=("/opt/stalwart/logs/stalwart.log",),
            steady=1.0,
        )
        return CommitOrder(
            fence=fence,
            plan=PLAN,
            step=1,
            base=digest_of(self.base),
            result=digest_of(result),
            health=replace(ask, **health),  # type: ignore[arg-type] # keywords of HealthAsk
            stop_timeout=60,
        )

    def record(self) -> Transaction:
        """Step 1's."""
        found = self.session.transaction(RUN, 1)
        assert found is not None
        return found

    def applied(self, result: bytes, **health: object) -> Transaction:
        """The record after a whole transaction."""
        fence = self.take_and_stage(result)
        self.session.commit(self.order(fence, result, **health))
        list(self.session.follow(RUN, 1))
        record = self.record()
        self.session.clean(fence)
        return record

    def assert_whole(self, *, starts: int) -> None:
        """Active, nothing of ours beside the file, owner and mode as installed."""
        beside = self.node.exec(["ls", "-A", "/opt/stalwart/etc"]).stdout
        owner = self.node.exec(["stat", "-c", "%U:%G %a", str(self.node.config)]).stdout
        assert beside == b"config.toml\n"
        assert owner == b"stalwart:stalwart 700\n"
        assert self.node.show("ActiveState") == "active"
        assert len(self.node.starts()) == starts


@pytest.fixture
def machine(systemd_nodes: SystemdNodes) -> Machine:
    return Machine(systemd_nodes)


def changed(machine: Machine, before: bytes, after: bytes) -> bytes:
    assert before in machine.base
    return machine.base.replace(before, after)


def test_the_unit_tells_all(machine: Machine) -> None:
    """Config path, version, process and its start come from the unit alone."""
    report = machine.session.report()

    assert report.file is not None
    assert report.service is not None
    assert report.file.path == "/opt/stalwart/etc/config.toml"
    assert report.file.data == machine.base
    assert report.file.owner == "stalwart:stalwart"
    assert report.server_version == "0.15.5"
    assert str(report.service.pid) == machine.node.show("MainPID")
    assert report.service.started_at is not None
    assert report.service.started_at > report.file.changed_at
    assert report.replace_problem is None
    assert report.lease_problem is None
    assert report.unmade_probes == ()
    assert not report.unreadable_by_service


def test_a_file_that_the_server_can_not_read_is_told(machine: Machine) -> None:
    """SP505: the server would exit with status 0 and say nothing."""
    machine.node.exec(["chown", "root:root", str(machine.node.config)])

    assert machine.session.report().unreadable_by_service


def test_a_change_is_applied_and_outlives_the_login(machine: Machine) -> None:
    """Every probe passes; the transaction ran in a unit of its own."""
    result = changed(machine, b"node-id = 1", b"node-id = 2")

    record = machine.applied(result)

    assert record.verdict is Verdict.APPLIED
    assert record.detail == ""
    assert machine.node.read(machine.node.config) == result
    machine.assert_whole(starts=2)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (b"node-id = 1", b"node-id = x", "errors of cluster.node-id"),
        (b"node-id = 1\n", b"node-id = 1\nbroken\n", "ended with status 1"),
        (b"node-id = 1\n", b"node-id = 1\nstandin.never-ready = 1\n", "answer 200"),
        (b"node-id = 1\n", b"node-id = 1\nstandin.die-after = 0.5\n", "ended"),
        (b"mx1.example", b"\xff.example", "status 0"),
    ],
    ids=["bad-id", "no-toml", "never-ready", "dies", "not-utf8"],
)
def test_a_file_that_does_not_work_is_restored(
    machine: Machine, before: bytes, after: bytes, why: str
) -> None:
    """The old bytes, the old owner, and the server up again, without us."""
    record = machine.applied(changed(machine, before, after))

    assert record.verdict is Verdict.RESTORED
    assert why in record.detail
    assert machine.node.read(machine.node.config) == machine.base
    assert machine.is_up()


def test_another_greeting_is_a_warning(machine: Machine) -> None:
    """It is applied, but its detail says what is odd."""
    record = machine.applied(
        changed(machine, b"mx1.example", b"mx2.example"), coordinated=True
    )

    assert record.verdict is Verdict.APPLIED
    assert "greeting does not name mx1.example.org" in record.detail
    assert "publisher" in record.detail


def test_a_greeting_that_never_named_the_host_is_not_asked_for(
    machine: Machine,
) -> None:
    """A server that greets in words of its own is none the worse for it."""
    record = machine.applied(
        changed(machine, b"mx1.example", b"mx2.example"), hostname_before="other.name"
    )

    assert record.verdict is Verdict.APPLIED
    assert "" == record.detail


def test_a_unit_stopped_on_purpose_stays_stopped(machine: Machine) -> None:
    """The file is new, and nothing was started."""
    machine.node.exec(["systemctl", "stop", machine.node.unit])
    result = changed(machine, b"node-id = 1", b"node-id = 2")

    record = machine.applied(result)

    assert record.verdict is Verdict.APPLIED
    assert machine.node.read(machine.node.config) == result
    assert machine.node.show("ActiveState") == "inactive"
    assert len(machine.node.starts()) == 1


def test_a_unit_that_must_not_be_stopped(machine: Machine) -> None:
    """Systemd refuses at once: the verdict says so, and nothing was changed."""
    dropin = f"/run/systemd/system/{machine.node.unit}.d"
    unit = f"{dropin}/ours.conf"
    machine.node.exec(["mkdir", "-p", dropin])
    machine.node.exec(["tee", unit], given=b"[Unit]\nRefuseManualStop=yes\n")
    machine.node.exec(["systemctl", "daemon-reload"])
    result = changed(machine, b"node-id = 1", b"node-id = 2")

    record = machine.applied(result, timeout=1)

    assert Verdict.NOT_STOPPED is record.verdict
    assert "systemd refused to stop stalwart" in record.detail
    assert machine.base == machine.node.read(machine.node.config)
    machine.assert_whole(starts=1)


def test_a_unit_that_loops_is_repaired(machine: Machine) -> None:
    """Between two tries of Restart=on-failure a unit is stopped, mended, started."""
    good = machine.base
    machine.base = good + b"broken"
    machine.node.write(machine.node.config, machine.base, owner="stalwart:stalwart")
    machine.node.exec(["systemctl", "restart", machine.node.unit], check=False)
    wait_until(lambda: machine.node.show("SubState") == "auto-restart", what="the loop")

    record = machine.applied(good)

    assert record.verdict is Verdict.APPLIED, record.detail
    assert machine.node.show("ActiveState") == "active"
    assert machine.is_up()


def test_a_power_cut_is_finished_after_the_boot(machine: Machine) -> None:
    """Cut while the new server was waited for: forward after the boot, file whole."""
    result = changed(machine, b"node-id = 1", b"node-id = 2")
    fence = machine.take_and_stage(result)
    machine.session.commit(machine.order(fence, result, steady=30, timeout=60))
    wait_until(
        lambda: machine.node.read(machine.node.config) == result, what="the new file"
    )
    machine.node.power_off()
    machine.node.boot()
    assert machine.record().verdict is None
    assert machine.record().begun
    assert not machine.record().running

    fence = machine.take_and_stage(machine.base)
    machine.session.finish(machine.order(fence, result), undo=False)
    events = list(machine.session.follow(RUN, 1))

    assert machine.record().verdict is Verdict.APPLIED, events
    assert machine.node.read(machine.node.config) == result
    assert machine.node.show("ActiveState") == "active"


def test_an_ordinary_user_with_sudo_is_as_good_as_root(machine: Machine) -> None:
    """The agent runs behind sudo -n; without the right to it the error says so."""
    allowed = machine.node.add_user("ann", sudo=True)
    denied = machine.node.add_user("bob")

    report = machine.session_as(allowed, sudo=True).report()

    assert report.file is not None
    assert report.lease_problem is None
    with pytest.raises(AgentFailed) as refused:
        machine.session_as(denied, sudo=True).report()
    assert "sudo" in refused.value.detail


def test_no_detaching_is_said_before_anything(machine: Machine) -> None:
    """SP605: as root under systemd nothing but systemd-run leaves the login."""
    program = Path("/usr/bin/systemd-run")
    machine.node.exec(["mv", str(program), f"{program}.away"])

    report = machine.session.report()

    assert report.lease_problem is not None
    assert "systemd-run" in report.lease_problem


@pytest.mark.parametrize("lingers", [True, False])
def test_a_users_transaction_outlives_his_login(
    systemd_nodes: SystemdNodes, lingers: bool
) -> None:
    """In a unit of his own manager where that lingers, else in a session of its own."""
    (machine,) = systemd_nodes([""])
    login = machine.add_user("ann", lingers=lingers)
    config = Path("/home/ann/config.toml")
    machine.write(config, b"a = 1\n", owner="ann:ann", mode=0o600)
    shell = ("sh", "-c")
    held = "until [ -e /home/ann/seen ]; do sleep 0.1; done"
    start = "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >pid"
    service = ServiceSettings(
        manager="command",
        config=str(config),
        start=(*shell, f"cd /home/ann; {start}"),
        stop=(*shell, f"kill $(cat /home/ann/pid); {held}"),
        active=(*shell, "kill -0 $(cat /home/ann/pid)"),
        pid=("cat", "/home/ann/pid"),
    )
    node = Node(
        name=NodeName("mx1"),
        node_id=NodeId(1),
        ssh=SshSettings(address=login.address),
        service=service,
    )
    session = AgentSession(SshLine(login), node)
    login.ssh(f"cd /home/ann; {start}")
    ask = LeaseAsk(run=RUN, who="t@h", plan=PLAN, seconds=900)
    fence = Fence(run=RUN, number=session.take_lease(ask).number)
    base, result = digest_of(b"a = 1\n"), digest_of(b"a = 2\n")
    session.stage(
        StageOrder(fence=fence, step=1, base=base, result=result, data=b"a = 2\n")
    )
    health = HealthAsk(
        url=None, timeout=60, hostname=None, coordinated=False, steady=0.3
    )
    session.commit(
        CommitOrder(
            fence=fence,
            plan=PLAN,
            step=1,
            base=base,
            result=result,
            health=health,
            stop_timeout=60,
        )
    )

    # No login of his is open now.
    script = "sh .*/tx/.*/script"
    pid = machine.exec(["pgrep", "-o", "-u", "ann", "-f", script]).stdout.strip()
    group = machine.read(Path("/proc") / pid.decode() / "cgroup")
    machine.exec(["touch", "/home/ann/seen"])
    wait_until(
        lambda: machine.exec(["pgrep", "-f", script], check=False).returncode == 1,
        what="the transaction's end",
    )

    record = session.transaction(RUN, 1)
    assert record is not None
    assert record.verdict is Verdict.APPLIED, record.detail
    assert machine.read(config) == b"a = 2\n"
    assert (b"/stalplan-" in group) is lingers
    assert machine.exec(["pgrep", "-u", "ann", "sleep"]).returncode == 0
