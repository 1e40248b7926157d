"""The desired file's schema and its reader are of one mind."""

import copy
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from desired_files import sound
from golden import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired import read_desired
from stalplan.model.desired.cluster import APPLY_KEYS, CLUSTER_KEYS
from stalplan.model.desired.descriptions import DESCRIPTIONS, EXAMPLES
from stalplan.model.desired.nodes import NODE_KEYS, SSH_KEYS
from stalplan.model.desired.schema import DRAFT, desired_schema
from stalplan.model.desired.service import SERVICE_KEYS
from stalplan.stalwart.releases import Release, roles_of
from stalplan.stalwart.stores import SETTINGS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMA = desired_schema()
VALIDATOR = Draft4Validator(SCHEMA)
FULL = (HERE / "every_key.toml").read_text()
GOOD = sorted(
    [
        *ROOT.glob("examples/*/stalplan.toml"),
        *(case / "desired.toml" for case in CASES),
    ]
)
MISTAKES = tomllib.loads((HERE / "desired_mistakes.toml").read_text("utf-8"))
# Where each section of the mistakes' file adds its line.
INTO: dict[str, Callable[[str, str], str]] = {
    "cluster": lambda adds, release: sound(cluster=adds, release=release),
    "release": lambda adds, release: sound().replace(f'release = "{release}"', adds),
    "node": lambda adds, release: sound(f"[nodes.n]\n{adds}\n", release=release),
    "ssh": lambda adds, release: sound(f"[ssh]\n{adds}\n", release=release),
    "service": lambda adds, release: sound(f"[service]\n{adds}\n", release=release),
    "apply": lambda adds, release: sound(f"[apply]\n{adds}\n", release=release),
    "roles": lambda adds, release: sound(f"[roles]\n{adds}\n", release=release),
}
# Words of mistakes that only one who knows the other tables, or the release, can see.
BEYOND_A_SCHEMA = (
    *("no node is named", "has id", "is the id of", "stands twice", "in shard"),
    *("no node has the label", "more shards than nodes", "asks for shards"),
    *("is set in line", "servers of", "also needs", "is for manager", "is a label"),
    *(
        "stands alone",
        "has no use with",
        "at most 365d",
        "at least 10s",
        "must be over 0",
    ),
)


def mistakes_of(text: str) -> list[str]:
    """What the reader says of *text*."""
    try:
        read_desired(text.encode(), file="f")
    except DesiredFileWrong as error:
        return error.detail.splitlines()
    return []


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(tomllib.loads(text)))


def keys_of(*path: str) -> set[str]:
    """The keys that the schema has at *path*, `*` for any name."""
    found: Any = SCHEMA
    for part in path:
        found = found["additionalProperties" if part == "*" else "properties"]
        found = found if part == "*" else found[part]
    return set(found["properties"])


def test_the_schema_is_one_of_draft_4() -> None:
    """Taplo reads no later draft."""
    Draft4Validator.check_schema(SCHEMA)

    assert "http://json-schema.org/draft-04/schema#" == SCHEMA["$schema"] == DRAFT


def test_the_reader_s_keys_are_the_schema_s() -> None:
    """Neither knows a key that the other doesn't."""
    assert {*CLUSTER_KEYS} == keys_of("cluster")
    assert {*SSH_KEYS} == keys_of("ssh") == keys_of("nodes", "*", "ssh")
    assert {*SERVICE_KEYS} == keys_of("service") == keys_of("nodes", "*", "service")
    assert {*APPLY_KEYS} == keys_of("apply")
    assert {*NODE_KEYS, "id", "ssh", "service"} == keys_of("nodes", "*")
    roles = {role for release in Release for role in roles_of(release)}
    assert roles == {key for key in keys_of("roles") if key in roles}
    assert {role.split(".")[0] for role in roles if "." in role} == keys_of(
        "roles"
    ) - roles
    settings = {key for some in SETTINGS.values() for key in some}
    assert settings <= keys_of("store", "*")
    assert {key.split(".")[0] for key in settings} | settings == keys_of("store", "*")


def test_every_key_is_described() -> None:
    """An editor has something to show for each, and nothing is described in vain."""
    named = {shape["title"] for shape in shapes(SCHEMA) if "title" in shape}

    assert {*DESCRIPTIONS} <= named
    assert {*EXAMPLES} <= {*DESCRIPTIONS}
    assert [] == [
        s["title"] for s in shapes(SCHEMA) if "title" in s and "description" not in s
    ]


def shapes(value: object) -> Iterator[dict[str, Any]]:
    """Every object within the schema."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from shapes(inner)


def test_a_file_with_every_key_is_taken() -> None:
    """By the reader and by the schema; and it has every key but the other stores'."""
    assert [] == mistakes_of(FULL)
    assert [] == [error.message for error in VALIDATOR.iter_errors(tomllib.loads(FULL))]
    content = tomllib.loads(FULL)
    for table in ("cluster", "ssh", "apply", "api"):
        assert keys_of(table) == set(content[table])
    assert keys_of("service") == {*content["service"], "unit"}


@pytest.mark.parametrize("file", GOOD, ids=lambda file: f"{file.parent.name}")
def test_good_files_are_taken(file: Path) -> None:
    """The examples and the golden cases."""
    assert [] == [
        e.message for e in VALIDATOR.iter_errors(tomllib.loads(file.read_text()))
    ]


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_examples_are_what_the_key_takes(path: str) -> None:
    """Whoever picks what the editor offers has written something right."""
    found = [shape for shape in shapes(SCHEMA) if shape.get("title") == path]

    for shape in found:
        validator = Draft4Validator(shape)
        wrong = [list(validator.iter_errors(value)) for value in EXAMPLES[path]]
        assert [[] for _ in wrong] == wrong
        assert EXAMPLES[path] == shape["examples"]
    assert found


@pytest.mark.parametrize("table", ["ssh", "service", "apply"])
def test_a_default_changes_nothing(table: str) -> None:
    """Whoever writes down a key with its default has the same as before."""
    shape = desired_schema()["properties"][table]["properties"]
    lines = [
        f"{key} = {json.dumps(told['default'])}"
        for key, told in shape.items()
        if "default" in told
    ]
    plain, spelled = sound(), sound(f"[{table}]\n" + "\n".join(lines) + "\n")

    assert lines
    one, other = (read_desired(text.encode(), file="f") for text in (plain, spelled))
    assert (one.nodes, one.apply) == (other.nodes, other.apply)


# The port is too high; the bracket is not closed.
ODD_URLS = ('health = "http://x:99999/"', 'health = "http://[x/"')


def refusable() -> Iterator[Any]:
    for section, into in INTO.items():
        for case in MISTAKES[section]:
            beyond = any(words in case["says"] for words in BEYOND_A_SCHEMA)
            if not beyond and case["adds"] not in ODD_URLS:
                text = into(case["adds"], case.get("release", "0.15"))
                yield pytest.param(text, id=f"{section}: {case['adds']}"[:60])


@pytest.mark.parametrize("text", list(refusable()))
def test_what_a_schema_can_refuse_is_refused(text: str) -> None:
    """An editor shows every mistake that needs no knowledge of other tables."""
    assert [] != mistakes_of(text)
    assert not is_valid(text)


STORE = '[store.redis]\ntype = "redis"\nurls = "redis://192.0.2.20"\n'
API = '[api]\nurl = "http://127.0.0.1:8080"\nuser = "admin"\n'


@pytest.mark.parametrize(
    "text",
    [
        '[store.redis]\ntype = "rediss"\n',
        '[store.redis]\ntype = "%{env:X}%"\n',
        '[store.redis]\nurls = "redis://192.0.2.20"\n',
        '[store.Redis]\ntype = "redis"\nurls = "redis://192.0.2.20"\n',
        f'{STORE}password = {{ env = "A", file = "b" }}\n',
        f"{STORE}password = {{ command = [] }}\n",
        f'{STORE}password = {{ env = "1A" }}\n',
        f'{STORE}redis-type = "many"\n',
        f'{STORE}redis-type = {{ env = "A" }}\n',
        f'{STORE}read-from-replicas = "yes"\n',
        f"{STORE}retry.total = -1\n",
        f'{STORE}timeout = "soon"\n',
        f"{STORE}pool.size = 1\n",
        f"{STORE}user = []\n",
        '[store.bus]\ntype = "kafka"\nbrokers = ["a:1"]\ngroup-id = "x"\n',
        f'{API}password = "plain"\n',
        API,
        f'{API}password = {{ env = "A" }}\ntoken = "x"\n',
    ],
)
def test_mistakes_in_stores_are_refused(text: str) -> None:
    """Those that are seen without knowing the other keys."""
    assert [] != mistakes_of(sound(text))
    assert not is_valid(sound(text))


VALUES = st.one_of(
    st.booleans(),
    st.integers(-2, 70_000),
    st.sampled_from(
        ["", "all", "none", "each", "a b", "%{env:X}%", "10s", "-x", "true"]
    ),
    st.sampled_from(["0.15", "redis", "/a", "http://a", "mx1", "SHA256:" + "A" * 43]),
    st.text("a:/@[.-\n", max_size=4),
    st.lists(st.sampled_from(["mx1", "", "front"]), max_size=2),
    st.just({"env": "A"}),
    st.just({"label": "back"}),
)


@settings(max_examples=60)
@given(st.data())
def test_the_schema_never_refuses_what_the_reader_takes(data: st.DataObject) -> None:
    """Whatever single value is put anywhere into a sound file."""
    content = copy.deepcopy(tomllib.loads(FULL))
    table = content
    while True:
        key = data.draw(st.sampled_from(sorted(table)))
        if not isinstance(table[key], dict) or data.draw(st.integers(0, 9)) == 0:
            break
        table = table[key]
    table[key] = data.draw(VALUES)
    text = tomlkit.dumps(content)

    if not mistakes_of(text):
        assert [] == [error.message for error in VALIDATOR.iter_errors(content)]
