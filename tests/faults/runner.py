"""One case from the first command to the last look."""

import contextlib
import signal
import time
from dataclasses import dataclass, field
from functools import partial

from nodes.waiting import wait_until

from faults.case import MEDDLING, Case, Kind, Scene, Server, Side
from faults.command import Command, Done, Numbered, Where
from faults.points import AgentPoint
from faults.strikes import APPLY, RECOVER, Struck, ended, strike
from faults.truths import (
    NOTHING,
    Before,
    apply_told_the_truth,
    is_whole,
    looked_at,
    plan_told_the_truth,
    server_runs_its_file,
    was_sane,
)
from faults.world import PATIENT, VERSION, Loss, Wish, World, hostname_of
from stalplan.stalwart.parse import parse

_HUNG = 120.0  # seconds
_LOOK_EVERY = 0.25  # seconds between two looks at all command lines
_PAUSE = 0.005  # seconds
_MOST_RECOVERS = 3
_RECOVER_POINTS = 70
_LONG_LIFE = 3.0  # seconds: what a server must live where nobody shortens it
_NO_NUMBER = AgentPoint("", "", 0)
STANDIN: dict[Server, dict[str, str]] = {
    Server.WELL: {},
    Server.REFUSES: {"STANDIN_REFUSE": "1"},
    Server.ENDS: {"STANDIN_REFUSE": "0"},
    Server.DIES: {"STANDIN_DIE_AFTER": "2"},
    Server.NEVER_READY: {"STANDIN_NEVER_READY": "yes"},
    Server.SLOW: {"STANDIN_SLOW_START": "1.5"},
    Server.LINGERS: {"STANDIN_LINGER": "2.5"},
}


# Whoever recovers elsewhere leaves the usual controller without knowledge of a start.
OPTIONS = {Scene.RESTART: ("--restart-unknown",)}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many points a scene has on each side."""

    here: int
    node: dict[str, dict[str, int]]  # by node, by verb


@dataclass(slots=True, kw_only=True)
class Runner:
    """Runs cases on one world, one after the other."""

    world: World
    counts: dict[Scene, Counts] = field(default_factory=dict)
    looked: float = 0.0
    said: list[Done] = field(default_factory=list)  # of the case at hand

    def run(self, case: Case) -> str:
        """One case; the name of the act that was struck, or "" where none was.

        Raises:
            Loss: something is wrong; the world can't be used any more.
        """
        self.said.clear()
        if case.scene not in self.counts:
            self.counts[case.scene] = self._count(case.scene)
        self._prepare(case)
        before = looked_at(self.world)
        struck, name = self._apply(case)
        struck.heal(now=True)
        for machine in self.world.machines:
            machine.repair()
            (machine.points / "go").touch()  # nobody waits from here on
        alone = not struck.others and case.kind not in MEDDLING
        alone = alone and case.scene is not Scene.RESTART  # no file tells of a start
        apply_told_the_truth(self.world, self.said[-1], before, alone=alone)
        for other in struck.others:
            self.said.append(other)
            was_sane(self.world, other)
        self._recover(case, struck)
        self._look(case, struck, before)
        stale = case.server is not Server.WELL or case.scene is Scene.RESTART
        self._set_right(stale=stale or struck.meddled)
        return name

    def _count(self, scene: Scene) -> Counts:
        """Run the scene with no fault, and count."""
        self._set_right()
        self._want(scene, f"counted-{scene}")
        if scene is Scene.STOPPED:
            self.world["mx1"].stop()
        command = self.world.begin(
            *APPLY, *OPTIONS.get(scene, ()), numbered=Numbered(agent=_NO_NUMBER)
        )
        said = self._ended(command, None)
        if said.code:
            raise Loss(f"{scene} without any fault: {said}")
        counts = {
            machine.name: {
                path.name.removeprefix("count-"): int(path.read_text())
                for path in machine.points.glob("count-*")
            }
            for machine in self.world.machines
        }
        self._set_right()
        return Counts(len(said.points), counts)

    def _want(
        self,
        scene: Scene,
        tag: str,
        *,
        stop_timeout: int = PATIENT,
        health_timeout: int = PATIENT,
        hooks: bool = False,
    ) -> None:
        """What the scene asks for, from what the files say now."""
        ids = self.world.ids()
        names = {
            each.name: hostname_of(each.facts().data) for each in self.world.machines
        }
        more = ""
        match scene:
            case Scene.NAMES | Scene.TOGETHER | Scene.STOPPED:
                names = {name: f"{tag}.{name}.example.org" for name in names}
            case Scene.RESTART:
                names["mx1"] = f"{tag}.mx1.example.org"
            case Scene.ONE:
                names["mx2"] = f"{tag}.mx2.example.org"
            case Scene.SWAP:
                ids = dict(zip(ids, reversed(ids.values()), strict=True))
            case Scene.ROLE:
                keys = parse(self.world["mx1"].facts().data, VERSION)
                holder = keys.get("cluster.roles.purge.stores.0000")
                holder = holder or keys["cluster.roles.purge.stores"]
                other = next(name for name, each in ids.items() if str(each) != holder)
                more = f'[roles]\n"purge.stores" = ["{other}"]'
        both = scene in (Scene.TOGETHER, Scene.STOPPED)
        self.world.want(
            {name: Wish(ids[name], names[name]) for name in ids},
            most_down=2 if both else 1,
            stop_timeout=stop_timeout,
            health_timeout=health_timeout,
            hooks=hooks,
            more=more,
        )
        if scene is Scene.RESTART:
            config = self.world["mx1"].config
            data = config.read_bytes()
            old, new = hostname_of(data), names["mx1"]
            config.write_bytes(data.replace(old.encode(), new.encode()))

    def _prepare(self, case: Case) -> None:
        self.world.forget_others()
        self.world.forget_runs()
        lingers = case.server is Server.LINGERS
        impatient = lingers and case.choice % 2
        self._want(
            case.scene,
            f"s{case.seed}",
            stop_timeout=1 if impatient else PATIENT,
            health_timeout=6 if case.server is Server.NEVER_READY else PATIENT,
            hooks=case.hooks,
        )
        machine = self.world[case.node]
        standin = dict(STANDIN[case.server])
        if lingers:
            machine.behave(standin)
            machine.stop()
            machine.start()
            wait_until(machine.status, what="a server")
        elif standin:
            wish = self.world.wishes[case.node]
            key = f"cluster.node-id={wish.node_id}"
            if case.scene is not Scene.SWAP:
                key = f"server.hostname={wish.hostname}"
            machine.behave(standin | {"STANDIN_WHEN": key})
        if case.scene is Scene.STOPPED:
            self.world["mx1"].stop()
        machine.set_clock(case.clock)
        self.world.steady = _LONG_LIFE if case.server is Server.DIES else 0.3

    def _apply(self, case: Case) -> tuple[Struck, str]:
        """The apply that is struck; its own end is the last of what was said."""
        counts = self.counts[case.scene]
        node, numbered = case.node, Numbered()
        if case.side is Side.HERE:
            numbered = Numbered(at=1 + int(case.share * counts.here))
        else:
            if case.verb not in counts.node[node]:  # it has no part in this scene
                node = next(each for each in counts.node if each != node)
            most = counts.node[node].get(case.verb, 1)
            config = self.world[node].inner_config
            number = 1 + int(case.share * most)
            numbered = Numbered(agent=AgentPoint(config, case.verb, number))
        options = list(OPTIONS.get(case.scene, ()))
        options += ["--undo-on-failure"] if case.undo_on_failure else []
        command = self.world.begin(*APPLY, *options, numbered=numbered)
        struck = Struck(
            world=self.world, case=case, command=command, machine=self.world[node]
        )
        names: list[str] = []
        self.said.append(self._ended(command, partial(self._strike, struck, names)))
        return struck, "".join(names)

    def _strike(self, struck: Struck, names: list[str]) -> None:
        """Strike if the act has come; once."""
        struck.heal()
        if names:
            return
        if name := struck.command.waits_at():
            names.append(name)
            with contextlib.suppress(StopIteration):
                struck.machine = next(
                    each for each in self.world.machines if each.name in name
                )
        elif (hit := struck.machine.points / "hit").exists():
            pid, name = hit.read_text().split()
            struck.agent = int(pid)
            names.append(f"{struck.case.verb} {name}")
        if names:
            self.world.look_at_processes()
            strike(struck)

    def _ended(self, command: Command, meanwhile: "partial[None] | None") -> Done:
        """The end of a command; *meanwhile* is done again and again until then."""
        until = time.monotonic() + _HUNG
        while command.poll() is None:
            if meanwhile is not None:
                meanwhile()
            now = time.monotonic()
            if now > self.looked + _LOOK_EVERY:
                self.world.look_at_processes()
                self.looked = time.monotonic()
            if now > until:
                command.signal(signal.SIGKILL)
                time.sleep(0.1)
                command.poll()
                raise Loss(f"it hung: {command.done()}")
            time.sleep(_PAUSE)
        return command.done()

    def _recover(self, case: Case, struck: Struck) -> None:
        """Recover until it says that there is nothing, here and where it began."""
        where = self.world.new_controller() if case.elsewhere else self.world.main
        undo = ("--undo",) if case.undo else ()
        if case.again:
            at = 1 + int(case.again * _RECOVER_POINTS)
            command = self.world.begin(*RECOVER, numbered=Numbered(at=at), where=where)
            self.said.append(self._ended(command, partial(_kill_waiting, command)))
        last = self._recovered(where, *undo)
        if last.last != NOTHING and struck.meddled:
            last = self._forgotten(where, last)
        if last.last == NOTHING and where != self.world.main:
            last = self._recovered(self.world.main)
        if last.last != NOTHING:
            raise Loss("recover does not come to an end")

    def _recovered(self, where: Where, *options: str) -> Done:
        for _ in range(_MOST_RECOVERS):
            said = ended(self.world.begin(*RECOVER, *options, where=where))
            self.said.append(said)
            was_sane(self.world, said)
            if said.code == 0 and said.last == NOTHING:
                break
        return said

    def _forgotten(self, where: Where, last: Done) -> Done:
        """Somebody looked at the nodes that recover calls failed, and closes them."""
        names = [each.name for each in self.world.machines]
        failed = [name for name in names if f"\n{name}: failed. " in last.err]
        options = [word for name in failed for word in ("--forget", name)]
        said = ended(self.world.begin(*RECOVER, *options, where=where))
        self.said.append(said)
        was_sane(self.world, said)
        return self._recovered(where)

    def _look(self, case: Case, struck: Struck, before: dict[str, Before]) -> None:
        results = self.world.results()
        for machine in self.world.machines:
            name = machine.name
            meddled = struck.meddled and machine is struck.machine
            if case.kind is Kind.HOSTILE and meddled and before[name].running:
                machine.start()  # its own user may have kept it from starting
            is_whole(
                machine,
                before[name],
                list(results[name]),
                meddled=meddled,
                hostnames={self.world.wishes[name].hostname},
            )
            if not meddled and case.scene is not Scene.RESTART:
                server_runs_its_file(machine)
        if not struck.meddled and (out := [*self.world.balancer.iterdir()]):
            raise Loss(f"out of the load balancer: {out}")
        for path in self.world.balancer.iterdir():
            path.unlink()
        plan = self.world.begin("plan", "--format", "json", "--detailed-exitcode")
        self.said.append(ended(plan))
        plan_told_the_truth(self.world, self.said[-1], case.scene)
        self.world.look_for_secrets()

    def _set_right(self, *, stale: bool = True) -> None:
        """All servers run and behave; nobody waits; clocks are right."""
        for machine in self.world.machines:
            machine.behave({})
            machine.set_clock(0)
            if stale or not machine.is_running():
                machine.refresh()
            for path in machine.points.iterdir():
                path.unlink()
        for machine in self.world.machines:
            wait_until(machine.status, what=f"{machine.name}'s server")


def _kill_waiting(command: Command) -> None:
    if command.waits_at():
        command.signal(signal.SIGKILL)
