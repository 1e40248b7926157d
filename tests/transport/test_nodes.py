"""The nodes that other tests run on are what they claim to be."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from nodes.account import unix_account
from nodes.endpoint import Key
from nodes.factories import OpenSshNodes, SystemdNodes
from nodes.folder import SLEEPER
from nodes.waiting import answers, wait_until

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="makes Unix accounts")
CONFIG = "cluster.node-id = 1\n"


def alive(pid: int) -> bool:
    """Whether *pid* is a process that has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_login_runs_a_command(openssh_nodes: OpenSshNodes) -> None:
    """A private sshd lets its own key in and shows its own host key."""
    server = openssh_nodes.sshd(environment={"NODE": "mx 1"})

    done = server.endpoint.ssh('echo "$NODE"; cat', given=b"given")

    assert (0, b"mx 1\ngiven") == (done.returncode, done.stdout), done.stderr
    assert 1 == server.logins()


def test_each_server_has_its_port(openssh_nodes: OpenSshNodes) -> None:
    """Ten servers listen side by side."""
    ports = {openssh_nodes.sshd().port for _ in range(10)}

    assert 10 == len(ports)


def test_changed_host_key_is_refused(openssh_nodes: OpenSshNodes) -> None:
    """The old endpoint does not match the key of a server made anew."""
    server = openssh_nodes.sshd()
    before, fingerprint = server.endpoint, server.host_key_fingerprint

    server.change_host_key()

    assert 255 == before.ssh("true").returncode
    assert b"verification failed" in before.ssh("true").stderr
    assert 0 == server.endpoint.ssh("true").returncode
    assert fingerprint != server.host_key_fingerprint


def test_settings_replace_the_defaults(openssh_nodes: OpenSshNodes) -> None:
    """A server can refuse keys, or be noisy before the command."""
    deaf = openssh_nodes.sshd(
        settings={"PubkeyAuthentication": "no", "PasswordAuthentication": "yes"}
    )
    noisy = openssh_nodes.sshd(
        settings={"ForceCommand": 'echo welcome; eval "$SSH_ORIGINAL_COMMAND"'}
    )

    assert b"Permission denied" in deaf.endpoint.ssh("true").stderr
    assert b"welcome\nhere\n" == noisy.endpoint.ssh("echo here").stdout


def test_restart_keeps_the_port(openssh_nodes: OpenSshNodes) -> None:
    """A stopped server refuses; the restarted one is the same node."""
    server = openssh_nodes.sshd()

    server.stop()

    assert not answers(server.port)
    server.restart()
    assert 0 == server.endpoint.ssh("true").returncode


def test_cut_connection_leaves_what_it_started(openssh_nodes: OpenSshNodes) -> None:
    """A cut line ends the client at once and spares a detached process."""
    server = openssh_nodes.sshd()
    detached = server.endpoint.ssh("setsid sleep 1000 <&- >&- 2>&- & echo $!")
    argv = ["ssh", "-F", "/dev/null", "-i", str(server.endpoint.identity)]
    argv += ["-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]
    argv += ["-o", "UserKnownHostsFile=/dev/null", "-p", str(server.port)]
    argv += [f"{server.endpoint.user}@127.0.0.1", "echo up; sleep 1000"]
    client = subprocess.Popen(argv, stdout=subprocess.PIPE)
    with client:
        assert client.stdout is not None
        assert b"up\n" == client.stdout.readline()

        assert 1 == server.cut_connections()
        assert 255 == client.wait(60)
    assert alive(int(detached.stdout))


def test_nothing_outlives_its_server(tmp_path: Path, identity: Key) -> None:
    """The server's end takes every process that a session began."""
    with ExitStack() as kept:
        server = OpenSshNodes(tmp_path, identity, kept).sshd()
        done = server.endpoint.ssh("setsid sleep 1000 <&- >&- 2>&- & echo $!")
        pid = int(done.stdout)
        assert alive(pid)

    assert not alive(pid)
    assert not answers(server.port)


def test_service_starts_and_stops(openssh_nodes: OpenSshNodes) -> None:
    """The service of a folder runs one server and remembers each start."""
    (node,) = openssh_nodes([CONFIG], command=SLEEPER, mode=0o640)
    folder = node.folder

    assert (False, 0, []) == (folder.active(), folder.pid(), folder.starts())
    folder.start()
    folder.start()
    first = folder.pid()
    assert [first] == folder.starts()
    assert alive(first)
    folder.stop()
    assert not folder.active()
    assert not alive(first)
    assert 0 == node.endpoint.ssh(" ".join(folder.start_argv)).returncode
    assert [first, folder.pid()] == folder.starts()
    assert (CONFIG.encode(), 0o100640) == (folder.read(), folder.config.stat().st_mode)
    assert [] == folder.leftovers()


def test_killed_server_is_not_active(openssh_nodes: OpenSshNodes) -> None:
    """A crash is seen although the pid file is still there."""
    folder = openssh_nodes.folder(CONFIG, command=SLEEPER)
    folder.start()

    folder.kill()

    wait_until(lambda: not folder.active(), what="the server's end")
    assert 0 == folder.pid()


@needs_root
@pytest.mark.parametrize("sudo", [True, False])
def test_ordinary_account_logs_in(openssh_nodes: OpenSshNodes, sudo: bool) -> None:
    """A throwaway account has sudo rights or none, and leaves no trace."""
    with unix_account(sudo=sudo) as account:
        endpoint = openssh_nodes.sshd(user=account.name).endpoint
        assert f"{account.uid}\n".encode() == endpoint.ssh("id -u").stdout
        assert sudo is (endpoint.ssh("sudo -n true").returncode == 0)
        endpoint.ssh("setsid sleep 1000 <&- >&- 2>&- &")

    assert account.name not in Path("/etc/passwd").read_text()
    assert not account.home.exists()
    assert not Path("/etc/sudoers.d", account.name).exists()


@needs_root
def test_missing_shell_refuses(openssh_nodes: OpenSshNodes) -> None:
    """An account without a shell is let in and can run nothing."""
    with unix_account(shell="/usr/sbin/nologin") as account:
        endpoint = openssh_nodes.sshd(user=account.name).endpoint

        assert 1 == endpoint.ssh("true").returncode


@pytest.mark.systemd
def test_machine_runs_the_service(systemd_nodes: SystemdNodes) -> None:
    """The mail server is up after the boot, under its own user, and ssh leads in."""
    (node,) = systemd_nodes([CONFIG], command=SLEEPER)

    assert b"running\n" == node.exec(["systemctl", "is-system-running"]).stdout
    assert "active" == node.show("ActiveState")
    pid = node.show("MainPID")
    assert [int(pid)] == node.starts()
    assert b"stalwart\n" == node.exec(["stat", "-c", "%U", f"/proc/{pid}"]).stdout
    assert CONFIG.encode() == node.read(node.config)
    done = node.endpoint.ssh("hostname; systemctl is-active stalwart")
    assert b"mx1\nactive\n" == done.stdout, done.stderr
    assert shutil.which("stalwart") is None


@pytest.mark.systemd
def test_stop_and_start_over_ssh(systemd_nodes: SystemdNodes) -> None:
    """A login can use systemctl, and systemd-run leaves the login's scope."""
    (node,) = systemd_nodes([CONFIG], command=SLEEPER)

    node.endpoint.ssh("systemctl stop stalwart")
    assert "inactive" == node.show("ActiveState")
    detached = node.endpoint.ssh(
        "systemd-run --collect --quiet sh -c 'sleep 0.2; systemctl start stalwart'"
    )

    assert 0 == detached.returncode, detached.stderr
    wait_until(lambda: node.show("ActiveState") == "active")
    assert 2 == len(node.starts())


@pytest.mark.systemd
def test_failed_server_is_started_again(systemd_nodes: SystemdNodes) -> None:
    """Restart=on-failure acts five seconds after a crash, as on a real machine."""
    (node,) = systemd_nodes([CONFIG], command=SLEEPER)
    first = node.show("MainPID")

    node.exec(["kill", "-KILL", first])

    wait_until(lambda: node.show("NRestarts") == "1")
    wait_until(lambda: node.show("ActiveState") == "active")
    assert first != node.show("MainPID")


@pytest.mark.systemd
def test_machine_without_a_file_skips_the_service(systemd_nodes: SystemdNodes) -> None:
    """Without its config file the unit is skipped, not failed."""
    (node,) = systemd_nodes([""], command=SLEEPER)

    assert ("inactive", "no") == (
        node.show("ActiveState"),
        node.show("ConditionResult"),
    )


@pytest.mark.systemd
def test_death_in_boot_is_told(systemd_nodes: SystemdNodes) -> None:
    """A machine that cannot be furnished says what went wrong."""
    with pytest.raises(RuntimeError, match=r"died while it booted:\n.*mkdir"):
        systemd_nodes([CONFIG], prefix="/proc/nowhere")


@pytest.mark.systemd
def test_disk_outlives_a_power_cut(systemd_nodes: SystemdNodes) -> None:
    """A power cut ends every process, keeps the disk, and the same node comes back."""
    (node,) = systemd_nodes([CONFIG], command=SLEEPER)
    node.write(node.config, b"cluster.node-id = 2\n", owner="stalwart:stalwart")
    node.exec(["sh", "-c", "echo lost >/tmp/file"])

    node.power_off()
    assert not answers(node.port)
    node.boot()

    assert b"cluster.node-id = 2\n" == node.read(node.config)
    assert 1 == node.exec(["test", "-e", "/tmp/file"], check=False).returncode
    assert 0 == node.endpoint.ssh("true").returncode
    assert 2 == len(node.starts())


@pytest.mark.systemd
def test_three_machines_boot_side_by_side(systemd_nodes: SystemdNodes) -> None:
    """Three machines that boot at once are three."""
    nodes = systemd_nodes([CONFIG] * 3, command=SLEEPER)
    ids = {node.read(Path("/etc/machine-id")) for node in nodes}
    assert 3 == len(ids)
    nodes[0].exec(["systemctl", "stop", "stalwart"])
    assert ["inactive", "active", "active"] == [n.show("ActiveState") for n in nodes]


@pytest.mark.systemd
def test_machine_sees_checkout_and_interpreter(systemd_nodes: SystemdNodes) -> None:
    """The mail server's own user can run this checkout's Python on a machine."""
    code = "import stalplan, paramiko, time; print('up', flush=True); time.sleep(1000)"
    (node,) = systemd_nodes([CONFIG], command=(sys.executable, "-c", code))
    journal = ["journalctl", "-u", "stalwart", "-o", "cat", "--no-pager"]

    wait_until(lambda: b"\nup\n" in node.exec(journal).stdout, what="the import")

    assert "active" == node.show("ActiveState")


@pytest.mark.systemd
def test_machine_is_gone_without_trace(tmp_path: Path, identity: Key) -> None:
    """Closing a machine leaves no process, no mount and no control group."""
    mounts = Path("/proc/self/mountinfo").read_text()
    with ExitStack() as kept:
        (node,) = SystemdNodes(tmp_path, identity, kept)([CONFIG], command=SLEEPER)
        first = node._first
        keeper = node._keeper.pid
        assert alive(first)

    assert not alive(first)
    assert mounts == Path("/proc/self/mountinfo").read_text()
    assert [] == [*Path("/sys/fs/cgroup").rglob(f"stalplan-node-{keeper}")]
    assert [] == [*(tmp_path / "mx1" / "machine").iterdir()]


@pytest.mark.systemd
def test_host_is_out_of_reach(systemd_nodes: SystemdNodes) -> None:
    """A machine cannot change this one's kernel settings or files."""
    (node,) = systemd_nodes([""], command=SLEEPER)

    setting = node.exec(["sh", "-c", "echo 1 >/proc/sys/vm/swappiness"], check=False)
    node.exec(["touch", "/etc/made-inside"])

    assert 0 != setting.returncode
    assert not Path("/etc/made-inside").exists()


@pytest.mark.systemd
def test_ordinary_user_of_a_machine(systemd_nodes: SystemdNodes) -> None:
    """An ordinary account logs in, and reaches its own systemd where it lingers."""
    (node,) = systemd_nodes([""], command=SLEEPER)

    login = node.add_user("ops", lingers=True)

    assert b"ops\n" == login.ssh("id -un").stdout
    wait_until(
        lambda: (
            node.run_as_user(
                "ops", ["systemctl", "--user", "is-system-running"], check=False
            ).stdout
            == b"running\n"
        ),
        what="the user's systemd",
    )
    done = login.ssh("systemd-run --user --collect --wait true")
    assert 0 == done.returncode, done.stderr
