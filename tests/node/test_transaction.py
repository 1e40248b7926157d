"""The node's own transaction, with a real process as its server."""

import os

import pytest

from node.lone_node import RUN, LoneNode, MakeNode, health_ask
from stalplan.errors import LeaseLost, Unfinished
from stalplan.model.live import digest_of
from stalplan.model.records import StepRef, Verdict
from stalplan.names import NodeName, RunId
from stalplan.ports import LeaseAsk

NEW = b"cluster.node-id = 2\n"


def facts(node: LoneNode) -> tuple[int, int, int]:
    stat = node.folder.config.stat()
    return stat.st_uid, stat.st_gid, stat.st_mode


def test_a_good_file_is_applied(lone_node: MakeNode, shell: str) -> None:
    """The new file is in place with owner and mode, the server ran anew, once."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    os.chown(node.folder.config, os.getuid(), os.getgid())
    before = facts(node)
    node.folder.start()

    record = node.applied(NEW)

    assert record.verdict is Verdict.APPLIED
    assert record.detail == ""
    assert record.remaining == (StepRef(step=2, node=NodeName("mx2")),)
    assert node.folder.read() == NEW
    assert facts(node) == before
    assert len(node.folder.starts()) == 2
    assert node.folder.active()
    assert node.folder.leftovers() == []


@pytest.mark.parametrize("word", ["exits-at-once", "dies-soon"])
def test_a_server_that_dies_is_restored(
    lone_node: MakeNode, shell: str, word: str
) -> None:
    """A dead process ends the wait at once; the old file and its server come back."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    before = facts(node)
    node.folder.start()

    record = node.applied(
        f"{word} = 1\n".encode(), health=health_ask(timeout=60, steady=1.0)
    )

    assert record.verdict is Verdict.RESTORED, record.detail
    assert "server" in record.detail
    assert "after 60 s" not in record.detail
    assert node.folder.read() == node.base
    assert facts(node) == before
    assert node.folder.active()
    assert node.folder.leftovers() == []


def test_a_changed_file_is_stale(lone_node: MakeNode, shell: str) -> None:
    """A byte that somebody changed after staging: nothing is stopped or replaced."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    node.folder.start()
    fence = node.take()
    node.stage(fence, NEW)
    node.folder.write("by = hand\n")

    node.session.commit(node.order(fence, NEW))
    node.followed()

    assert node.record().verdict is Verdict.STALE
    assert node.folder.read() == b"by = hand\n"
    assert len(node.folder.starts()) == 1
    assert node.folder.active()
    assert node.folder.leftovers() == []


def test_a_file_rewritten_while_it_stops_is_stale(lone_node: MakeNode) -> None:
    """What the server itself wrote last is not overwritten; it is started again."""
    node = lone_node("rewrites = 1\n")
    node.folder.start()

    record = node.applied(NEW)

    assert record.verdict is Verdict.STALE
    assert node.folder.read() == b"rewritten = 1\n"
    assert len(node.folder.starts()) == 2
    assert node.folder.active()


def test_a_process_that_stays_is_not_stopped(lone_node: MakeNode, shell: str) -> None:
    """An old process that does not go in time keeps its file."""
    node = lone_node("hangs-on = 1\n", shell=shell)
    node.folder.start()

    record = node.applied(NEW, stop_timeout=1, health=health_ask(timeout=1))

    assert record.verdict is Verdict.NOT_STOPPED
    assert "may do so yet" in record.detail
    assert node.folder.read() == node.base
    assert node.folder.active()
    assert node.folder.leftovers() == []


def test_a_process_that_goes_late_is_replaced(lone_node: MakeNode, shell: str) -> None:
    """It has its signal: once it is gone the service is started, with the old file."""
    node = lone_node("goes-late = 1\n", shell=shell)
    node.folder.start()

    record = node.applied(NEW, stop_timeout=1)

    assert record.verdict is Verdict.NOT_STOPPED, record.detail
    assert "went only after 1 s" in record.detail
    assert node.folder.read() == node.base
    assert node.folder.active()
    assert len(node.folder.starts()) == 2


def test_a_stop_command_is_waited_for(lone_node: MakeNode, shell: str) -> None:
    """One that tidies up after the process is gone doesn't hit the next server."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    words = " ".join(node.folder.stop_argv)
    tidy = f"{words}; sleep 1; rm -f {node.folder.root}/pid"
    node.use(stop=("sh", "-c", tidy))
    node.folder.start()

    record = node.applied(NEW)

    assert record.verdict is Verdict.APPLIED, record.detail
    assert node.folder.read() == NEW
    assert node.folder.active()


def test_a_stopped_service_stays_stopped(lone_node: MakeNode, shell: str) -> None:
    """Someone stopped it for a reason: the file is replaced, nothing is started."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)

    record = node.applied(NEW)

    assert record.verdict is Verdict.APPLIED
    assert node.folder.read() == NEW
    assert node.folder.starts() == []


def test_a_stopped_service_is_started_when_told(lone_node: MakeNode) -> None:
    """start_stopped overrides the rule that stopped stays stopped."""
    node = lone_node("cluster.node-id = 1\n")

    record = node.applied(NEW, start_stopped=True)

    assert record.verdict is Verdict.APPLIED
    assert node.folder.active()


def test_a_stopped_service_told_to_start_is_stopped_again(lone_node: MakeNode) -> None:
    """It ends as it was found where the new file does not work."""
    node = lone_node("cluster.node-id = 1\n")

    record = node.applied(b"exits-at-once = 1\n", start_stopped=True)

    assert record.verdict is Verdict.RESTORED, record.detail
    assert node.folder.read() == node.base
    assert not node.folder.active()


def test_equal_digests_are_a_restart(lone_node: MakeNode, shell: str) -> None:
    """Base equal to result: the same inode stays, the server runs anew."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    node.folder.start()
    inode = node.folder.config.stat().st_ino

    record = node.applied(node.base)

    assert record.verdict is Verdict.APPLIED
    assert node.folder.config.stat().st_ino == inode
    assert len(node.folder.starts()) == 2


def test_a_server_without_process_id_is_restarted(lone_node: MakeNode) -> None:
    """Without a pid command the active command alone tells."""
    node = lone_node("cluster.node-id = 1\n", with_pid=False)
    node.folder.start()

    record = node.applied(NEW)

    assert record.verdict is Verdict.APPLIED
    assert len(node.folder.starts()) == 2
    assert node.folder.active()


def test_a_lost_lease_begins_nothing(lone_node: MakeNode, shell: str) -> None:
    """A run that slept past its lease is refused once another took over."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    node.folder.start()
    fence = node.take()
    node.stage(fence, NEW)
    ask = LeaseAsk(
        run=RunId("other"), who="o@h", plan=None, seconds=9, take_over_run=RUN
    )
    node.session.take_lease(ask)

    with pytest.raises(LeaseLost):
        node.session.commit(node.order(fence, NEW))

    assert not node.record().begun
    assert node.folder.read() == node.base
    assert len(node.folder.starts()) == 1


def test_a_step_is_not_begun_twice(lone_node: MakeNode) -> None:
    """A begun step without a verdict must be finished, not begun again."""
    node = lone_node("cluster.node-id = 1\n")
    fence = node.take()
    node.stage(fence, NEW)
    (node.work / "tx" / f"{RUN}@1" / "begun").write_text("1\n")

    with pytest.raises(Unfinished):
        node.session.commit(node.order(fence, NEW))
    with pytest.raises(Unfinished):
        node.stage(fence, NEW)


def test_five_backups_are_kept(lone_node: MakeNode) -> None:
    """The newest five, each the bytes before a replacement."""
    node = lone_node("cluster.node-id = 0\n")
    for number in range(1, 8):
        node.applied(b"cluster.node-id = %d\n" % number)
        node.base = node.folder.read()

    backups = sorted((node.work / "backups").iterdir())

    assert [backup.read_bytes() for backup in backups] == [
        b"cluster.node-id = %d\n" % number for number in range(2, 7)
    ]


def test_the_report_tells_what_the_server_began_with(lone_node: MakeNode) -> None:
    """After a later edit by hand the bytes of the last start are still known."""
    node = lone_node("cluster.node-id = 1\n")
    node.folder.start()
    node.applied(NEW)
    assert node.session.report().backup_before_start is None

    node.folder.write("by = hand\n")

    assert node.session.report().backup_before_start == NEW
    assert node.session.report().file is not None
    assert digest_of(node.folder.read()) != digest_of(NEW)


def test_following_ends_with_the_verdict(lone_node: MakeNode, shell: str) -> None:
    """The log has one line per act and its last line is the verdict."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    node.folder.start()
    fence = node.take()
    node.stage(fence, NEW)
    node.session.commit(node.order(fence, NEW))

    acts = [event.act for event in node.followed()]

    assert acts == [
        *("begin", "stop", "gone", "replace", "start", "health", "healthy"),
        "applied",
    ]
