"""Every numbered act of an apply on the cluster in a dict, struck in every way."""

import itertools
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from faults.memory_world import (
    Kind,
    MemoryWorld,
    Said,
    Strike,
    StruckCluster,
    number_records,
)
from stalplan.transport.memory_node import MemoryNode

CANARIES = tuple(f"CANARY-{number:02}" for number in range(20))
NAMES = ("mx1", "mx2", "mx3")
APPLY = ("apply", "--auto-approve")
RECOVER = ("recover", "--auto-approve")
NODE_ACTS = ("begin", "stop", "gone", "replace", "start", "healthy", "restore")
DESIRED = """\
format = 1
[cluster]
name = "struck"
release = "0.15"
[service]
before_stop = ["out"]
after_healthy = ["in"]
[nodes.mx1]
id = 1
hostname = "mx1.example.org"
[nodes.mx2]
id = 2
hostname = "mx2.example.org"
[nodes.mx3]
id = 3
hostname = "mx3.example.org"
[apply]
order = ["mx1", "mx2", "mx3"]
max_unavailable = 2
"""


def text_of(number: int) -> bytes:
    """A file with a name to change, and 20 secrets: values, remarks, many lines."""
    remarks = "".join(f"# {canary}\n" for canary in CANARIES[:7])
    values = f'other.key = "{" ".join(CANARIES[7:14])}"\n'
    lines = "\n".join(CANARIES[14:])
    text = f'cluster.node-id = {number}\nserver.hostname = "old{number}.example.org"\n'
    return f"{text}{remarks}{values}other.lines = '''\n{lines}\n'''\n".encode()


def goal_of(number: int) -> bytes:
    """What apply makes of it."""
    return text_of(number).replace(b"old%d" % number, b"mx%d" % number)


BASES = {f"mx{number}": text_of(number) for number in (1, 2, 3)}
GOALS = {f"mx{number}": goal_of(number) for number in (1, 2, 3)}

WAYS = [(kind, late) for kind in Kind for late in (False, True)]
APPLIES = [
    pytest.param(*way, marks=[pytest.mark.long] if way == (Kind.GONE, True) else [])
    for way in WAYS
]
RECOVERS = [
    pytest.param(
        *way,
        marks=[]
        if way[0] is Kind.KILLED or way == (Kind.CUT, True)
        else [pytest.mark.long],
    )
    for way in WAYS
]
"""Before an act and after it; what tells little more than the others is long."""

MakeWorld = Callable[[], MemoryWorld]


@pytest.fixture
def make_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Makes clusters of three nodes, of which the third is stopped on purpose."""
    count = itertools.count()

    def make() -> MemoryWorld:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        (folder / "stalplan.toml").write_text(DESIRED)
        cluster = StruckCluster(BASES)
        cluster["mx3"].running = False
        world = MemoryWorld(folder, cluster)
        monkeypatch.undo()
        number_records(monkeypatch, world)
        return world

    yield make
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not any(c.encode() in path.read_bytes() for c in CANARIES), path


def tells_the_truth(world: MemoryWorld, said: Said) -> None:
    """Exit code and sentence of an apply agree with the files."""
    strike = world.cluster.acts.strike
    full = strike is not None and strike.kind is Kind.FULL
    nodes = world.cluster.nodes.values()
    done = sum(node.data == GOALS[node.name] for node in nodes)
    assert not any(canary in said.out + said.err for canary in CANARIES)
    match said.code:
        case None:
            return
        case 0:
            assert 3 == done
            assert said.last.startswith("Apply complete!"), str(said)
        case 7 | 8 if said.last.startswith("Apply failed."):
            counts = [int(each) for each in re.findall(r"\d+", said.last)]
            assert 3 == sum(counts), str(said)
            assert counts[0] <= done <= counts[0] + counts[3], str(said)
            assert full or (8 if counts[3] else 7) == said.code
            assert said.code == 8 or not counts[3]
        case 4 | 5 | 6 | 8:
            assert 0 == done, str(said)
            assert "Error: " in said.err
        case 1 if full:
            assert 0 == done, str(said)
            assert "Error: The run can't be recorded" in said.err
        case _:
            pytest.fail(str(said))


def recovered(world: MemoryWorld) -> None:
    """Recover says that there is nothing, within three times."""
    for _ in range(3):
        said = world.run(*RECOVER)
        assert 0 == said.code, str(said)
        assert not any(canary in said.out + said.err for canary in CANARIES)
        if said.last == "Nothing to recover.":
            return
        assert re.fullmatch(
            r"Recovered\. Nodes: \d finished, \d undone, 0 unknown\.", said.last
        )
    pytest.fail(str(said))


def is_whole(world: MemoryWorld) -> None:
    """Old file or new, service as it was found, no records, nobody holds a node."""
    for node in world.cluster.nodes.values():
        assert node.data in (BASES[node.name], GOALS[node.name])
        assert (node.name != "mx3") == node.running
        assert not node.running or node.started_data == node.data
        report = node.report()
        assert () == report.transactions
        assert report.lease is None or report.lease.expired
    assert set() == world.hooks.out


def plan_agrees(world: MemoryWorld) -> None:
    """A second plan names exactly the nodes that are not there yet; apply ends it."""
    nodes = world.cluster.nodes.values()
    left = {node.name for node in nodes if node.data != GOALS[node.name]}
    said = world.run("plan", "--detailed-exitcode")
    assert (2 if left else 0) == said.code, str(said)
    if left:
        assert f"Files: {len(left)}," in said.last
    else:
        assert said.last.startswith("No changes. ")


def after(world: MemoryWorld, said: Said) -> None:
    """All that must hold after a fault."""
    for node in world.cluster.nodes.values():
        node.unreachable, node.script.dies_after = "", ""
    tells_the_truth(world, said)
    recovered(world)
    is_whole(world)
    plan_agrees(world)


def after_strike(world: MemoryWorld, said: Said, strike: Strike) -> None:
    """As after(); what fails tells which strike it was."""
    names = list(world.cluster.acts.names)
    try:
        after(world, said)
    except AssertionError as error:
        error.add_note(f"{strike}: {names}\n{said}")
        raise


def befalls(kind: Kind, acts: list[str]) -> list[int]:
    """The numbers of the acts that this can befall: a line has no disk, for one."""
    here = ("journal ", "state ")
    wanted = {Kind.FULL: {True}, Kind.KILLED: {True, False}}.get(kind, {False})
    return [n for n, name in enumerate(acts, 1) if name.startswith(here) in wanted]


def unhealthy(world: MemoryWorld) -> None:
    """The second node's server does not come up with its new file."""
    world.cluster["mx2"].script.healthy = lambda data: data == BASES["mx2"]


SERVERS: dict[str, Callable[[MemoryWorld], None]] = {
    "well": lambda _: None,
    "refuses": unhealthy,
}


@pytest.mark.parametrize(("kind", "late"), APPLIES)
def test_every_act_of_apply(make_world: MakeWorld, kind: Kind, late: bool) -> None:
    """Struck before or after any act: recover ends it and every node is whole."""
    strike_every_act(make_world, kind, late, SERVERS["well"])


@pytest.mark.parametrize(
    "kind", [Kind.KILLED, pytest.param(Kind.CUT, marks=pytest.mark.long)]
)
def test_every_act_while_a_server_refuses(make_world: MakeWorld, kind: Kind) -> None:
    """Likewise where the second node goes back to its old file by itself."""
    strike_every_act(make_world, kind, True, SERVERS["refuses"])


def strike_every_act(
    make_world: MakeWorld,
    kind: Kind,
    late: bool,
    prepare: Callable[[MemoryWorld], None],
) -> None:
    whole = make_world()
    prepare(whole)
    acts = whole.acts_of(*APPLY)
    assert len(acts) > 40

    struck = 0
    for act in befalls(kind, acts):
        strike = Strike(kind, act, late)
        world = make_world()
        prepare(world)
        said = world.run(*APPLY, strike=strike)
        struck += world.cluster.acts.struck
        after_strike(world, said, strike)
    assert struck > 10


@pytest.mark.parametrize(("kind", "late"), RECOVERS)
def test_every_act_of_recover(make_world: MakeWorld, kind: Kind, late: bool) -> None:
    """Recover, struck itself at any act, is ended by the next one."""
    strike_every_act_of(RECOVER, make_world, kind, late)


@pytest.mark.parametrize(
    "kind", [Kind.KILLED, pytest.param(Kind.CUT, marks=pytest.mark.long)]
)
def test_every_act_of_the_way_back(make_world: MakeWorld, kind: Kind) -> None:
    """Likewise `recover --undo`; whoever comes next may go forward or back."""
    strike_every_act_of((*RECOVER, "--undo"), make_world, kind, late=True)


def strike_every_act_of(
    argv: tuple[str, ...], make_world: MakeWorld, kind: Kind, late: bool
) -> None:
    """Of a recover after an apply that was killed when its first node was done."""
    names = make_world().acts_of(*APPLY)
    first_done = names.index("journal done commit") + 1

    def half_done() -> MemoryWorld:
        world = make_world()
        strike = Strike(Kind.KILLED, first_done, after=True)
        assert None is world.run(*APPLY, strike=strike).code
        return world

    acts = half_done().acts_of(*argv)
    assert len(acts) > 15
    for act in befalls(kind, acts):
        strike = Strike(kind, act, late)
        world = half_done()
        said = world.run(*argv, strike=strike)
        after_strike(world, Said(None, said.out, said.err), strike)


@pytest.mark.parametrize("prepare", SERVERS.values(), ids=SERVERS.keys())
@pytest.mark.parametrize("act", NODE_ACTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_act_of_a_node(
    make_world: MakeWorld,
    name: str,
    act: str,
    prepare: Callable[[MemoryWorld], None],
) -> None:
    """A transaction killed after any of its acts is ended by recover."""
    world = make_world()
    prepare(world)
    world.cluster[name].script.dies_after = act

    said = world.run(*APPLY)

    after(world, said)


@pytest.mark.parametrize("act", NODE_ACTS)
def test_both_sides_die(make_world: MakeWorld, act: str) -> None:
    """The node's transaction, and at one of the acts that follow the controller."""
    whole = make_world()
    whole.cluster["mx2"].script.dies_after = act
    whole.run(*APPLY)
    acts = range(1, len(whole.cluster.acts.names) + 1)
    for number in random.sample(acts, 10):  # pytest-randomly prints the seed
        world = make_world()
        world.cluster["mx2"].script.dies_after = act
        strike = Strike(Kind.KILLED, number, after=False)
        said = world.run(*APPLY, strike=strike)
        after_strike(world, said, strike)


@pytest.mark.parametrize("act", NODE_ACTS[:6])
def test_the_server_writes_its_file_meanwhile(make_world: MakeWorld, act: str) -> None:
    """A save in the web admin at any act of the node is never half of two files."""
    world = make_world()
    node = world.cluster["mx1"]
    meanwhile: list[bytes] = []

    def save(done: str) -> None:
        if done == act and not meanwhile:
            node.save_settings()
            meanwhile.append(node.data)

    node.script.after_act = save

    said = world.run(*APPLY)

    after(world, said)


def by_hand(node: MemoryNode) -> None:
    node.write(node.data + b"# by hand\n")


@pytest.mark.parametrize("act", NODE_ACTS[:6])
def test_somebody_edits_the_file_meanwhile(make_world: MakeWorld, act: str) -> None:
    """An edit at any act of the node stays: nobody's bytes are lost."""
    world = make_world()
    node = world.cluster["mx1"]
    edited: list[str] = []

    def edit(done: str) -> None:
        if done == act and not edited:
            edited.append(done)
            by_hand(node)

    node.script.after_act = edit

    said = world.run(*APPLY)

    assert said.code in (0, 6, 7, 8), str(said)
    with suppress(AssertionError):
        recovered(world)
    assert node.data.endswith(b"# by hand\n")
    assert node.data.removesuffix(b"# by hand\n") in (BASES["mx1"], GOALS["mx1"])
    assert (said.code == 0) <= (act in ("replace", "start", "healthy"))
