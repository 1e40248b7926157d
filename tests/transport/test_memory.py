"""What only the cluster in a dict can do: faults at every call, and time."""

from datetime import timedelta

import pytest

from stalplan.errors import LockHeld, NodeUnreachable
from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Node, SshSettings
from stalplan.model.live import Unreachable, digest_of
from stalplan.model.records import Fence, Transaction, Verdict
from stalplan.names import NodeId, NodeName, RunId
from stalplan.ports import CommitOrder, LeaseAsk, StageOrder
from stalplan.transport.memory import Fault, MemoryCluster, MemoryTransport

OLD, NEW = b"cluster.node-id = 1\n", b"cluster.node-id = 2\n"
RUN = RunId("run-1")
ACTS = ("begin", "stop", "gone", "replace", "start", "healthy")
HEALTH = HealthAsk(url=None, timeout=1.0, hostname=None, coordinated=False)


def node(name: str = "mx1") -> Node:
    return Node(name=NodeName(name), node_id=NodeId(1), ssh=SshSettings(address=name))


def order(fence: Fence, *, result: bytes = NEW) -> CommitOrder:
    return CommitOrder(
        fence=fence,
        plan=digest_of(b"plan"),
        step=1,
        base=digest_of(OLD),
        result=digest_of(result),
        health=HEALTH,
        stop_timeout=1.0,
    )


def apply(cluster: MemoryCluster) -> CommitOrder:
    """Lease, stage and commit on mx1."""
    session = MemoryTransport(cluster).session(node())
    ask = LeaseAsk(run=RUN, who="ann", plan=digest_of(b"plan"), seconds=600)
    fence = Fence(run=RUN, number=session.take_lease(ask).number)
    made = order(fence)
    session.stage(
        StageOrder(fence=fence, step=1, base=made.base, result=made.result, data=NEW)
    )
    session.commit(made)
    return made


def record(cluster: MemoryCluster) -> Transaction:
    found = cluster["mx1"].transaction(RUN, 1)
    assert found is not None
    return found


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster({"mx1": OLD})


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("undo", [False, True])
def test_a_cut_off_transaction_is_finished(
    cluster: MemoryCluster, act: str, undo: bool
) -> None:
    """Whenever its process dies: file whole, server up, and a verdict in the end."""
    mx1 = cluster["mx1"]
    mx1.script.dies_after = act
    made = apply(cluster)
    cut = record(cluster)

    mx1.script.dies_after = ""
    mx1.finish(made, undo=undo)

    ended = record(cluster)
    replaced = ACTS.index(act) >= ACTS.index("replace") and not undo
    assert (True, False, None) == (cut.begun, cut.running, cut.verdict)
    assert (Verdict.APPLIED if replaced else Verdict.RESTORED) == ended.verdict
    assert (NEW if replaced else OLD) == mx1.data
    assert mx1.running
    assert mx1.data == mx1.started_data


def test_finishing_restarts_only_a_server_that_began_before(
    cluster: MemoryCluster,
) -> None:
    """One that began after the replacement already has the new file."""
    mx1 = cluster["mx1"]
    mx1.script.dies_after = "start"
    made = apply(cluster)

    mx1.finish(made, undo=False)

    assert (2, Verdict.APPLIED) == (mx1.starts, record(cluster).verdict)


def test_another_file_is_left_to_a_person(cluster: MemoryCluster) -> None:
    """Neither base nor result: both digests are told, nothing is touched."""
    mx1 = cluster["mx1"]
    mx1.script.dies_after = "gone"
    made = apply(cluster)
    mx1.write(b"by hand\n")

    mx1.finish(made, undo=False)

    ended = record(cluster)
    assert (Verdict.FAILED, b"by hand\n") == (ended.verdict, mx1.data)
    assert made.base in ended.detail
    assert made.result in ended.detail


def test_a_transaction_at_work_keeps_others_out(cluster: MemoryCluster) -> None:
    """It can be watched, and no lease is given meanwhile, not even to its own run."""
    mx1 = cluster["mx1"]
    mx1.script.waits_after = "stop"
    apply(cluster)
    assert (True, None) == (record(cluster).running, record(cluster).verdict)

    with pytest.raises(LockHeld):
        mx1.take_lease(LeaseAsk(run=RUN, who="ann", plan=None, seconds=1))
    mx1.go_on()

    assert (False, Verdict.APPLIED) == (
        record(cluster).running,
        record(cluster).verdict,
    )


def test_a_server_that_does_not_stop_is_left_running(cluster: MemoryCluster) -> None:
    """Verdict not-stopped: nothing is replaced under it."""
    mx1 = cluster["mx1"]
    mx1.script.stops = False
    apply(cluster)

    assert (Verdict.NOT_STOPPED, OLD, True) == (
        record(cluster).verdict,
        mx1.data,
        mx1.running,
    )


def test_a_file_saved_while_the_server_stops_is_kept(cluster: MemoryCluster) -> None:
    """The server may rewrite its file until it is gone: verdict stale."""
    mx1 = cluster["mx1"]
    mx1.script.after_act = lambda act: mx1.write(b"saved\n") if act == "gone" else None
    apply(cluster)

    assert (Verdict.STALE, b"saved\n", True) == (
        record(cluster).verdict,
        mx1.data,
        mx1.running,
    )


def test_a_server_that_runs_with_no_file_needs_a_person(
    cluster: MemoryCluster,
) -> None:
    """Verdict failed: the old file is back, but does not work either."""
    mx1 = cluster["mx1"]
    mx1.script.healthy = lambda _: False
    apply(cluster)

    assert (Verdict.FAILED, OLD) == (record(cluster).verdict, mx1.data)


def test_a_running_server_writes_its_file_from_memory(cluster: MemoryCluster) -> None:
    """An edit under a running server is lost at its next save."""
    cluster["mx1"].write(NEW)
    cluster["mx1"].save_settings()

    assert OLD == cluster["mx1"].data


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_cut_line_may_hide_what_was_done(
    cluster: MemoryCluster, after_effect: bool
) -> None:
    """The third call is the commit; its answer or its effect is lost."""
    cluster.fault = Fault(call=3, after_effect=after_effect)

    with pytest.raises(NodeUnreachable, match="cut at call 3"):
        apply(cluster)

    assert ["mx1 take_lease", "mx1 stage", "mx1 commit"] == cluster.calls
    assert after_effect == record(cluster).begun
    assert cluster["mx1"].report().file is not None


def test_a_lasting_fault_ends_every_later_call(cluster: MemoryCluster) -> None:
    """As when the controller is killed: nothing it would do has an effect."""
    cluster.fault = Fault(call=2, lasts=True, error=KeyboardInterrupt)

    with pytest.raises(KeyboardInterrupt):
        apply(cluster)
    with pytest.raises(KeyboardInterrupt):
        apply(cluster)

    assert cluster["mx1"].transaction(RUN, 1) is None


def test_an_unreachable_node_is_a_value_when_read(cluster: MemoryCluster) -> None:
    """And an error when a session is asked for."""
    cluster["mx1"].unreachable = "its power is off"
    transport = MemoryTransport(cluster)

    assert [
        Unreachable(
            node=NodeName("mx1"),
            summary="Node unreachable",
            detail="mx1: its power is off.",
        )
    ] == list(transport.read([node()]))
    with pytest.raises(NodeUnreachable):
        transport.session(node())


def test_sleeping_moves_the_clock(cluster: MemoryCluster) -> None:
    """No test waits for a lease to end."""
    before = cluster.now()
    cluster.sleep(3600)

    assert cluster.now() - before > timedelta(hours=1)
