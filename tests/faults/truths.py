"""What must be true after a fault; each function raises Loss where it is not."""

import json
import re
from dataclasses import dataclass

from nodes.waiting import wait_until

from faults.case import Scene
from faults.command import Done
from faults.machine import Facts, Machine
from faults.world import Loss, World, digest, hostname_of, id_of, same_meaning

CODES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 130}
APPLY_FAILED = re.compile(
    r"Apply failed\. Nodes: (\d+) done, (\d+) restored, "
    r"(\d+) untouched, (\d+) unknown\."
)
NOTHING = "Nothing to recover."
_SETTLES = 60.0  # seconds for a server that has just been started
_CHANGES, _LEFT = 2, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A node as it was when the apply began."""

    facts: Facts
    running: bool
    runs_as: str  # the hostname that is in effect, which a save would write


def looked_at(world: World) -> dict[str, Before]:
    """All nodes now."""
    return {
        each.name: Before(
            facts=each.facts(),
            running=each.is_running(),
            runs_as=str(each.status().get("hostname")),
        )
        for each in world.machines
    }


def was_sane(world: World, said: Done) -> None:
    """No secret, no traceback, a code of the contract, and a reason where it failed."""
    world.listen(said)
    if "Traceback" in said.err:
        raise Loss(f"a traceback: {said}")
    if said.code not in CODES and said.code >= 0:
        raise Loss(f"no exit code of the contract: {said}")
    if (
        said.code > 0
        and said.code != _CHANGES
        and not re.search(r"(?m)^(Error: |Interrupted)", said.err)
    ):
        raise Loss(f"no reason is given: {said}")


def apply_told_the_truth(
    world: World, said: Done, before: dict[str, Before], *, alone: bool
) -> None:
    """Exit code, sentence and files agree. *alone*: nobody else touched the nodes."""
    was_sane(world, said)
    results = world.results()
    final = {node: steps[-1] for node, steps in results.items() if steps}
    now = {each.name: digest(each.facts()) for each in world.machines}
    done = {node for node, result in final.items() if now[node] == result}
    left_at_once = said.code == _LEFT and "Left at once, as asked." in said.err
    if said.code == 0:
        complete = said.last.startswith(("Apply complete!", "No changes."))
        if not complete or (alone and done != set(final)):
            raise Loss(f"not all was done: {said}")
    elif failed := APPLY_FAILED.fullmatch(said.last):
        counts = [int(each) for each in failed.groups()]
        half = sum(now[node] in steps[:-1] for node, steps in results.items())
        _counts_agree(said, counts, set(final), done if alone else None, half)
    elif said.code > 0 and alone and not left_at_once:
        for node, was in before.items():
            if now[node] != digest(was.facts):
                raise Loss(f"{node} was touched: {said}")


def _counts_agree(
    said: Done, counts: list[int], nodes: set[str], done: set[str] | None, half: int
) -> None:
    """What a failed apply says; *half* nodes are done with some of their steps."""
    if sum(counts) != len(nodes):
        raise Loss(f"it counts {sum(counts)} nodes of {len(nodes)}: {said}")
    if counts[3] and said.code != _LEFT:
        raise Loss(f"a node is unknown: {said}")
    if said.code not in (7, _LEFT, 130):
        raise Loss(f"no exit code of a failed apply: {said}")
    if done is None:
        return
    if counts[0] > len(done) + half:
        raise Loss(f"it says {counts[0]} done, but only {sorted(done)} are: {said}")
    if len(done) > counts[0] + counts[3]:
        raise Loss(f"it says {counts[0]} done, but {sorted(done)} are: {said}")


def is_whole(
    machine: Machine,
    was: Before,
    steps: list[str],
    *,
    meddled: bool,
    hostnames: set[str],
) -> None:
    """Old file or new, with its owner and mode, its service as it was, nothing left."""
    now = machine.facts()
    name = machine.name
    allowed = {digest(was.facts), *steps}
    if digest(now) not in allowed and not meddled:
        raise Loss(f"{name}: the file is neither old nor new:\n{now.data.decode()}")
    if meddled and not _is_somebodys(now, was, hostnames):
        raise Loss(f"{name}: the file is nobody's:\n{now.data.decode()}")
    if machine.first.kept != now.kept:
        raise Loss(f"{name}: {machine.first} became {now}\n{now.access}")
    if machine.beside():
        raise Loss(f"{name}: left beside the file: {machine.beside()}")
    if machine.litter():
        raise Loss(f"{name}: left among the records: {machine.litter()}")
    if machine.is_held():
        raise Loss(f"{name}: its lease is not let go")
    try:
        wait_until(
            lambda: machine.living() == int(was.running), _SETTLES, "the service"
        )
    except TimeoutError:
        living = machine.living()
        raise Loss(f"{name}: ran: {was.running}; now {living} servers live") from None


def _is_somebodys(now: Facts, was: Before, hostnames: set[str]) -> bool:
    """Old but for a name or an id: as it was, as it shall be, or on the way."""
    known = {hostname_of(was.facts.data), was.runs_as, *hostnames}
    if hostname_of(now.data) not in known:
        return False
    neutral = [
        re.sub(rb"(?m)^.*(node-id|server\.hostname|purge\.stores).*\n", b"", data)
        for data in (was.facts.data, now.data)
    ]
    return same_meaning(*neutral)


def server_runs_its_file(machine: Machine) -> None:
    """What is in effect is what the file says."""
    if not machine.is_running():
        return
    data = machine.facts().data

    def agrees() -> bool:
        said = machine.status()
        names = (said.get("node_id"), said.get("hostname"))
        return names == (id_of(data), hostname_of(data))

    try:
        wait_until(agrees, _SETTLES, f"{machine.name}'s server with its file")
    except TimeoutError as error:
        raise Loss(f"{error}: {machine.status()}") from error


def plan_told_the_truth(world: World, said: Done, scene: Scene) -> None:
    """It names the nodes that are not yet as wished, and no others."""
    was_sane(world, said)
    left = set()
    for name, wish in world.wishes.items():
        data = world[name].facts().data
        if (id_of(data), hostname_of(data)) != (wish.node_id, wish.hostname):
            left.add(name)
    document = json.loads(said.out)
    named = {each["node"] for each in document.get("edits", ())}
    more = scene in (Scene.ROLE, Scene.SWAP)  # lists that name an id change as well
    if not left <= named or (named != left and not more):
        raise Loss(f"plan names {sorted(named)}, but it is {sorted(left)}: {said}")
    changes = bool(document.get("changes"))
    if said.code != (2 if changes else 0):
        raise Loss(f"{changes=}: {said}")
