"""One suite for every Session, here: looking, staging, and one node's transaction."""

import socket
from dataclasses import replace

import pytest

from ports.worlds import (
    OTHER,
    PLAN,
    RUN,
    SICK_ID,
    World,
    carried_out,
    commit_order,
    digest,
    running,
    stage_order,
    taken,
    with_id,
)
from stalplan.errors import AgentFailed, LeaseLost, PlanIsStale
from stalplan.model.live import digest_of
from stalplan.model.records import Fence, Verdict
from stalplan.model.secrets import Secret
from stalplan.ports import SettingsAsk


def test_a_report_has_the_file_and_the_service(world: World) -> None:
    """The bytes as they are, who runs, and nothing left behind."""
    report = world.session().report()

    assert report.file is not None
    assert world.base == report.file.data
    assert len(world.base) == report.file.size
    assert running(report)
    assert (None, ()) == (report.lease, report.transactions)
    assert report.service_problem is None
    assert report.host_key is not None
    assert "0.15.5" == report.server_version


def test_a_report_says_that_the_server_is_down(world: World) -> None:
    """A stopped service is a fact, not a failure."""
    world.stop()

    assert not running(world.session().report())


def test_staging_leaves_the_file_alone(world: World) -> None:
    """The record says what is staged, and that nothing is begun."""
    fence, data = taken(world), with_id(world, 3)

    world.session().stage(stage_order(world, fence, data))

    record = world.session().transaction(RUN, 1)
    assert record is not None
    assert (False, False, None) == (record.begun, record.running, record.verdict)
    assert (digest_of(world.base), digest_of(data)) == (record.base, record.result)
    assert world.base == world.read()
    assert (record,) == world.session().report().transactions


def test_staging_needs_the_base_that_the_plan_saw(world: World) -> None:
    """Another file than planned is a stale plan; nothing is staged."""
    fence, data = taken(world), with_id(world, 3)
    order = stage_order(world, fence, data, base=b"another file\n")

    with pytest.raises(PlanIsStale):
        world.session().stage(order)

    assert world.session().transaction(RUN, 1) is None


def test_a_later_step_builds_on_an_earlier_ones_result(world: World) -> None:
    """Both files of a node that changes twice are staged before the first step."""
    fence = taken(world)
    first, second = with_id(world, 3), with_id(world, 4)
    world.session().stage(stage_order(world, fence, first))

    world.session().stage(stage_order(world, fence, second, step=2, base=first))

    steps = [each.step for each in world.session().report().transactions]
    assert [1, 2] == sorted(steps)


def test_a_transaction_replaces_the_file_and_restarts_once(world: World) -> None:
    """Verdict, file, and a server that began after the replacement."""
    before = world.session().report()
    fence, data, starts = taken(world), with_id(world, 3), world.starts()
    world.session().stage(stage_order(world, fence, data))

    record = carried_out(world, commit_order(world, fence, data))

    after = world.session().report()
    assert (Verdict.APPLIED, True, False) == (
        record.verdict,
        record.begun,
        record.running,
    )
    assert data == world.read()
    assert starts + 1 == world.starts()
    assert running(after)
    assert before.file is not None
    assert after.file is not None
    assert (before.file.owner, before.file.mode) == (after.file.owner, after.file.mode)
    assert record.file_digest == digest(after)
    assert PLAN == record.plan


def test_a_restart_leaves_the_file_as_it_is(world: World) -> None:
    """Base equal to result: nothing is staged, nothing replaced."""
    fence, starts = taken(world), world.starts()

    record = carried_out(world, commit_order(world, fence, world.base))

    assert Verdict.APPLIED == record.verdict
    assert (world.base, starts + 1) == (world.read(), world.starts())


def test_a_stopped_server_stays_stopped(world: World) -> None:
    """Someone stopped it for a reason: it gets its file and no start."""
    world.stop()
    fence, data, starts = taken(world), with_id(world, 3), world.starts()
    world.session().stage(stage_order(world, fence, data))

    record = carried_out(world, commit_order(world, fence, data))

    assert (Verdict.APPLIED, data) == (record.verdict, world.read())
    assert starts == world.starts()
    assert not running(world.session().report())


def test_a_stopped_server_starts_when_it_is_asked_for(world: World) -> None:
    """`--start-stopped` is part of the order."""
    world.stop()
    fence, data, starts = taken(world), with_id(world, 3), world.starts()
    world.session().stage(stage_order(world, fence, data))
    order = replace(commit_order(world, fence, data), start_stopped=True)

    record = carried_out(world, order)

    assert (Verdict.APPLIED, starts + 1) == (record.verdict, world.starts())
    assert running(world.session().report())


def test_a_file_that_changed_after_staging_is_left_alone(world: World) -> None:
    """Verdict stale: nothing was stopped, and the newer file stays."""
    fence, data, starts = taken(world), with_id(world, 3), world.starts()
    world.session().stage(stage_order(world, fence, data))
    newer = world.base + b"# an edit\n"
    world.write(newer)

    record = carried_out(world, commit_order(world, fence, data))

    assert Verdict.STALE == record.verdict
    assert (newer, starts) == (world.read(), world.starts())


def test_a_server_that_does_not_come_up_gets_its_old_file_back(world: World) -> None:
    """Verdict restored: the old bytes, and a server that runs with them."""
    fence, data = taken(world), with_id(world, SICK_ID)
    world.session().stage(stage_order(world, fence, data))

    record = carried_out(world, commit_order(world, fence, data))

    assert Verdict.RESTORED == record.verdict
    assert record.detail
    assert world.base == world.read()
    assert running(world.session().report())


def test_nothing_begins_that_is_not_staged(world: World) -> None:
    """A commit without its result is refused."""
    fence = taken(world)

    with pytest.raises(AgentFailed):
        world.session().commit(commit_order(world, fence, with_id(world, 3)))

    assert world.base == world.read()


def test_a_step_that_is_over_needs_its_file_again(world: World) -> None:
    """What was staged went with the verdict; asking once more begins nothing."""
    fence, data = taken(world), with_id(world, 3)
    world.session().stage(stage_order(world, fence, data))
    order = commit_order(world, fence, data)
    carried_out(world, order)
    starts = world.starts()

    with pytest.raises(AgentFailed):
        world.session().commit(order)

    assert starts == world.starts()


def test_a_verdict_is_final(world: World) -> None:
    """Finishing what is over does nothing, whatever the file is by then."""
    fence, data = taken(world), with_id(world, 3)
    world.session().stage(stage_order(world, fence, data))
    order = commit_order(world, fence, data)
    carried_out(world, order)
    starts = world.starts()
    world.write(world.base)

    world.session().finish(order, undo=True)

    record = world.session().transaction(RUN, 1)
    assert record is not None
    assert (Verdict.APPLIED, starts) == (record.verdict, world.starts())
    assert digest_of(world.base) == record.file_digest


def test_the_log_can_be_read_again(world: World) -> None:
    """From its first line, by whoever comes later; acts in their order."""
    fence, data = taken(world), with_id(world, 3)
    world.session().stage(stage_order(world, fence, data))
    carried_out(world, commit_order(world, fence, data))

    acts = [event.act for event in world.session().follow(RUN, 1)]

    wanted = ["stop", "gone", "replace", "start", "healthy"]
    assert wanted == [act for act in acts if act in wanted]


def test_an_unknown_step_has_no_record_and_no_log(world: World) -> None:
    """Nothing is made up."""
    assert world.session().transaction(RUN, 9) is None
    assert [] == list(world.session().follow(RUN, 9))


def test_cleaning_removes_what_is_over(world: World) -> None:
    """Staged and finished steps go; the file stays as it came to be."""
    fence, data = taken(world), with_id(world, 3)
    world.session().stage(stage_order(world, fence, data))
    carried_out(world, commit_order(world, fence, data))
    more = with_id(world, 4)
    world.session().stage(stage_order(world, fence, more, step=2, base=data))

    world.session().clean(fence)

    assert () == world.session().report().transactions
    assert data == world.read()


def test_cleaning_needs_the_lease(world: World) -> None:
    """Another run's records are not ours to remove."""
    taken(world)
    with pytest.raises(LeaseLost):
        world.session().clean(Fence(run=OTHER, number=1))


def test_a_server_without_an_api_tells_no_settings(world: World) -> None:
    """Why there is no answer is told in words, and the password in none of them."""
    ask = SettingsAsk(
        url="http://127.0.0.1:9/api/settings/keys?keys=cluster.node-id",
        user="admin",
        password=Secret("CANARY-api"),
    )

    with pytest.raises(AgentFailed, match="nothing answers at that address") as failed:
        world.session().settings(ask)

    assert "CANARY" not in failed.value.detail
    assert "CANARY" not in repr(ask)


def test_addresses_are_tried(world: World) -> None:
    """An open port is reached; one that nobody listens on only a dict could reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = f"127.0.0.1:{server.getsockname()[1]}"

        assert frozenset({there}) == world.session().reach([there])


def test_a_step_is_forgotten_by_a_person(world: World) -> None:
    """Its record and its staged file go; the config file is nobody's business."""
    fence = taken(world)
    world.session().stage(stage_order(world, fence, with_id(world, 3)))

    world.session().forget(fence, 1)

    assert world.session().transaction(RUN, 1) is None
    assert world.base == world.read()
    assert () == world.session().report().transactions


def test_a_replaced_file_can_be_had_back(world: World) -> None:
    """By its digest; bytes that the node never kept are None."""
    fence, data = taken(world), with_id(world, 3)
    world.session().stage(stage_order(world, fence, data))
    carried_out(world, commit_order(world, fence, data))

    assert world.base == world.session().backup(digest_of(world.base))
    assert world.session().backup(digest_of(b"never seen")) is None
