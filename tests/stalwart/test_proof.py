import pytest

from stalplan.stalwart.edit import apply_edits
from stalplan.stalwart.edits import Edit, Remove, SetList, SetText
from stalplan.stalwart.parse import parse
from stalplan.stalwart.proof import ProofFailed, prove
from stalplan.stalwart.releases import ServerVersion

VERSION = ServerVersion.parse("0.15")
BASE = """\
# who we are
[server]
hostname = "mx1" # ours

[cluster]
node-id = 1

[store]
x = {a = 1, b = 'CANARY-3'}
"""
ID = SetText("cluster.node-id", "7")


def refusal(base: str, result: str, *edits: Edit) -> ProofFailed:
    with pytest.raises(ProofFailed) as caught:
        prove(base.encode(), result.encode(), edits, VERSION)
    assert "CANARY" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("node-id = 1", "node-id = 8"), 6, "not what was planned"),
        (("node-id = 1", "Node-Id = 7"), 6, "Node-Id changed unasked"),
        (("node-id = 1", "node-id = 7 # new"), 6, "rest of an edited line"),
        (("node-id = 1\n", "node-id = 7\ncoordinator = x\n"), 7, "changed unasked"),
        (("'CANARY-3'", "'CANARY-4'"), 9, "store.x.b changed unasked"),
        (("'CANARY-3'", '"CANARY-3"'), 9, "line changed"),
        (("# who", "# what"), 1, "line changed"),
        (("# ours", "#ours"), 3, "line changed"),
        (("# ours\n\n", "# ours\n"), 4, "blank line"),
        (("# ours\n\n", "# ours\n\n\n"), 4, "blank line"),
        (("# who we are\n", "# who we are\r\n"), 1, "line changed"),
        (("[store]\n", "[store]\r\n"), 8, "line changed"),
        (("[cluster]", "[ cluster ]"), 5, "line changed"),
        (("[cluster]", "[cluster] # x"), 5, "line changed"),
        (("x = {a = 1, ", "x = {"), 9, "store.x.a is lost"),
        (("[store]\n", "[store]\n[store]\n"), 9, "line"),
        (("\n[store]", "\n[other]\n\n[store]"), 8, "line"),
        (("b = 'CANARY-3'}\n", "b = 'CANARY-3'} # end"), 9, "no end"),
        (("mx1", "mx1\x00"), 3, "hostname changed unasked"),
        (("[cluster]", "[cluster"), 5, "would not start"),
    ],
)
def test_what_was_not_planned_is_refused(
    change: tuple[str, str], line: int, says: str
) -> None:
    """Each wrong result is refused with the line that shows it."""
    result = BASE.replace(*change)
    if "node-id = 1" in result:
        result = result.replace("node-id = 1", "node-id = 7")

    failed = refusal(BASE, result, ID)

    assert says in failed.message
    assert line == failed.line


def test_a_value_beside_a_planned_one_may_not_be_written_anew() -> None:
    """Even if it means the same, and stands in the same inline table."""
    result = BASE.replace("{a = 1, b = 'CANARY-3'}", '{a = 2, b = "CANARY-3"}')

    assert "beside" in refusal(BASE, result, SetText("store.x.a", "2")).message


def test_a_list_must_be_the_planned_one_in_the_servers_order() -> None:
    """`.10` sorts before `.2`, so this list is another one."""
    edit = SetList("k", tuple(str(n) for n in range(11)))
    result = "".join(f"k.{n} = {n}\n" for n in range(11))

    assert "not what was planned" in refusal("", result, edit).message


def test_a_removed_key_must_be_gone_with_all_below_it() -> None:
    """One entry left behind would still count for the server."""
    failed = refusal("k = 1\nk.0 = 2\n", "k.0 = 2\n", Remove("k"))

    assert "still there" in failed.message


def test_an_edit_that_was_needless_proves_itself() -> None:
    """Equal bytes are right where the file is already as planned, and only there."""
    prove(BASE.encode(), BASE.encode(), [SetText("server.hostname", "mx1")], VERSION)

    assert "not what was planned" in refusal(BASE, BASE, ID).message


def test_later_edits_win() -> None:
    """The last word on a key is what has to be there."""
    edits: list[Edit] = [SetList("k", ("1",)), Remove("k"), SetText("k", "2")]

    prove(b"k = [1]\n", b"k = 2\n", edits, VERSION)


def test_a_base_that_no_server_reads_proves_nothing() -> None:
    """There is no map to compare with."""
    assert "would not start" in refusal("a = 1", "a = 1\n").message


def test_a_new_table_brings_one_blank_line() -> None:
    """Not two, and none where it brings no table."""
    base, edit = "[a]\nx = 1\n", SetText("cluster.node-id", "7")
    table = "[cluster]\nnode-id = 7\n"

    prove(base.encode(), f"{base}\n{table}".encode(), [edit], VERSION)

    assert "blank line" in refusal(base, f"{base}\n\n{table}", edit).message
    assert "blank line" in refusal(base, f"{base}\n{table}\n", edit).message


def test_a_line_that_had_no_end_may_get_one() -> None:
    """Whichever the file uses; a line that had one keeps it."""
    edit = SetText("a", "2")

    prove(b"a = 1\r\n# end", b"a = 2\r\n# end\r\n", [edit], VERSION)

    assert "changed" in refusal("a = 1\n# end\n", "a = 2\n# end\r\n", edit).message
    assert "changed" in refusal("a = 1\n# end", "a = 2\n# end\r\n", edit).message


NUMBERED = "".join(f"cluster.roles.purge.stores.{n:05} = {n}\n" for n in range(8_000))
PAIRS = ", ".join(f"k{n} = 1" for n in range(8_000))
ELEMENTS = "1, " * 12_000


@pytest.mark.parametrize(
    "text",
    [
        NUMBERED,
        f"cluster = {{{PAIRS}, node-id = 1}}\n",
        f"cluster.roles.purge.stores = {{{PAIRS}}}\n",
        f"cluster.roles.purge.stores = [{ELEMENTS}]\n",
        f"cluster.roles.purge = {{stores = [{ELEMENTS}], {PAIRS}}}\n",
        f"x = [{ELEMENTS}]\ncluster.node-id = 1\n",
        "cluster.roles.purge.stores = []\n" * 8_000 + NUMBERED,
        "[cluster.roles]\n" * 6_000,
        f"cluster.roles.purge.stores.{'k.' * 100_000}k = 1\n",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_no_file_keeps_editor_and_proof_busy(text: str) -> None:
    """A time that grew with the square of a file's size would be hours here."""
    data = text.encode()
    edits: list[Edit] = [
        SetList("cluster.roles.purge.stores", ("1,2", "3")),
        SetText("cluster.node-id", "7"),
        SetList("cluster.roles.fts-indexing", ("1",)),
        Remove("cluster.coordinator"),
    ]

    result = apply_edits(data, edits, VERSION)

    prove(data, result, edits, VERSION)
    assert "7" == parse(result, VERSION)["cluster.node-id"]


def test_a_table_that_goes_takes_its_own_blank_lines_along() -> None:
    """Exactly those, and at the end of the file those before it, if the editor does."""
    edit = Remove("cluster.node-id")
    base = "[a]\nx = 1\n\n[cluster]\n\nnode-id = 1\n\n# b\n[b]\ny = 1\n"
    last = "[a]\nx = 1\n\n[cluster]\nnode-id = 1\n"

    prove(base.encode(), b"[a]\nx = 1\n\n# b\n[b]\ny = 1\n", [edit], VERSION)
    prove(last.encode(), b"[a]\nx = 1\n", [edit], VERSION)

    for wrong in (
        "[a]\nx = 1\n# b\n[b]\ny = 1\n",
        "[a]\nx = 1\n\n\n# b\n[b]\ny = 1\n",
        "[a]\nx = 1\n\n# b\n\n[b]\ny = 1\n",
    ):
        assert "blank line" in refusal(base, wrong, edit).message
    assert "blank line" in refusal(last, "[a]\nx = 1\n\n\n", edit).message


@pytest.mark.parametrize(
    ("base", "edit"),
    [
        ("[cluster]\nx = 1\n  \n", SetText("server.hostname", "mx1")),
        ("[cluster]\nx = 1\n  ", SetText("server.hostname", "mx1")),
        ("[cluster]\r\nx = 1\r\n\t", SetText("server.hostname", "mx1")),
        ("x.y = 1\r\n  ", SetText("server.hostname", "mx1")),
        ("  \n[cluster.roles.x]\n\n", SetList("cluster.roles.y", ("1",))),
        ("[cluster.roles.x]\n  \nk = 1\n", Remove("cluster.roles.x")),
        ("[a]\n  \n[cluster.roles.x]\nk = 1\n \n[b]\n", Remove("cluster.roles.x")),
        ("[cluster]\ny = 1\n[cluster]\nnode-id = 1\n", Remove("cluster.node-id")),
        ("a = 3\n\ta = [,1]\n", SetText("a", "2")),
        ("  a = 3\n\ta.0 = 1\n\ta.1 = 2\n", SetList("a", ("1", "2", "3"))),
    ],
)
def test_the_editors_own_work_is_proven(base: str, edit: Edit) -> None:
    """Blank lines with blanks on them, tables and keys that are there twice too."""
    data = base.encode()

    prove(data, apply_edits(data, [edit], VERSION), [edit], VERSION)
