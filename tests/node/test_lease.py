"""A node's lease: one holder, a growing number, no way back for who slept."""

import threading
import time
from pathlib import Path

import pytest

from node.local_exec import LocalExec, path_without
from node.lone_node import PLAN, RUN, LoneNode, MakeNode
from stalplan.errors import LeaseLost, LockHeld
from stalplan.model.records import Fence
from stalplan.names import RunId
from stalplan.ports import LeaseAsk
from stalplan.transport.agent_session import AgentSession

CONFIG = "cluster.node-id = 1\n"
OTHER = RunId("other-run")


def ask(run: RunId, *, seconds: int = 900, over: RunId | None = None) -> LeaseAsk:
    return LeaseAsk(
        run=run, who="me@here", plan=PLAN, seconds=seconds, take_over_run=over
    )


def expire(node: LoneNode) -> None:
    """Let the newest lease end a minute ago, by the node's clock."""
    newest = newest_lease(node)
    lines = newest.read_text().splitlines()
    past = f"until {int(time.time()) - 60}"
    newest.write_text("\n".join([*lines[:3], past, lines[4], ""]))


def newest_lease(node: LoneNode) -> Path:
    """The one that counts: the highest number."""
    return max((node.work / "lease").iterdir(), key=lambda path: int(path.name))


def test_a_lease_says_who_and_until_when(lone_node: MakeNode, shell: str) -> None:
    """What one takes, another sees in the report."""
    node = lone_node(CONFIG, shell=shell)

    taken = node.session.take_lease(ask(RUN))

    assert taken.number == 1
    assert taken.run == RUN
    assert taken.who == "me@here"
    assert taken.plan == PLAN
    assert not taken.expired
    assert node.session.report().lease == taken


def test_a_held_lease_is_refused(lone_node: MakeNode, shell: str) -> None:
    """The error names the run, its owner, and the command that unlocks."""
    node = lone_node(CONFIG, shell=shell)
    node.take()

    with pytest.raises(LockHeld) as refused:
        node.session.take_lease(ask(OTHER))

    assert RUN in refused.value.detail
    assert "tester@here" in refused.value.detail
    assert f"stalplan unlock mx1 {RUN}" in refused.value.hint


def test_a_released_lease_is_free(lone_node: MakeNode, shell: str) -> None:
    """Letting go twice does nothing; the next number is a higher one."""
    node = lone_node(CONFIG, shell=shell)
    fence = node.take()

    node.session.release_lease(fence)
    node.session.release_lease(fence)

    assert node.session.report().lease is None
    assert node.session.take_lease(ask(OTHER)).number == 2


def test_an_expired_lease_is_taken_over(lone_node: MakeNode, shell: str) -> None:
    """The run that held it is refused from then on, and can't let the other go."""
    node = lone_node(CONFIG, shell=shell)
    fence = node.take()
    expire(node)
    lease = node.session.report().lease
    assert lease is not None
    assert lease.expired

    taken = node.session.take_lease(ask(OTHER))

    assert taken.number == fence.number + 1
    with pytest.raises(LeaseLost):
        node.session.renew_lease(fence, seconds=900)
    with pytest.raises(LeaseLost):
        node.stage(fence, b"x = 1\n")
    node.session.release_lease(fence)
    lease = node.session.report().lease
    assert lease is not None
    assert lease.run == OTHER


def test_an_expired_lease_of_ones_own_is_lost(lone_node: MakeNode) -> None:
    """Whoever slept past the end is refused, also where nobody took over."""
    node = lone_node(CONFIG)
    fence = node.take()
    expire(node)

    with pytest.raises(LeaseLost):
        node.stage(fence, b"x = 1\n")


def test_renewing_moves_the_end(lone_node: MakeNode, shell: str) -> None:
    """The number stays, the end is later."""
    node = lone_node(CONFIG, shell=shell)
    fence = node.take(seconds=60)
    before = node.session.report().lease
    assert before is not None

    after = node.session.renew_lease(fence, seconds=900)

    assert after.number == before.number
    assert (after.until - before.until).total_seconds() > 800


def test_recover_takes_its_own_run_over(lone_node: MakeNode, shell: str) -> None:
    """A run that is named may be taken over at once; its old fence is worth nothing."""
    node = lone_node(CONFIG, shell=shell)
    fence = node.take()

    taken = node.session.take_lease(ask(RUN, over=RUN))

    assert taken.number == fence.number + 1
    with pytest.raises(LeaseLost):
        node.session.renew_lease(fence, seconds=900)


def test_breaking_needs_the_holders_name(lone_node: MakeNode, shell: str) -> None:
    """Only the run that holds the node can be unlocked by its name."""
    node = lone_node(CONFIG, shell=shell)
    node.take()

    assert not node.session.break_lease(OTHER)
    assert not node.session.break_lease(RunId("../../etc"))
    assert node.session.break_lease(RUN)
    assert node.session.report().lease is None
    assert not node.session.break_lease(RUN)


def test_no_takeover_while_a_transaction_runs(lone_node: MakeNode, shell: str) -> None:
    """A lease may run out meanwhile; the node ends what it began first."""
    node = lone_node("hangs-on = 1\n", shell=shell)
    node.folder.start()
    fence = node.take()
    result = b"cluster.node-id = 2\n"
    node.stage(fence, result)
    node.session.commit(node.order(fence, result, stop_timeout=30))
    expire(node)

    with pytest.raises(LockHeld) as refused:
        node.session.take_lease(ask(OTHER))

    assert "transaction" in refused.value.detail
    node.folder.kill()
    node.followed()
    assert node.session.take_lease(ask(OTHER)).number == 2


@pytest.mark.parametrize("flock", [True, False], ids=["flock", "no-flock"])
@pytest.mark.parametrize("racers", [40])
def test_one_racer_wins_an_expired_lease(
    lone_node: MakeNode, tmp_path: Path, flock: bool, racers: int
) -> None:
    """Of many who ask at once for an expired lease, exactly one gets it."""
    node = lone_node(CONFIG)
    if not flock:
        node.line.environment["PATH"] = path_without(tmp_path / "bin", "flock")
    node.take()
    expire(node)
    race(node, racers, number=2)


def race(node: LoneNode, racers: int, *, number: int) -> None:
    won: list[Fence] = []
    start = threading.Barrier(racers)

    def run(name: str) -> None:
        session = AgentSession(
            LocalExec(node.line.environment["PATH"], cwd=node.line.cwd),
            node.node,
            work_root=str(node.work_root),
        )
        start.wait()
        try:
            lease = session.take_lease(ask(RunId(name)))
        except LockHeld:
            return
        won.append(Fence(run=RunId(name), number=lease.number))

    threads = [
        threading.Thread(target=run, args=(f"racer-{number}",))
        for number in range(racers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    holder = newest_lease(node).read_text().partition("\n")[0].removeprefix("run ")
    assert [Fence(run=RunId(holder), number=number)] == won


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("races", "racers"), [(500, 20), (10_000, 2)])
@pytest.mark.parametrize("flock", [True, False], ids=["flock", "no-flock"])
def test_every_race_has_one_winner(
    lone_node: MakeNode, tmp_path: Path, flock: bool, races: int, racers: int
) -> None:
    """Likewise thousands of times: never two holders, never none."""
    node = lone_node(CONFIG)
    if not flock:
        node.line.environment["PATH"] = path_without(tmp_path / "bin", "flock")
    node.take()
    for number in range(1, races + 1):
        expire(node)
        race(node, racers, number=number + 1)
