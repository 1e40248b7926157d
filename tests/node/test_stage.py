"""Staging: beside the file, whole, with its owner; or nothing at all."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.lone_node import RUN, LoneNode, MakeNode
from node.test_report import as_root, mounted
from stalplan.errors import AgentFailed, PlanIsStale
from stalplan.model.live import digest_of
from stalplan.model.records import Fence, Verdict
from stalplan.ports import StageOrder

CONFIG = "cluster.node-id = 1\n"
NEW = b"cluster.node-id = 2\n\xc3\xa4 no newline at the end"
NOBODY = 65534


def nothing_staged(node: LoneNode) -> bool:
    return node.folder.leftovers() == [] and not list((node.work / "tx").iterdir())


def test_a_staged_step_is_not_begun(lone_node: MakeNode, shell: str) -> None:
    """Its record says what is planned; the config file is as it was."""
    node = lone_node(CONFIG, shell=shell)

    node.stage(node.take(), NEW)

    record = node.record()
    assert not record.begun
    assert not record.running
    assert record.verdict is None
    assert record.base == digest_of(node.base)
    assert record.result == digest_of(NEW)
    assert record.file_digest == digest_of(node.base)
    assert node.session.report().transactions == (record,)
    assert node.folder.read() == node.base


def test_cleaning_removes_what_was_staged(lone_node: MakeNode, shell: str) -> None:
    """Nothing begun: the staged file and its record go."""
    node = lone_node(CONFIG, shell=shell)
    fence = node.take()
    node.stage(fence, NEW)
    assert not nothing_staged(node)

    node.session.clean(fence)

    assert nothing_staged(node)
    assert node.session.transaction(RUN, 1) is None


def test_staging_again_replaces(lone_node: MakeNode) -> None:
    """A step whose answer was lost may be staged once more."""
    node = lone_node(CONFIG)
    fence = node.take()
    node.stage(fence, b"other = 1\n")

    node.stage(fence, NEW)

    assert node.record().result == digest_of(NEW)


def test_another_base_is_stale(lone_node: MakeNode, shell: str) -> None:
    """Somebody changed the file since the plan: nothing is laid beside it."""
    node = lone_node(CONFIG, shell=shell)
    fence = node.take()
    node.folder.write("by = hand\n")

    with pytest.raises(PlanIsStale):
        node.stage(fence, NEW)

    assert nothing_staged(node)


def test_a_later_step_builds_on_an_earlier(lone_node: MakeNode) -> None:
    """Its base is what the earlier step of the same run will write."""
    node = lone_node(CONFIG)
    fence = node.take()
    node.stage(fence, NEW)
    last = b"cluster.node-id = 3\n"

    node.session.stage(order(fence, 2, base=NEW, result=last, data=last))

    assert [each.step for each in node.session.report().transactions] == [1, 2]


def order(
    fence: Fence, step: int, *, base: bytes, result: bytes, data: bytes
) -> StageOrder:
    return StageOrder(
        fence=fence,
        step=step,
        base=digest_of(base),
        result=digest_of(result),
        data=data,
    )


def test_damaged_bytes_are_refused(lone_node: MakeNode, shell: str) -> None:
    """Also bytes that were cut on the way: their digest is another one."""
    node = lone_node(CONFIG, shell=shell)
    damaged = order(node.take(), 1, base=node.base, result=NEW, data=NEW[:-1])

    with pytest.raises(AgentFailed) as failed:
        node.session.stage(damaged)

    assert "damaged" in failed.value.detail
    assert nothing_staged(node)


@as_root
def test_owner_group_and_mode_are_kept(lone_node: MakeNode, shell: str) -> None:
    """The replacement has what the file had, set-group bit and all."""
    node = lone_node(CONFIG, shell=shell)
    os.chown(node.folder.config, 1234, 4321)
    node.folder.config.chmod(0o2750)

    record = node.applied(NEW)

    stat = node.folder.config.stat()
    assert record.verdict is Verdict.APPLIED
    assert (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == (1234, 4321, 0o2750)
    assert node.folder.read() == NEW


@as_root
def test_an_attribute_is_kept_or_it_is_refused(lone_node: MakeNode, shell: str) -> None:
    """GNU's cp keeps an ACL; where cp can't and it shows, nothing is staged."""
    node = lone_node(CONFIG, shell=shell)
    acl = bytes.fromhex(
        "02000000"
        "01000600ffffffff"  # owner: read and write
        "02000400d2040000"  # user 1234: read
        "04000400ffffffff"  # group: read
        "10000400ffffffff"  # mask: read
        "20000000ffffffff"  # others: nothing
    )
    os.setxattr(node.folder.config, "system.posix_acl_access", acl)
    if shell == "busybox":
        assert "acl" in dict(node.session.report().unmade_probes)
        return

    record = node.applied(NEW)

    assert record.verdict is Verdict.APPLIED
    assert os.getxattr(node.folder.config, "system.posix_acl_access") == acl


@as_root
def test_what_a_copy_would_lose_is_refused(lone_node: MakeNode, tmp_path: Path) -> None:
    """A cp that drops ACLs and attributes stages nothing, and the reason is told."""
    folder = tmp_path / "poor-cp"
    folder.mkdir()
    busybox = shutil.which("busybox")
    assert busybox is not None
    (folder / "cp").symlink_to(busybox)
    node = lone_node(CONFIG, path=f"{folder}:{os.environ['PATH']}")
    subprocess.run(["setfacl", "-m", "u:1234:r", node.folder.config], check=True)
    fence = node.take()

    with pytest.raises(AgentFailed, match="would lose the owner, the mode, an ACL"):
        node.stage(fence, NEW)

    assert nothing_staged(node)


@as_root
def test_an_immutable_file_is_refused(lone_node: MakeNode) -> None:
    """Seen before anything is stopped, by report and by staging."""
    node = lone_node(CONFIG)
    subprocess.run(["chattr", "+i", node.folder.config], check=True)
    try:
        problem = node.session.report().replace_problem
        with pytest.raises(AgentFailed, match="immutable"):
            node.stage(node.take(), NEW)
    finally:
        subprocess.run(["chattr", "-i", node.folder.config], check=True)

    assert problem is not None
    assert "marked as immutable" in problem
    assert node.session.report().replace_problem is None


def test_other_names_are_counted_and_keep_the_old_content(
    lone_node: MakeNode, shell: str
) -> None:
    """A hard link: the report tells, the replacement leaves the other name alone."""
    node = lone_node(CONFIG, shell=shell)
    other = node.folder.root / "other-name"
    other.hardlink_to(node.folder.config)

    told = node.session.report().other_names
    record = node.applied(NEW)

    assert record.verdict is Verdict.APPLIED
    assert (1, 0) == (told, node.session.report().other_names)
    assert (node.base, NEW) == (other.read_bytes(), node.folder.read())


@as_root
def test_a_disk_that_fills_up_leaves_nothing(lone_node: MakeNode, shell: str) -> None:
    """Too little room for the result: refused, and all that was begun is gone."""
    node = lone_node(CONFIG, shell=shell)
    folder = node.folder.config.parent
    with mounted("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)):
        node.folder.config.write_bytes(node.base)
        fence = node.take()
        huge = b"#" * 400_000
        with pytest.raises(AgentFailed):
            node.stage(fence, huge)

        assert nothing_staged(node)
        assert node.folder.read() == node.base


@as_root
def test_a_planted_name_is_not_written_through(lone_node: MakeNode, shell: str) -> None:
    """The owner of the folder links our name to a file of root's: it stays whole."""
    node = lone_node(CONFIG, shell=shell)
    victim = node.folder.root / "passwd"
    victim.write_text("root\n")
    folder = node.folder.config.parent
    os.chown(folder, NOBODY, NOBODY)
    planted = folder / f".stalplan-{RUN}-1"
    planted.symlink_to(victim.parent)
    os.lchown(planted, NOBODY, NOBODY)

    node.stage(node.take(), NEW)

    assert victim.read_text() == "root\n"
    assert not planted.is_symlink()
    assert planted.stat().st_uid == 0
    assert planted.stat().st_mode & 0o777 == 0o700


HOSTILE = """
import os, sys
folder, victim = sys.argv[1:]
moved = 0
os.setgid(65534); os.setuid(65534)
print("ready", flush=True)
while True:
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if not name.startswith(".stalplan-"):
            continue
        try:
            if os.path.islink(path):
                continue
            os.rename(path, os.path.join(folder, f"moved-{moved}"))
            os.symlink(victim, path)
            moved += 1
        except OSError:
            pass
"""


@pytest.fixture
def open_node() -> Iterator[LoneNode]:
    """A node that other users can reach: pytest's own folders are closed to them."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        node = LoneNode(Path(place) / "node", CONFIG, shell="dash")
        yield node
        node.close()


@as_root
def test_a_hostile_owner_of_the_folder_gains_nothing(open_node: LoneNode) -> None:
    """Whoever moves our folders and plants links in their place reaches no file."""
    node = open_node
    victim = node.folder.root / "victim"
    for name in ("new", "old"):
        (victim / name).mkdir(parents=True)
    (victim / "config.toml").write_text("root's\n")
    folder = node.folder.config.parent
    for path in (folder, node.folder.config):
        os.chown(path, NOBODY, NOBODY)
    argv = [sys.executable, "-c", HOSTILE, str(folder), str(victim)]
    refused = 0
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as hostile:
        assert hostile.stdout is not None
        assert hostile.stdout.readline() == b"ready\n"
        fence = node.take()
        for _ in range(20):
            node.folder.write(node.base)
            try:
                node.stage(fence, NEW)
                node.session.commit(node.order(fence, NEW))
                node.followed()
            except AgentFailed:
                refused += 1
        assert hostile.poll() is None
        hostile.kill()

    assert refused > 0
    assert {"config.toml", "new", "old"} == {path.name for path in victim.iterdir()}
    assert (victim / "config.toml").read_text() == "root's\n"
    assert list((victim / "new").iterdir()) == []
    assert list((victim / "old").iterdir()) == []
    assert node.folder.read() in (node.base, NEW)
