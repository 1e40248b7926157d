"""What one seed asks for: a scene, a fault, and the act at which it strikes."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Scene(StrEnum):
    """What the interrupted apply is about."""

    NAMES = "names"  # both nodes take another hostname, one after the other
    TOGETHER = "together"  # likewise, both in one step
    ONE = "one"  # only the second node changes
    SWAP = "swap"  # the nodes swap their ids, by way of a spare one
    ROLE = "role"  # a role moves from one node to the other
    STOPPED = "stopped"  # as NAMES; the first node was stopped on purpose
    RESTART = "restart"  # the first node's file was edited, and only a start is missing


class Side(StrEnum):
    """Whose acts are counted."""

    HERE = "here"
    NODE = "node"


class Kind(StrEnum):
    """What happens at the act."""

    NOTHING = "nothing"
    CUT = "cut"
    HANG_UP = "hang-up"
    KILL_CONTROLLER = "kill-controller"
    KILL_AGENT = "kill-agent"
    KILL_SESSION = "kill-session"
    REBOOT = "reboot"
    FULL_CONFIG = "full-config"
    FULL_RECORDS = "full-records"
    READ_ONLY = "read-only"
    WEB_ADMIN = "web-admin"
    EDIT = "edit"
    SLEEP = "sleep"
    AGENT_SLEEPS = "agent-sleeps"
    SECOND_APPLY = "second-apply"
    SECOND_RECOVER = "second-recover"
    RACE = "race"
    HOSTILE = "hostile"
    INTERRUPT = "interrupt"
    INTERRUPT_TWICE = "interrupt-twice"
    TERMINATE = "terminate"


class Server(StrEnum):
    """How the mail server behaves with its new file."""

    WELL = "well"
    REFUSES = "refuses"
    ENDS = "ends"
    DIES = "dies"
    NEVER_READY = "never-ready"
    SLOW = "slow"
    LINGERS = "lingers"  # its old process, which keeps the ports


BOTH, HERE, NODE = (Side.HERE, Side.NODE), (Side.HERE,), (Side.NODE,)
SIDES = {
    Kind.NOTHING: BOTH,
    Kind.CUT: BOTH,
    Kind.HANG_UP: BOTH,
    Kind.KILL_CONTROLLER: BOTH,
    Kind.KILL_AGENT: NODE,
    Kind.KILL_SESSION: NODE,
    Kind.REBOOT: BOTH,
    Kind.FULL_CONFIG: BOTH,
    Kind.FULL_RECORDS: BOTH,
    Kind.READ_ONLY: BOTH,
    Kind.WEB_ADMIN: BOTH,
    Kind.EDIT: BOTH,
    Kind.SLEEP: HERE,
    Kind.AGENT_SLEEPS: NODE,
    Kind.SECOND_APPLY: BOTH,
    Kind.SECOND_RECOVER: BOTH,
    Kind.RACE: BOTH,
    Kind.HOSTILE: BOTH,
    Kind.INTERRUPT: BOTH,
    Kind.INTERRUPT_TWICE: BOTH,
    Kind.TERMINATE: BOTH,
}
WEIGHTS = {Kind.NOTHING: 0, Kind.KILL_CONTROLLER: 3, Kind.KILL_AGENT: 4, Kind.CUT: 3}
ROOT_ONLY = {Kind.FULL_CONFIG, Kind.FULL_RECORDS, Kind.READ_ONLY, Kind.HOSTILE}
MEDDLING = {Kind.WEB_ADMIN, Kind.EDIT, Kind.HOSTILE}
"""The file itself is changed by somebody else: then it is theirs, and no loss."""
VERBS = ("take_lease", "stage", "commit", "transaction", "clean", "release_lease")
_VERB_WEIGHTS = (1, 2, 1, 8, 1, 1)
_WITH_SERVER = (
    Kind.NOTHING,
    Kind.KILL_CONTROLLER,
    Kind.KILL_AGENT,
    Kind.CUT,
    Kind.REBOOT,
)
_WITH_CLOCK = (Kind.NOTHING, Kind.CUT, Kind.KILL_CONTROLLER, Kind.KILL_AGENT, Kind.RACE)
HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One seed. *share*, 0 to 1, tells which of the points of the side and verb."""

    seed: int
    scene: Scene
    kind: Kind
    side: Side
    node: str
    verb: str
    share: float
    server: Server
    clock: int  # seconds by which the node's clock is wrong
    again: float  # where recover is killed as well; 0: it is not
    elsewhere: bool  # recover runs on another machine
    choice: int  # for a kind that has several ways to go
    hooks: bool  # nodes are taken out of a load balancer
    undo: bool  # recover goes back
    undo_on_failure: bool

    def __str__(self) -> str:
        where = f"{self.side} {self.verb if self.side is Side.NODE else ''}".strip()
        words = [
            f"seed {self.seed}: {self.scene}, {self.kind} at {where} of {self.node}"
        ]
        words += [f"at {self.share:.3f}"]
        words += [f"server {self.server}"] if self.server is not Server.WELL else []
        words += [f"clock {self.clock:+}"] if self.clock else []
        words += [f"recover killed at {self.again:.3f}"] if self.again else []
        words += ["recovered elsewhere"] if self.elsewhere else []
        words += ["with hooks"] if self.hooks else []
        words += ["undone"] if self.undo else []
        words += ["undone on failure"] if self.undo_on_failure else []
        return ", ".join(words)


def case_of(seed: int, *, rooted: bool, systemd: bool = False) -> Case:
    """The case of a seed, always the same.

    Without root, and on systemd nodes, some kinds never come; nor have the latter a
    clock of their own.
    """
    draw = Random(seed)
    server, clock = Server.WELL, 0
    can = rooted and not systemd
    kinds = [kind for kind in Kind if can or kind not in ROOT_ONLY]
    group = draw.random()
    if group < 0.15:
        server = draw.choice([each for each in Server if each is not Server.WELL])
        kind = draw.choice(_WITH_SERVER)
    elif group < 0.25 and not systemd:
        clock = draw.choice([-HOUR, HOUR])
        kind = draw.choice(_WITH_CLOCK)
    else:
        weights = [WEIGHTS.get(kind, 1) for kind in kinds]
        kind = draw.choices(kinds, weights)[0]
    scene = draw.choice(list(Scene))
    if server is not Server.WELL and scene in (Scene.ROLE, Scene.ONE, Scene.RESTART):
        scene = Scene.NAMES  # the server fails with a new name or id
    return Case(
        seed=seed,
        scene=scene,
        kind=kind,
        side=draw.choice(SIDES[kind]),
        node=draw.choice(["mx1", "mx2"]),
        verb=draw.choices(VERBS, _VERB_WEIGHTS)[0],
        share=draw.random(),
        server=server,
        clock=clock,
        again=draw.random() if draw.random() < 0.2 else 0.0,
        elsewhere=draw.random() < 0.3,
        choice=draw.randrange(1000),
        hooks=draw.random() < 0.4,
        undo=draw.random() < 0.15,
        undo_on_failure=draw.random() < 0.3,
    )
