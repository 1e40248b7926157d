"""Numbers for the acts of both sides, given while a real command line runs.

The controller's acts are the calls of its sessions, what it writes down, and its
hooks; those of a node are the file acts of the agent's scripts. Before and after each
there is a point. At one of them the side that reached it waits until the world has
been told, has done its worst, and says go.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from stalplan.model.health import HealthAsk
from stalplan.node import agent
from stalplan.run import steps
from stalplan.store.runs import JournalFile, RunFolder
from stalplan.store.state import StateFile
from stalplan.transport.agent_session import AgentSession
from stalplan.transport.local import LocalCommands
from stalplan.transport.ssh_exec import LineExec

_GRACE = 2.0  # seconds
CALLS = (
    "report",
    "take_lease",
    "renew_lease",
    "release_lease",
    "stage",
    "commit",
    "transaction",
    "finish",
    "clean",
)
# Each of these is an act of a node; there is a point before it and one after it.
FUNCTIONS = ("keep", "ask_to_stop", "ask_to_start", "note", "copy_of_target", "flush")
PROGRAMS = ("mv", "rm", "cp", "cat", "ln", "mkdir")


@dataclass(frozen=True, slots=True)
class AgentPoint:
    """Point *number*, from 1, of one verb's script on the node of that config file.

    Number 0 waits nowhere. An empty *config* means every node, an empty *verb* every
    script; then they are only counted.
    """

    config: str
    verb: str
    number: int


@dataclass(slots=True)
class Points:
    """The controller's points: written to *trace*, and *at* one of them it waits.

    *trace*, *told* and *go* are descriptors that outlive no process but this one.
    """

    at: int
    trace: int
    told: int
    go: int
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_by(self, name: str) -> None:
        """One point. Returns at once, or when the world says go."""
        with self.lock:
            self.count += 1
            number = self.count
            os.write(self.trace, f"{number} {name}\n".encode())
        if number == self.at:
            os.write(self.told, f"{name}\n".encode())
            os.read(self.go, 1)

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """A point before the block, and one after it where it does not raise."""
        self.pass_by(f"before {name}")
        yield
        self.pass_by(f"after {name}")


def install(points: Points, agent_point: AgentPoint | None, *, steady: float) -> None:
    """Number everything that this process does from now on.

    *steady* stands for the seconds that a started server must have lived; a node that
    does not answer is given up sooner than in earnest.
    """
    steps.GRACE = _GRACE
    defaults = HealthAsk.__init__.__kwdefaults__
    assert defaults is not None
    defaults["steady"] = steady
    for name in CALLS:
        _number(AgentSession, name, points, lambda it: str(it.node.name))
    _number(JournalFile, "write", points, lambda _: "journal")
    _number(RunFolder, "begin", points, lambda _: "runs")
    _number(StateFile, "save", points, lambda _: "state")
    _number(LocalCommands, "hook", points, lambda _: "hook")
    _number_lines(points)
    _number_follow(points)
    if agent_point is not None:
        _number_scripts(agent_point)


def _number(kind: type, name: str, points: Points, of: Callable[[Any], str]) -> None:
    act = getattr(kind, name)

    def numbered(self: object, *args: object, **kwargs: object) -> object:
        with points.around(f"{of(self)} {name}"):
            return act(self, *args, **kwargs)

    setattr(kind, name, numbered)


def _number_follow(points: Points) -> None:
    follow = AgentSession.follow

    def numbered(self: AgentSession, *args: Any) -> Iterator[Any]:  # noqa: ANN401 - passed on
        with points.around(f"{self.node.name} follow"):
            yield from follow(self, *args)

    setattr(AgentSession, "follow", numbered)  # noqa: B010 - no other type is meant


def _number_lines(points: Points) -> None:
    """A request that is sent whole and not answered yet."""
    channel: Callable[[LineExec, str, bytes], AbstractContextManager[Any]]
    channel = LineExec._channel

    @contextmanager
    def numbered(self: LineExec, command: str, stdin: bytes) -> Iterator[Any]:
        with channel(self, command, stdin) as opened:
            points.pass_by(f"{self._node} sent")
            yield opened

    setattr(LineExec, "_channel", numbered)  # noqa: B010 - no other type is meant


def _number_scripts(point: AgentPoint) -> None:
    script = agent.script

    def numbered(
        verb: str, parts: Mapping[str, str], ask: agent.Ask, **last: str
    ) -> bytes:
        wanted = point.verb in ("", verb) and agent.PARTS[verb]
        if wanted and point.config in ("", ask.words["config"]):
            parts = {name: _renamed(text) for name, text in parts.items()}
            names = agent.PARTS[verb]
            parts[names[-1]] += _wrappers(verb, point.number, parts)
        return script(verb, parts, ask, **last)

    agent.script = numbered


def _renamed(text: str) -> str:
    for name in FUNCTIONS:
        text = text.replace(f"\n{name}() {{", f"\nreal_{name}() {{")
    return text


def _wrappers(verb: str, number: int, parts: Mapping[str, str]) -> str:
    text = "\n".join(parts[name] for name in agent.PARTS[verb])
    acts = {name: f"real_{name}" for name in FUNCTIONS if f"\nreal_{name}() {{" in text}
    acts |= {name: f"command {name}" for name in PROGRAMS}
    lines = [_wrapper(name, act) for name, act in acts.items()]
    return "\n".join(["", _POINT.format(at=number, verb=verb), *lines, ""])


def _wrapper(name: str, act: str) -> str:
    return (
        f'{name}() {{ at_point {name}; {act} "$@"; {name}_ended=$?; at_point {name}; '
        f"return ${name}_ended; }}"
    )


# A point passed in a subshell counts there alone, so a number may come twice; only the
# first to come waits.
_POINT = """\
fault_point=0
at_point() {{
  fault_folder=${{ask_config%/etc/*}}/points
  fault_point=$((fault_point + 1))
  echo "$fault_point" >"$fault_folder/count-{verb}"
  [ "$fault_point" = {at} ] && [ ! -e "$fault_folder/go" ] || return 0
  echo "$$ $1" >"$fault_folder/hit.new" &&
    command mv "$fault_folder/hit.new" "$fault_folder/hit"
  while [ ! -e "$fault_folder/go" ]; do command sleep 0.02; done
}}"""
