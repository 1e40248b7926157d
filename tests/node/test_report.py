"""One look at a node: what it tells, and what it refuses to follow."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.local_exec import path_without
from node.lone_node import LoneNode, MakeNode
from stalplan.errors import AgentFailed
from stalplan.planning.process import file_is_newer

as_root = pytest.mark.skipif(
    os.getuid() != 0, reason="other users' files and mounts need root"
)
NOBODY = 65534


def test_a_file_is_reported_as_it_is(lone_node: MakeNode, shell: str) -> None:
    """Bytes, also without a last newline or with NULs; owner, mode and times."""
    node = lone_node("", shell=shell)
    data = b"a = 1\n\0\xff\nno newline at the end"
    node.folder.write(data)
    began = datetime.now(UTC)

    report = node.session.report()

    assert report.file is not None
    assert report.file.data == data
    assert report.file.size == len(data)
    assert report.file.path == str(node.folder.config)
    assert report.file.real_path == str(node.folder.config)
    assert report.file.mode == 0o640
    assert (
        report.file.owner
        == f"{node.folder.config.owner()}:{node.folder.config.group()}"
    )
    assert abs(report.file.changed_at - began) < timedelta(seconds=5)
    assert abs(report.read_at - began) < timedelta(seconds=5)
    assert report.replace_problem is None
    assert report.lease_problem is None
    assert report.lease is None
    assert report.transactions == ()


def test_a_report_leaves_nothing_behind(lone_node: MakeNode, shell: str) -> None:
    """No folder, no file, no lock."""
    node = lone_node("a = 1\n", shell=shell)

    node.session.report()

    assert not node.work_root.exists()
    assert node.folder.leftovers() == []


def test_a_running_service_has_a_start(lone_node: MakeNode, shell: str) -> None:
    """Its start is later than a file that was written just before it."""
    node = lone_node("a = 1\n", shell=shell)
    before = node.session.report()
    node.folder.start()

    report = node.session.report()

    assert before.service is not None
    assert not before.service.running
    assert report.service is not None
    assert report.file is not None
    assert report.service.running
    assert report.service.pid == node.folder.pid()
    assert report.service.started_at is not None
    assert report.file.changed_at < report.service.started_at
    assert report.service.started_at - report.read_at <= timedelta(seconds=1)


def test_a_start_on_the_heels_of_a_write_is_later(
    lone_node: MakeNode, tmp_path: Path
) -> None:
    """However coarse the clocks are by which the two are told."""
    node = lone_node("a = 1\n")
    pid = tmp_path / "pid"
    node.use(active=("true",), pid=("cat", str(pid)))
    newer = []
    for number in range(20):
        node.folder.write(f"a = {number}\n")
        with subprocess.Popen(["sleep", "1000"]) as server:
            pid.write_text(str(server.pid))
            newer.append(file_is_newer(node.session.report()))
            server.kill()

    assert [False] * 20 == newer


def test_a_later_edit_is_newer_than_the_start(lone_node: MakeNode, shell: str) -> None:
    """SP503 rests on this order."""
    node = lone_node("a = 1\n", shell=shell)
    node.folder.start()
    time.sleep(2.1)  # whole seconds are all that busybox tells

    node.folder.write("a = 2\n")
    report = node.session.report()

    assert report.service is not None
    assert report.file is not None
    assert report.service.started_at is not None
    assert report.file.changed_at > report.service.started_at


@pytest.mark.parametrize(
    ("size", "too_large"), [(1_048_576, False), (1_048_577, True), (10_485_760, True)]
)
def test_a_large_file_is_not_fetched(
    lone_node: MakeNode, shell: str, size: int, too_large: bool
) -> None:
    """One MiB is, one byte more is only measured."""
    node = lone_node("#" * size, shell=shell)

    file = node.session.report().file

    assert file is not None
    assert file.too_large is too_large
    assert file.size == size
    assert len(file.data) == (0 if too_large else size)


def test_a_missing_file_is_a_problem(lone_node: MakeNode, shell: str) -> None:
    """Neither an absent file nor a folder is a file; the rest is still told."""
    node = lone_node("a = 1\n", shell=shell)
    node.folder.config.unlink()
    report = node.session.report()
    assert report.file is None
    assert report.file_problem == f"{node.folder.config} does not exist"
    assert report.service is not None

    node.folder.config.mkdir()

    assert node.session.report().file_problem == f"{node.folder.config} is no file"


def test_a_file_that_keeps_changing_is_a_problem(lone_node: MakeNode) -> None:
    """After three tries it is said that the file does not hold still."""
    node = lone_node("a = 1\n")
    node.line.environment["PATH"] = restless(node, node.folder.config)

    report = node.session.report()

    assert report.file is None
    assert report.file_problem is not None
    assert "changes while it is read" in report.file_problem


def restless(node: LoneNode, path: Path) -> str:
    """A PATH whose head also writes into the file that it reads."""
    folder = node.folder.root / "restless"
    folder.mkdir()
    head = folder / "head"
    head.write_text(f'#!/bin/sh\n/usr/bin/head "$@"\nsleep 0.02; echo x >>{path}\n')
    head.chmod(0o755)
    return f"{folder}:{node.line.environment['PATH']}"


def test_the_version_is_what_the_command_prints(lone_node: MakeNode) -> None:
    """Only a bare version counts; anything else is no version."""
    for printed, version in {
        "0.15.5": "0.15.5",
        "v0.13.4": "0.13.4",
        "Stalwart 0.11.8": "0.11.8",
        "usage: stalwart": None,
        "0.15.5\nlistening": None,
    }.items():
        node = lone_node("a = 1\n")
        node.use(version=("printf", "%s\n", printed))

        assert version == node.session.report().server_version


def test_a_version_that_hangs_is_given_up(lone_node: MakeNode) -> None:
    """A binary that starts a server instead of answering holds nobody up for long."""
    node = lone_node("a = 1\n")
    node.use(version=("sleep", "600"))

    report = node.session.report()

    assert report.server_version is None


def test_a_program_that_is_missing_is_named(
    lone_node: MakeNode, tmp_path: Path
) -> None:
    """Without sha256sum nothing could be proven on the node."""
    path = path_without(tmp_path / "bin", "sha256sum")
    node = lone_node("a = 1\n", path=path)

    with pytest.raises(AgentFailed) as failed:
        node.session.report()

    assert failed.value.detail == "mx1 has no program sha256sum."


def test_only_mentioned_variables_are_told(lone_node: MakeNode, shell: str) -> None:
    """Those in lines of id, hostname, coordinator and roles; secrets stay there.

    Where no unit says what the next start has, it is what the running server has.
    """
    config = """
server.hostname = "%{env:MX_HOST}%"
store.x.password = "%{env:CANARY}%"  # node-id
[cluster]
node-id = "%{env:MX_ID}%"
key = "%{env:CANARY}%"
[cluster.roles.purge]
stores = [
  "%{env:MX_ROLE}%",
]
"""
    node = lone_node(config, shell=shell)
    told = {"MX_HOST": "mx1", "MX_ID": "7", "MX_ROLE": "a\nb"}
    node.folder.kill()
    started = subprocess.Popen(
        ["sleep", "60"], env={**os.environ, **told, "CANARY": "bird"}
    )
    try:
        node.use(active=("true",), pid=("echo", str(started.pid)))
        report = node.session.report()
    finally:
        started.kill()
        started.wait()

    assert report.environment == told == report.unit_environment
    assert "bird" not in repr(report)


def test_a_stopped_servers_variables_are_unknown_without_a_unit(
    lone_node: MakeNode, shell: str
) -> None:
    """Nothing says what it will have; that is told, and not taken for nothing."""
    node = lone_node('cluster.node-id = "%{env:MX_ID}%"\n', shell=shell)

    report = node.session.report()

    assert {} == report.unit_environment
    assert "environment" in {probe for probe, _ in report.unmade_probes}


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_of_ones_own_is_followed(
    lone_node: MakeNode, shell: str, kind: str
) -> None:
    """The report names both paths, and a replacement would go to the real one."""
    node = lone_node("a = 1\n", shell=shell)
    link = node.folder.root / "link"
    target = node.folder.config if kind == "file" else node.folder.config.parent
    link.symlink_to(os.path.relpath(target, link.parent))
    path = link if kind == "file" else link / "config.toml"
    node.use(config=str(path))

    file = node.session.report().file

    assert file is not None
    assert file.path == str(path)
    assert file.real_path == str(node.folder.config)


@as_root
def test_a_link_of_a_stranger_is_not_followed(lone_node: MakeNode, shell: str) -> None:
    """The mail server's user must not choose what root reads and replaces."""
    node = lone_node("a = 1\n", shell=shell)
    secret = node.folder.root / "shadow"
    secret.write_text("canary = 1\n")
    secret.chmod(0o600)
    node.folder.config.unlink()
    node.folder.config.symlink_to(secret)
    os.lchown(node.folder.config, NOBODY, NOBODY)

    report = node.session.report()

    assert report.file is None
    assert report.file_problem is not None
    assert "link" in report.file_problem
    assert "canary" not in repr(report)


@as_root
def test_a_stranger_may_link_to_his_own_file(lone_node: MakeNode) -> None:
    """But only where he alone can write the folder that it lies in."""
    node = lone_node("a = 1\n")
    home = node.folder.root / "home"
    home.mkdir()
    target = home / "config.toml"
    target.write_text("his = 1\n")
    node.folder.config.unlink()
    node.folder.config.symlink_to(target)
    for path in (home, target, node.folder.config):
        os.lchown(path, NOBODY, NOBODY)
    assert node.session.report().file is not None

    home.chmod(0o777)

    assert node.session.report().file is None


@as_root
def test_a_mounted_file_can_not_be_replaced(lone_node: MakeNode, shell: str) -> None:
    """A rename would not reach what the mount shows."""
    node = lone_node("a = 1\n", shell=shell)
    source = node.folder.root / "source"
    source.write_text("mounted = 1\n")
    with mounted("--bind", str(source), str(node.folder.config)):
        report = node.session.report()

    assert report.replace_problem is not None
    assert "mount" in report.replace_problem


@as_root
@pytest.mark.parametrize(
    ("options", "said"), [("ro", "read-only"), ("size=64k", "no room")]
)
def test_a_folder_without_room_is_told(
    lone_node: MakeNode, shell: str, options: str, said: str
) -> None:
    """Read-only and full file systems are seen before anything is stopped."""
    node = lone_node("a = 1\n", shell=shell)
    folder = node.folder.config.parent
    with mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)):
        node.folder.config.write_bytes(b"#" * 60_000)
        subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
        report = node.session.report()

    assert report.replace_problem is not None
    assert said in report.replace_problem


@contextmanager
def mounted(*options: str) -> Iterator[None]:
    subprocess.run(["mount", *options], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", options[-1]], check=True)


def test_a_report_starts_few_programs(lone_node: MakeNode) -> None:
    """Each costs the node a millisecond: none is started for what a shell knows."""
    node = lone_node("a = 1\n")
    started = node.folder.root / "started"
    node.line.environment["PATH"] = told_path(node, started)

    report = node.session.report()

    assert report.file is not None
    assert started.read_text().split() == ["cat", "stat", "head", "stat", "df"]


def told_path(node: LoneNode, started: Path) -> str:
    """A PATH whose programs write their names to *started* first."""
    folder = node.folder.root / "told"
    folder.mkdir()
    for name in ("cat", "date", "dd", "df", "grep", "head", "id", "ls", "stat"):
        program = folder / name
        program.write_text(
            f'#!/bin/sh\necho {name} >>{started}\nexec /bin/{name} "$@"\n'
        )
        program.chmod(0o755)
    return f"{folder}:{node.line.environment['PATH']}"
