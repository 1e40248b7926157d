"""Releases, role lists and macros beyond what the tables of real servers hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalplan.stalwart.effective import Off, On, Shard, effective, part_of
from stalplan.stalwart.macros import (
    NeverEnds,
    Overgrown,
    expand,
    is_one_macro,
    macros_in,
    never_ends,
)
from stalplan.stalwart.parse import FlatConfig, parse_text
from stalplan.stalwart.releases import Release, ServerVersion, roles_of
from stalplan.stalwart.spelling import (
    IdTable,
    role_table,
    shard,
    spell,
    spellings,
    unsigned,
)

ids = st.integers(0, 2**64 - 1)
shards = st.lists(ids, min_size=1, unique=True).map(sorted).map(tuple)


def read(text: str, version: str = "0.15") -> FlatConfig:
    return parse_text(text, ServerVersion.parse(version))


@pytest.mark.parametrize(
    ("text", "shown", "lenient"),
    [
        ("0.11", "0.11", False),
        ("0.11.2", "0.11.2", False),
        ("v0.12.5", "0.12.5", False),
        ("0.13", "0.13", True),
        ("0.13.0", "0.13.0", False),
        ("0.13.1", "0.13.1", True),
        ("0.15.5", "0.15.5", True),
    ],
)
def test_a_version_knows_its_reader(text: str, shown: str, lenient: bool) -> None:
    """A line stands for its last patch release; the reader changed in 0.13.1."""
    version = ServerVersion.parse(text)

    assert (shown, lenient) == (str(version), version.lenient_keys)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.16", "in the database"),
        ("1.0.0", "in the database"),
        ("0.11.1", "0.11.2 is the first"),
        ("0.10.7", "none of the releases"),
        ("latest", "write it like 0.15"),
        ("", "write it like 0.15"),
        ("0.15.5.1", "write it like 0.15"),
    ],
)
def test_other_releases_are_named_with_the_reason(text: str, says: str) -> None:
    """A release without cluster settings in its file is not guessed at."""
    with pytest.raises(ValueError, match=says):
        ServerVersion.parse(text)


def test_each_line_has_its_roles() -> None:
    """Five roles at first, ten and then eleven later; one of them was renamed."""
    assert [5, 5, 5, 10, 11] == [len(roles_of(release)) for release in Release]
    assert "bayes-training" in roles_of(Release.V0_14)
    assert "bayes-training" not in roles_of(Release.V0_15)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+5", 5),
        ("007", 7),
        ("0" * 50 + "1", 1),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", None),
        ("9" * 5000, None),
        ("", None),
        ("+", None),
        ("-0", None),
        ("1_0", None),
        ("٣", None),
        (" 1", None),
        ("1\n", None),
    ],
)
def test_numbers_are_the_servers(text: str, number: int | None) -> None:
    """ASCII digits and a plus sign, up to 64 bits; Python's `int` takes more."""
    assert number == unsigned(text)


@given(st.lists(shards, min_size=1).map(tuple), st.sampled_from([*Release]))
def test_a_table_that_is_spelled_is_read_again(
    table: IdTable, release: Release
) -> None:
    """Whatever the release, its own spelling gives the table back."""
    if release < Release.V0_14:
        table = table[:1]

    items = spell(table, release)
    text = "".join(
        f'cluster.roles.purge.stores.{i:05} = "{item}"\n'
        for i, item in enumerate(items)
    )

    assert table == role_table(read(text), "purge.stores", release).table


def test_the_part_of_a_server() -> None:
    """No table: on. One shard: on or off. Several: the first that names it."""
    assert On() == part_of(None, 1)
    assert On() == part_of(((1, 2),), 1)
    assert Off() == part_of(((1, 2),), 3)
    assert Shard(0, 3) == part_of(((1, 2), (1,), (3,)), 1)
    assert Shard(2, 3) == part_of(((1, 2), (1,), (3,)), 3)


def test_one_bad_item_drops_its_shard() -> None:
    """From 0.14 on the whole entry goes; blanks go by Unicode, not by Python."""
    assert None is shard("1,", Release.V0_15)
    assert (1, 2) == shard("\u00a02 ,\u30001\n", Release.V0_15)
    assert None is shard("1,\x1f2", Release.V0_15)
    assert None is shard(" 1", Release.V0_13)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("k = 1\n", 1),
        ("k = [1, 2]\n", 1),
        ("k.0000 = 1\nk.0001 = 2\n", 1),
        ("k.0000 = 1\nk.0 = 2\n", 2),
        ("k = [1]\nk.0001 = 2\n", 2),
        ("k = 1\n[k]\nk = [2]\n", 2),
        ("kk = 1\n", 0),
    ],
)
def test_spellings_are_told_apart(text: str, count: int) -> None:
    """What the server joins is written in one way, or in several."""
    assert count == len(spellings(read(text), "k"))


def test_variables_are_read_where_they_are_known() -> None:
    """With an environment the id is the node's; a missing variable is an error."""
    config = read(
        'cluster.node-id = "%{env:ID}%"\nserver.hostname = "mx%{env:ID}%.example.org"\n'
        'cluster.roles.fts-indexing = ["%{env:ID}%,9", "%{env:NOPE}%"]\n'
    )

    raw = effective(config, Release.V0_15)
    known = effective(config, Release.V0_15, {"ID": "7"})

    assert (1, True) == (raw.node_id, raw.node_id_error)
    assert (7, "mx7.example.org") == (known.node_id, known.hostname)
    assert ((7, 9),) == known.tables["fts-indexing"]
    assert ("cluster.roles.fts-indexing.0001",) == known.errors


def test_a_value_that_loops_is_an_error_and_stays() -> None:
    """What the server would do with it is told by its own finding."""
    config = read('server.hostname = "%{env:A}% %{env:B"\n')

    found = effective(config, Release.V0_15, {})

    assert "%{env:A}% %{env:B" == found.hostname
    assert ("server.hostname",) == found.errors


def test_keys_that_the_release_does_not_read() -> None:
    """Typos, renamed roles and leftovers are told, by release."""
    text = (
        "cluster.node_id = 1\ncluster.seed-nodes = [1]\ncluster.coordinator = x\n"
        "cluster.roles.bayes-training = 1\ncluster.roles.purge.stores.any = 1\n"
    )

    def unread(release: Release) -> list[str]:
        return [entry.key for entry in effective(read(text), release).unread]

    bayes, typo = "cluster.roles.bayes-training", "cluster.node_id"
    assert ["cluster.coordinator", typo, bayes] == unread(Release.V0_11)
    assert [typo, "cluster.seed-nodes.0000"] == unread(Release.V0_14)
    assert [typo, bayes, "cluster.seed-nodes.0000"] == unread(Release.V0_15)


def test_macros_are_found_as_written() -> None:
    """Complete ones of the three classes, in order."""
    text = "%{env:A}%-%{file://x}%-%{cfg:a.b}%-%{vault:x}%-%{env:B"

    assert [("env", "A"), ("file", "//x"), ("cfg", "a.b")] == macros_in(text)


def test_what_never_ends_is_told_by_class() -> None:
    """An unfinished mark behind any closing one, of the class in question."""
    assert never_ends("}% %{env:A", "env")
    assert not never_ends("}% %{env:A", "cfg")
    assert not never_ends("%{env:A", "env")
    assert not never_ends("%{env:A}%", "env")
    assert never_ends("}%{env:A", "env")
    assert not never_ends("%{env:A}%{env:B", "env")


@given(
    st.lists(st.sampled_from(["%{env:", "}%", "}", "%", "{", "A", "}%{env:"])).map(
        "".join
    )
)
def test_what_never_ends_is_what_would_not_come_to_an_end(text: str) -> None:
    """The answer for a text alone is that of a start with nothing but this text."""
    try:
        expand({"a": text}, env={"A": "x"})
    except NeverEnds:
        ended = False
    else:
        ended = True

    assert ended is not never_ends(text, "env")


def test_macros_without_measure_are_cut_short() -> None:
    """Values that copy one another double at every step; no memory holds them."""
    keys = {f"k{n:02}": f"%{{cfg:k{n - 1:02}}}%" * 2 for n in range(1, 60)}

    with pytest.raises(Overgrown) as doubled:
        expand({"k00": "x" * 1000, **keys}, env={})
    with pytest.raises(Overgrown) as repeated:
        expand({"a": "x" * 2**20, "b": "%{cfg:a}%" * 2**10}, env={})

    assert "b" == repeated.value.key
    assert doubled.value.key in keys


def test_marks_that_stay_open_are_read_once() -> None:
    """Looking for the end of each of them would take hours."""
    assert [] == macros_in("%{env:" * 200_000)
    assert not is_one_macro("%{env:" * 200_000)
    assert is_one_macro("%{env:" * 200_000 + "}%")


def test_a_loop_names_its_key() -> None:
    """The key is what a person has to look at."""
    with pytest.raises(NeverEnds) as caught:
        expand({"a": "1", "b": "}% %{cfg:x"}, env={})

    assert "b" == caught.value.key


def test_files_are_read_through_the_caller() -> None:
    """Two leading slashes of a path go; a missing file leaves the whole value."""
    keys = {"a": "%{env:E}%%{file:////etc/id}%", "b": "%{file:/etc/id}%%{file:/no}%"}

    expanded = expand(
        keys, env={"E": "e"}, files={"//etc/id": "7\n", "/etc/id": "8"}.get
    )

    assert {"a": "e7\n", "b": keys["b"]} == dict(expanded.keys)
    assert ("b",) == expanded.errors
    assert "7" not in repr(expanded)


def test_a_store_without_a_name_is_one() -> None:
    """`store..type` names the store whose id is the empty text."""
    named = read('store..type = "redis"\ncluster.coordinator = ""\n')
    alone = read('cluster.coordinator = ""\n')

    assert effective(named, Release.V0_15).coordinator_usable is True
    assert effective(alone, Release.V0_15).coordinator_usable is False
