"""What happens at the act: each kind of fault as a function on the world."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from nodes.waiting import wait_until

from faults import hostile
from faults.case import Case, Kind
from faults.command import Command, Done, Where
from faults.machine import Machine
from faults.world import Loss, World

_PATIENCE = 60.0  # seconds that any command may take
_GONE_FOR = 1.5  # seconds that a node takes no connections
APPLY = ("apply", "--auto-approve")
RECOVER = ("recover", "--auto-approve")


@dataclass(slots=True, kw_only=True)
class Struck:
    """The command under test and the machine at whose act it waits.

    *agent* is the process of the agent that waits there, 0 where the controller does.
    """

    world: World
    case: Case
    command: Command
    machine: Machine
    agent: int = 0
    others: list[Done] = field(default_factory=list)  # what other commands said
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    meddled: bool = False  # the file is somebody else's now

    def go(self) -> None:
        """Let go on who waits, if it still can."""
        if self.agent:
            (self.machine.points / "go").touch()
        else:
            self.command.go()

    def wait(self, command: Command) -> Done:
        """The end of another command; the one under test may be at work meanwhile."""
        done = ended(command)
        self.others.append(done)
        return done

    def elsewhere(self) -> Where:
        """Another machine with a state folder of its own."""
        return self.world.new_controller()

    def heal(self, *, now: bool = False) -> None:
        """Do what is due of what was left for later, or all of it."""
        due = [each for each in self.later if now or each[0] <= time.monotonic()]
        self.later = [each for each in self.later if each not in due]
        for _, cure in due:
            cure()


def ended(command: Command, patience: float = _PATIENCE) -> Done:
    """The end of a command; Loss where it hangs."""
    try:
        wait_until(lambda: command.poll() is not None, patience, "the command's end")
    except TimeoutError as error:
        command.signal(signal.SIGKILL)
        wait_until(lambda: command.poll() is not None, what="the end of a killed one")
        raise Loss(f"it hung: {command.done()}") from error
    return command.done()


def strike(struck: Struck) -> None:
    """Do the worst, and let go on who can."""
    STRIKES[struck.case.kind](struck)
    struck.go()


def _nothing(_: Struck) -> None:
    """The act is passed like any other."""


def _cut(struck: Struck) -> None:
    struck.machine.cut()


def _hang_up(struck: Struck) -> None:
    struck.machine.hang_up()
    struck.later.append((time.monotonic() + _GONE_FOR, struck.machine.pick_up))


def _kill_controller(struck: Struck) -> None:
    struck.command.signal(signal.SIGKILL)


def _kill_agent(struck: Struck) -> None:
    struck.machine.kill([struck.agent])


def _kill_session(struck: Struck) -> None:
    struck.machine.kill(struck.machine.session_of(struck.agent) or [struck.agent])


def _reboot(struck: Struck) -> None:
    struck.machine.reboot()


def _full(place: str, struck: Struck) -> None:
    struck.machine.fill(place)


def _read_only(struck: Struck) -> None:
    struck.machine.read_only("config")


def _web_admin(struck: Struck) -> None:
    struck.meddled = struck.machine.save_in_web_admin()


def _edit(struck: Struck) -> None:
    """In place, as an editor that truncates does; now and then in another inode."""
    config = struck.machine.config
    data = config.read_bytes() + b"# by hand\n"
    struck.meddled = True
    config.write_bytes(data)


def _sleep(struck: Struck) -> None:
    """A closed laptop: past its lease, another recovers, then it wakes."""
    struck.command.signal(signal.SIGSTOP)
    for machine in struck.world.machines:
        machine.expire_lease()
    other = struck.world.begin(*RECOVER, where=struck.elsewhere())
    struck.wait(other)
    struck.go()
    struck.command.signal(signal.SIGCONT)


def _agent_sleeps(struck: Struck) -> None:
    """The node's side is stopped past the lease while another tries to recover."""
    struck.command.signal(signal.SIGKILL)
    wait_until(
        lambda: struck.command.poll() is not None, what="the end of a killed one"
    )
    for machine in struck.world.machines:
        machine.expire_lease()
    other = struck.world.begin(*RECOVER, where=struck.elsewhere())
    time.sleep(0.3)
    struck.go()
    struck.wait(other)


def _second_apply(struck: Struck) -> None:
    other = struck.world.begin(*APPLY, where=struck.elsewhere())
    if struck.agent:
        struck.go()  # it holds the node's lock, for which the other may wait
    struck.wait(other)


def _second_recover(struck: Struck) -> None:
    """Somebody takes a living run for a dead one."""
    other = struck.world.begin(*RECOVER, where=struck.elsewhere())
    if struck.agent:
        struck.go()
    struck.wait(other)


def _race(struck: Struck) -> None:
    """The run dies, its leases expire, and two want to end it at once."""
    struck.command.signal(signal.SIGKILL)
    wait_until(
        lambda: struck.command.poll() is not None, what="the end of a killed one"
    )
    struck.go()
    for machine in struck.world.machines:
        machine.expire_lease()
    racers = [
        struck.world.begin(*RECOVER, where=where)
        for where in (struck.elsewhere(), struck.elsewhere())
    ]
    for racer in racers:
        struck.wait(racer)


def _hostile(struck: Struck) -> None:
    hostile.attack(struck.machine, struck.case.choice)
    struck.meddled = True
    struck.later.append((float("inf"), partial(hostile.make_good, struck.machine)))


def _signal(numbers: tuple[signal.Signals, ...], struck: Struck) -> None:
    for number in numbers:
        struck.command.signal(number)
        time.sleep(0.05)


STRIKES: dict[Kind, Callable[[Struck], None]] = {
    Kind.NOTHING: _nothing,
    Kind.CUT: _cut,
    Kind.HANG_UP: _hang_up,
    Kind.KILL_CONTROLLER: _kill_controller,
    Kind.KILL_AGENT: _kill_agent,
    Kind.KILL_SESSION: _kill_session,
    Kind.REBOOT: _reboot,
    Kind.FULL_CONFIG: partial(_full, "config"),
    Kind.FULL_RECORDS: partial(_full, "records"),
    Kind.READ_ONLY: _read_only,
    Kind.WEB_ADMIN: _web_admin,
    Kind.EDIT: _edit,
    Kind.SLEEP: _sleep,
    Kind.AGENT_SLEEPS: _agent_sleeps,
    Kind.SECOND_APPLY: _second_apply,
    Kind.SECOND_RECOVER: _second_recover,
    Kind.RACE: _race,
    Kind.HOSTILE: _hostile,
    Kind.INTERRUPT: partial(_signal, (signal.SIGINT,)),
    Kind.INTERRUPT_TWICE: partial(_signal, (signal.SIGINT, signal.SIGINT)),
    Kind.TERMINATE: partial(_signal, (signal.SIGTERM,)),
}
