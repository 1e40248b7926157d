"""`stalplan drift`: whatever somebody edits by hand is named, adopted, and gone."""

import io
import json
import tomllib
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.stalwart.effective import Effective, effective
from stalplan.stalwart.parse import FlatConfig, parse
from stalplan.stalwart.releases import Release, ServerVersion, roles_of
from stalplan.transport.memory import MemoryCluster, MemoryTransport

FILE = """\
format = 1

[cluster]
name = "mail"
release = "{release}"
coordinator = "redis"

[nodes.mx1]
id = 1 # the first
hostname = "mx1.example.org"

[nodes.mx2]
id = 2
hostname = "mx2.example.org"

[nodes.mx3]
id = 3

[roles]
"purge.stores" = ["mx1"] # the quiet one
"purge.accounts" = ["mx1", "mx2"]
"""
ID, HOSTNAME, COORDINATOR = "cluster.node-id", "server.hostname", "cluster.coordinator"
ROLES = ("purge.stores", "purge.accounts", "metrics.push")  # the last is not managed
Lines = dict[str, str]  # a config.toml: keys and their values as written


def lines_of(number: int) -> Lines:
    """A node's file as it was applied."""
    return {
        ID: f"{number}",
        HOSTNAME: f'"mx{number}.example.org"',
        COORDINATOR: '"redis"',
        "cluster.roles.purge.stores": "[1]",
        "cluster.roles.purge.accounts": '"1,2"',
        "cluster.roles.metrics.push": "3",
        "store.redis.type": '"redis"',
        "store.redis.urls": '"redis://:CANARY@h"',
        "store.nats.type": '"nats"',
        "store.nats.address": '"n:4222"',
    }


@dataclass(slots=True)
class World:
    """Three nodes that were applied, and the folder of who did."""

    folder: Path
    release: Release
    cluster: MemoryCluster = field(init=False)

    def __post_init__(self) -> None:
        files = {f"mx{n}": self._text(lines_of(n)) for n in (1, 2, 3)}
        self.cluster = MemoryCluster(files)
        version = {Release.V0_13: "0.13.4"}.get(self.release, "0.15.5")
        for node in self.cluster.nodes.values():
            node.version = version
        (self.folder / "stalplan.toml").write_text(FILE.format(release=self.release))
        self.stalplan("apply", "--auto-approve")

    def _text(self, lines: Lines) -> bytes:
        if self.release >= Release.V0_14:  # where it means what "1,2" means here
            return "".join(f"{key} = {lines[key]}\n" for key in lines).encode()
        older = lines | {
            key: "[1, 2]" for key, value in lines.items() if value == '"1,2"'
        }
        return "".join(f"{key} = {older[key]}\n" for key in older).encode()

    def edit(self, name: str, changes: Mapping[str, str | None]) -> None:
        """Somebody changes lines of a node's file; None: the line goes."""
        text = self.cluster[name].data.decode()
        lines = dict(line.split(" = ", 1) for line in text.splitlines())
        for key, value in changes.items():
            lines.pop(f"{key}.0000", None)  # the server takes no list twice
            if value is None:
                lines.pop(key, None)
            else:
                lines[key] = value
        text = "".join(f"{key} = {lines[key]}\n" for key in lines)
        self.cluster[name].write(text.encode())

    def reads(self, name: str) -> tuple[FlatConfig, Effective]:
        """The node's file, and what a server would make of it."""
        node = self.cluster[name]
        assert node.version is not None
        version = ServerVersion.parse(node.version)
        config = parse(node.data, version)
        return config, effective(config, self.release)

    def stalplan(self, *argv: str, code: int | None = 0) -> str:
        """What a command writes to stdout; None: it may end with any code."""
        out, err = io.StringIO(), io.StringIO()
        app = App(
            terminal=Terminal(out=out, err=err, environ={}),
            environ={},
            clock=self.cluster,
            transport=lambda _: MemoryTransport(self.cluster),
        )
        with chdir(self.folder):
            ended = main(argv, app)
        said = out.getvalue() + err.getvalue()
        assert code in (ended, None), said
        assert "CANARY" not in said
        return out.getvalue()

    def json(self, *argv: str, code: int | None = 0) -> dict[str, Any]:
        """What a command writes as JSON."""
        found: dict[str, Any] = json.loads(
            self.stalplan(*argv, "--format", "json", code=code)
        )
        return found


def meanings(
    release: Release, name: str, config: FlatConfig, has: Effective
) -> dict[str, object]:
    """Everything that stalplan manages of a node, by the address of its drift."""
    found: dict[str, object] = {
        # Without one the server counts as node 1, and plan writes it down.
        f"nodes.{name}.id": has.node_id_text
        if has.node_id_error or has.node_id_text is None
        else has.node_id,
        f"nodes.{name}.hostname": has.hostname,
        "cluster.coordinator": has.coordinator,
    }
    for role in roles_of(release):
        keys = [entry.key for entry in config.under(f"cluster.roles.{role}")]
        table = has.tables[role]
        bad = any(key in has.errors for key in keys)
        found[f"roles.{role}"] = table, bad or (table is None and keys != [])
    return found


ids = st.one_of(
    st.sampled_from(
        ["0", "1", "2", "3", "7", '"7"', "007", '"+7"', "513", '"x"', None]
    ),
    st.just('"%{env:NODE}%"'),
)
names = st.sampled_from(['"MX.example.org"', '"odd name"', '""', '"mx9.example.org"'])
lists = st.sampled_from(
    [
        *("1", '"2"', "[1]", "[2, 3]", '["2"]', "[3, 1, 2]", "[]", None, '"9"', "[9]"),
        *('["1", "2,3"]', '"1,2"', '"2, 3"', '["x"]', '["1", "x"]', "[1, 9]"),
    ]
)
edits = st.lists(
    st.tuples(
        st.sampled_from(["mx1", "mx2", "mx3"]),
        st.one_of(
            st.fixed_dictionaries({ID: ids}),
            st.fixed_dictionaries({HOSTNAME: st.one_of(names, st.none())}),
            st.fixed_dictionaries(
                {COORDINATOR: st.sampled_from(['"nats"', '"gone"', None])}
            ),
            st.sampled_from(ROLES).flatmap(
                lambda role: st.fixed_dictionaries({f"cluster.roles.{role}": lists})
            ),
            # As a server writes a list, and as its web admin does.
            st.sampled_from(ROLES).map(
                lambda role: {
                    f"cluster.roles.{role}": None,
                    f"cluster.roles.{role}.0000": '"3"',
                }
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits, st.sampled_from([Release.V0_13, Release.V0_15]))
@example(
    made=[("mx1", {"cluster.roles.purge.stores": '["1", "x"]'})], release=Release.V0_13
)
def test_a_hand_edit_is_named_adopted_and_gone(
    made: list[tuple[str, dict[str, str | None]]], release: Release
) -> None:
    """Every meaning that changed is named, and no other; what is adopted is over."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder), release)
        before = {name: world.reads(name) for name in world.cluster.nodes}
        for name, changes in made:
            world.edit(name, changes)
        expected: set[tuple[str, str]] = set()
        for name, was in before.items():
            now = meanings(release, name, *world.reads(name))
            then = meanings(release, name, *was)
            expected |= {(at, name) for at in now if now[at] != then[at]}
        named_and_gone(world, expected)


def whole(change: dict[str, Any]) -> str:
    """The address of what changes; a list that loses entries is still the role's."""
    if change["kind"] == "drop_key":
        key = change["address"].split('"')[1]
        return f"roles.{key.removeprefix('cluster.roles.')}"
    return str(change["address"])


def named_and_gone(world: World, expected: set[tuple[str, str]]) -> None:
    """Drift names just *expected*, by address and node, and adopts what it can."""
    told = world.json("drift", "--detailed-exitcode", code=2 if expected else 0)
    drifts = {(d["address"], node) for d in told["drift"] for node in d["nodes"]}
    assert expected == drifts
    changes = world.json("plan", code=None)["changes"]
    put_back = {whole(each) for each in changes if each["cause"] == "drift"}
    put_back -= {f"nodes.{name}" for name in world.cluster.nodes}  # restarts
    assert put_back <= {at for at, _ in drifts}

    adopted = world.json("drift", "--adopt")
    left = world.json("drift")["drift"]
    world.stalplan("validate")
    assert {each["address"] for each in left} == {*adopted["refused"]}
    changes = {each["address"] for each in world.json("plan", code=None)["changes"]}
    own = {at for at in adopted["adopted"] if at.startswith("nodes.")}
    assert set() == changes & own


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        ({"mx1": "2", "mx2": "1"}, [2, 1, 3]),
        ({"mx1": "2", "mx2": "3", "mx3": "1"}, [2, 3, 1]),
        ({"mx1": "2", "mx2": "9"}, [2, 9, 3]),
        ({"mx1": "005", "mx2": '"+7"'}, [5, 7, 3]),
    ],
)
def test_ids_that_changed_hands(
    tmp_path: Path, texts: dict[str, str], ids: list[int]
) -> None:
    """Ids that only fit together are adopted together, as numbers."""
    world = World(tmp_path, Release.V0_15)
    for name, text in texts.items():
        world.edit(name, {ID: text})

    adopted = world.json("drift", "--adopt")

    assert ({}, []) == (adopted["refused"], world.json("drift")["drift"])
    nodes = tomllib.loads((tmp_path / "stalplan.toml").read_text())["nodes"]
    assert ids == [node["id"] for node in nodes.values()]
    kinds = {change["kind"] for change in world.json("plan")["changes"]}
    assert kinds <= {"move_role"}


def test_without_a_record_the_rest_is_still_watched(tmp_path: Path) -> None:
    """What was adopted is gone, and an edit of another node is named like before."""
    world = World(tmp_path, Release.V0_15)
    (tmp_path / "state" / "mail.json").unlink()
    world.edit("mx2", {HOSTNAME: '"two.example.org"'})
    adopted = world.json("drift", "--adopt")
    world.edit("mx1", {HOSTNAME: '"one.example.org"'})
    (left,) = world.json("drift")["drift"]

    assert ["nodes.mx2.hostname"] == adopted["adopted"]
    assert "nodes.mx1.hostname" == left["address"]


def test_another_secret_is_not_said_to_be_unmanaged(tmp_path: Path) -> None:
    """No record holds one, so which of both changed is left open."""
    world = World(tmp_path, Release.V0_15)
    world.edit("mx1", {"store.nats.address": '"other:4222"'})
    unmanaged = world.stalplan("drift")
    wanted = '[store.redis]\ntype = "redis"\nurls = ["redis://:CANARY@h"]\n'
    (tmp_path / "stalplan.toml").write_text(FILE.format(release="0.15") + wanted)
    world.stalplan("apply", "--auto-approve")
    world.edit("mx2", {"store.redis.urls": '"redis://:CANARY2@h"'})

    drift = world.stalplan("drift")

    assert "settings that stalplan does not manage: mx1.\n" in unmanaged
    assert "settings that stalplan does not manage, or in secrets: mx2.\n" in drift
