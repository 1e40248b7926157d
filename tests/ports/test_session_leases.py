"""One suite for every Session, here: who holds a node."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from ports.worlds import (
    OTHER,
    PLAN,
    RUN,
    World,
    asking,
    commit_order,
    stage_order,
    taken,
    with_id,
)
from stalplan.errors import LeaseLost, LockHeld
from stalplan.names import RunId


def test_a_lease_is_seen_by_everybody(world: World) -> None:
    """Who holds the node, for which plan, and until when."""
    taken_now = world.session().take_lease(asking())

    seen = world.session().report().lease

    assert seen == taken_now
    assert (RUN, "ann@desk", PLAN) == (taken_now.run, taken_now.who, taken_now.plan)
    assert not taken_now.expired


def test_a_held_node_refuses_another_run(world: World) -> None:
    """The error names the run that holds it, whose lease stays."""
    fence = taken(world)

    with pytest.raises(LockHeld, match=RUN):
        world.session().take_lease(asking(OTHER))

    lease = world.session().report().lease
    assert lease is not None
    assert (RUN, fence.number) == (lease.run, lease.number)


def test_one_of_many_askers_gets_the_node(world: World) -> None:
    """All ask at once; the others are told who won."""
    outcomes: list[str] = []

    def ask(run: RunId) -> None:
        try:
            outcomes.append(world.session().take_lease(asking(run)).run)
        except LockHeld:
            outcomes.append("held")

    askers = [
        threading.Thread(target=ask, args=(RunId(f"run-{number}"),))
        for number in range(6)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    lease = world.session().report().lease
    assert lease is not None
    assert sorted(["held"] * 5 + [lease.run]) == sorted(outcomes)


def test_a_run_may_take_its_own_lease_again(world: World) -> None:
    """The number grows, and what still presents the old one is refused."""
    old = taken(world)
    new = taken(world)

    assert new.number > old.number
    with pytest.raises(LeaseLost):
        world.session().renew_lease(old, seconds=60)


def test_an_expired_lease_can_be_taken_over(world: World) -> None:
    """By any run; the sleeper that wakes up is refused, and has done nothing."""
    old = taken(world, seconds=1)
    world.wait(2.1)
    expired = world.session().report().lease
    assert expired is not None
    assert expired.expired

    new = taken(world, OTHER)

    assert new.number > old.number
    data = with_id(world, 3)
    for act in (
        lambda: world.session().stage(stage_order(world, old, data)),
        lambda: world.session().commit(commit_order(world, old, data)),
        lambda: world.session().renew_lease(old, seconds=60),
    ):
        with pytest.raises(LeaseLost):
            act()
    assert world.session().transaction(RUN, 1) is None


def test_an_expired_lease_allows_nothing_more(world: World) -> None:
    """A paused run that wakes is refused though nobody took its node."""
    fence = taken(world, seconds=1)
    world.wait(2.1)

    with pytest.raises(LeaseLost):
        world.session().stage(stage_order(world, fence, with_id(world, 3)))


def test_recover_takes_over_its_own_runs_lease_at_once(world: World) -> None:
    """Named, an unexpired lease of another run gives way; no other does."""
    taken(world)

    with pytest.raises(LockHeld):
        world.session().take_lease(replace(asking(OTHER), take_over_run=RunId("x")))
    lease = world.session().take_lease(replace(asking(OTHER), take_over_run=RUN))

    assert OTHER == lease.run


def test_a_renewed_lease_lasts_from_now(world: World) -> None:
    """The number stays; the end moves."""
    fence = taken(world, seconds=60)

    renewed = world.session().renew_lease(fence, seconds=3600)

    report = world.session().report()
    assert report.lease == renewed
    assert fence.number == renewed.number
    assert renewed.until > report.read_at + timedelta(seconds=3500)


def test_a_released_node_is_free(world: World) -> None:
    """Letting go twice, or of a node that is another's by now, does nothing."""
    fence = taken(world)
    world.session().release_lease(fence)
    world.session().release_lease(fence)
    assert world.session().report().lease is None

    other = taken(world, OTHER)
    world.session().release_lease(fence)

    lease = world.session().report().lease
    assert lease is not None
    assert (OTHER, other.number) == (lease.run, lease.number)


def test_a_number_is_given_once(world: World) -> None:
    """Released and broken leases are numbers too: an old fence never fits again."""
    first = taken(world)
    world.session().release_lease(first)
    second = taken(world)
    world.session().break_lease(RUN)
    third = taken(world)

    assert first.number < second.number < third.number


def test_a_lease_is_broken_by_its_name(world: World) -> None:
    """Only that run's; breaking nothing is said to be nothing."""
    taken(world)

    broken = [world.session().break_lease(run) for run in (OTHER, RUN, RUN)]

    assert [False, True, False] == broken
    assert world.session().report().lease is None
