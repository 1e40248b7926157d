"""Edits of the desired file's text."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalplan.model.rewriting import (
    NotRewritten,
    add_node,
    remove_node,
    remove_value,
    set_value,
)
from stalplan.model.rewriting.members import forget_node, held_alone, like, move_role
from stalplan.model.rewriting.remarks import behind
from stalplan.model.rewriting.writing import Value
from stalplan.names import NodeName, Role

TABLES = """\
# the cluster
format = 1

[nodes.mx1]
id = 1 # the first
ssh.port = 2201

# the second
[nodes.mx2]
id = 2
labels = [
  "back",  # heavy work
  "spare", # for now
]

[roles]
purge.stores = ["mx1"] # why
"""
INLINE = """\
format = 1
[nodes]
mx1 = { id = 1 }
mx2 = { id = 2, labels = ["back", "spare"] } # the second

[roles.purge]
stores = ["mx1"]
"""
DOTTED = """\
format = 1
nodes.mx1.id = 1
nodes.mx2.id = 2
nodes.mx2.labels = ["back", "spare"]
roles."purge.stores" = ["mx1"]
"""
SCATTERED = """\
format = 1
[nodes.mx1]
id = 1
[roles]
"purge.stores" = ["mx1"]
[nodes.mx2]
id = 2
labels = ["back", "spare"]"""
TEXTS = {
    "tables": TABLES,
    "inline": INLINE,
    "dotted": DOTTED,
    "scattered": SCATTERED,
    "line ends of Windows": TABLES.replace("\n", "\r\n"),
}
texts = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)

NEW: dict[str, Value] = {"id": 4, "address": "192.0.2.14", "ssh": {"port": 22}}


def test_a_node_is_added_in_tables() -> None:
    """Where nodes are tables the new one is a table behind the last."""
    expected = TABLES.replace(
        "\n[roles]",
        '\n[nodes.mx4]\nid = 4\naddress = "192.0.2.14"\nssh.port = 22\n\n[roles]',
    )
    assert expected == add_node(TABLES, "mx4", NEW)


def test_a_node_is_added_in_one_line() -> None:
    """Where nodes are inline tables the new one is a line."""
    line = 'mx4 = { id = 4, address = "192.0.2.14", ssh = { port = 22 } }\n'
    expected = INLINE.replace("# the second\n", "# the second\n" + line)
    assert expected == add_node(INLINE, "mx4", NEW)


def test_a_node_is_added_in_dotted_keys() -> None:
    """Where nodes are dotted keys the new one is dotted keys."""
    lines = (
        'nodes.mx4.id = 4\nnodes.mx4.address = "192.0.2.14"\nnodes.mx4.ssh.port = 22\n'
    )
    expected = DOTTED.replace("roles.", lines + "roles.")
    assert expected == add_node(DOTTED, "mx4", NEW)


def test_the_first_node_gets_a_table() -> None:
    """Without any node the new one is a table at the end."""
    expected = "format = 1\n\n[nodes.mx1]\nid = 1\n"
    assert expected == add_node("format = 1\n", "mx1", {"id": 1})


def test_a_dotted_name_is_quoted() -> None:
    """TOML would nest a name with dots, so it is quoted."""
    text = add_node(TABLES, "mx4.example.org", {"id": 4})
    assert '[nodes."mx4.example.org"]\n' in text


@texts
def test_a_node_comes_and_goes(text: str) -> None:
    """Removing what was added gives the old bytes, but for a missing last newline."""
    expected = text if text.endswith("\n") else text + "\n"
    assert expected == remove_node(add_node(text, "mx4", NEW), "mx4")


def test_a_node_goes_with_its_comment() -> None:
    """The comment right above a node's table is about that node."""
    before, _, rest = TABLES.partition("# the second\n")
    expected = before + rest[rest.index("[roles]") :]
    assert expected == remove_node(TABLES, "mx2")


def test_a_value_keeps_the_comment_behind_it() -> None:
    """Only the value's own characters change."""
    expected = TABLES.replace("id = 1 #", "id = 9 #")
    assert expected == set_value(TABLES, ("nodes", "mx1", "id"), 9)


def test_a_list_keeps_its_layout() -> None:
    """What stays in a list keeps its line and its comment."""
    expected = TABLES.replace('  "back",  # heavy work\n', "")
    assert expected == set_value(TABLES, ("nodes", "mx2", "labels"), ["spare"])


TODAY = "adopted 2026-11-24, was 1"
BEFORE = "adopted 2025-01-02, was 3, 4"


@pytest.mark.parametrize(
    ("rest", "remark", "expected"),
    [
        ("", "", ""),
        ("  ", TODAY, f"  # {TODAY}"),
        (" # the first", "", " # the first"),
        (" # the first", TODAY, f" # the first; {TODAY}"),
        (f" # the first; {BEFORE}", "", " # the first"),
        (f" # the first; {BEFORE}", TODAY, f" # the first; {TODAY}"),
        (f"  # {BEFORE}", "", ""),
        (f"  # {BEFORE}", TODAY, f"  # {TODAY}"),
        (" # SP201: nobody does it.", "", ""),
        (" # SP201: nobody does it.", TODAY, f" # {TODAY}"),
        (" # SP201 is fine with us", "", " # SP201 is fine with us"),
        (", a = 2 }", TODAY, f", a = 2 }}  # {TODAY}"),
        (", a = 2 }", "", ", a = 2 }"),
        (", a = '#' } # why", TODAY, ", a = '#' } # why"),
        (", a = [", TODAY, ", a = ["),
        (', a = """', TODAY, ', a = """'),
    ],
)
def test_remarks_of_people_stay(rest: str, remark: str, expected: str) -> None:
    """A value's new remark replaces ours, which was about the old value."""
    assert expected == behind(rest, remark)


def test_a_remark_goes_behind_the_value() -> None:
    """Whatever stands there, the line says why the value changed."""
    path = ("nodes", "mx2", "id")
    assert "id = 7  # was 2\n" in set_value(TABLES, path, 7, comment="was 2")
    first = set_value(TABLES, ("nodes", "mx1", "id"), 7, comment="was 1")
    assert "id = 7 # the first; was 1\n" in first
    inline = set_value(INLINE, ("nodes", "mx1", "id"), 7, comment="was 1")
    assert "mx1 = { id = 7 }  # was 1\n" in inline


@texts
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("nodes", "mx1", "hostname"), "mx1.example.org"),
        (("nodes", "mx1", "ssh", "user"), "root"),
        (("nodes", "mx2", "labels"), ["new"]),
        (("roles", "fts-indexing"), {"label": "back", "shards": "each"}),
        (("cluster", "coordinator"), False),
        (("apply", "order"), [["mx1"], ["mx2"]]),
    ],
)
def test_any_value_can_be_set(text: str, path: tuple[str, ...], value: object) -> None:
    """A value is set wherever it stands, and where it did not stand before."""
    tree = tomllib.loads(set_value(text, path, value))  # type: ignore[arg-type]  # parametrised
    for part in path:
        tree = tree[part]
    assert value == tree


def test_a_value_goes() -> None:
    """A removed value leaves no gap."""
    expected = TABLES.replace("ssh.port = 2201\n", "")
    assert expected == remove_value(TABLES, ("nodes", "mx1", "ssh", "port"))


def test_what_can_t_be_edited_safely_is_refused() -> None:
    """One key of several in an inline table can't go with its line."""
    with pytest.raises(NotRewritten, match="without touching"):
        remove_value(INLINE, ("nodes", "mx2", "labels"))


@texts
def test_a_role_is_found_in_any_spelling(text: str) -> None:
    """Dotted, nested and quoted spellings of a role are one role."""
    roles = tomllib.loads(move_role(text, Role("purge.stores"), ["mx2"]))["roles"]
    assert ["mx2"] == roles.get("purge.stores") or roles["purge"]["stores"]


def test_a_new_role_is_quoted() -> None:
    """A role that was not managed is written in one quoted key."""
    text = move_role(TABLES, Role("purge.accounts"), "none")
    assert text.endswith('# why\n"purge.accounts" = "none"\n')


def test_a_model_gives_what_is_not_its_alone() -> None:
    """Labels and settings are taken over, the id is not."""
    assert {"labels": ["back", "spare"]} == like(TABLES, NodeName("mx2"))
    assert {"ssh": {"port": 2201}} == like(TABLES, NodeName("mx1"))


def test_a_node_is_forgotten_by_roles() -> None:
    """Other holders keep the role; a shard that would be empty goes."""
    text = """\
[roles]
a = ["mx1", "mx2"]
b = [["mx1"], ["mx2", "mx3"], ["mx2"]]
c = ["mx2"]
[apply]
order = ["mx2"]
"""
    expected = """\
[roles]
a = ["mx1"]
b = [["mx1"], ["mx3"]]
c = ["mx2"]
[apply]
"""
    assert expected == forget_node(text, NodeName("mx2"))
    assert [Role("c")] == held_alone(text, NodeName("mx2"))


names = st.sampled_from(["mx1", "mx2"])
values = st.recursive(
    st.text(max_size=8) | st.integers(0, 511) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["id", "hostname", "labels", "sshd", 'odd "key"', "a.b"])


@given(
    st.sampled_from(sorted(TEXTS)), names, keys, values, st.sampled_from(["", TODAY])
)
def test_an_edit_says_what_was_asked_and_nothing_else(
    name: str, node: str, key: str, value: object, remark: str
) -> None:
    """Whatever is set, the file then says that, and all other lines are as before."""
    text = TEXTS[name]
    path = ("nodes", node, key)
    after = set_value(text, path, value, comment=remark)  # type: ignore[arg-type]  # any value
    expected = tomllib.loads(text.replace("\r\n", "\n"))
    expected["nodes"][node][key] = value
    assert expected == tomllib.loads(after)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments == [line for line in after.splitlines() if line.startswith("#")]
