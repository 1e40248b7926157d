import pytest

from stalplan.stalwart.edit import EditRefused, apply_edits, line_of
from stalplan.stalwart.edits import Edit, Remove, SetList, SetText
from stalplan.stalwart.proof import prove
from stalplan.stalwart.releases import ServerVersion

VERSION = ServerVersion.parse("0.15")
ROLE = "cluster.roles.purge.stores"


def edited(before: str, *edits: Edit) -> str:
    result = apply_edits(before.encode(), edits, VERSION)
    prove(before.encode(), result, edits, VERSION)
    return result.decode()


TEXTS = {
    "bare number": ("cluster.node-id = 3\n", "cluster.node-id = 7\n"),
    "quoted": ('cluster.node-id = "3"\n', 'cluster.node-id = "7"\n'),
    "single quotes, no blanks": ("cluster.node-id='3'\n", "cluster.node-id='7'\n"),
    "comment on the line": (
        "[cluster]\n  node-id\t= 3   # ours\n",
        "[cluster]\n  node-id\t= 7   # ours\n",
    ),
    "carriage returns": (
        "[cluster]\r\nnode-id = 3\r\nx = 1\r\n",
        "[cluster]\r\nnode-id = 7\r\nx = 1\r\n",
    ),
    "inline table": (
        "cluster = {coordinator = 'bus', node-id = 3}\n",
        "cluster = {coordinator = 'bus', node-id = 7}\n",
    ),
    "inline table without it": (
        "cluster = {coordinator = 'bus'}\n",
        "cluster = {coordinator = 'bus', node-id = 7}\n",
    ),
    "a list, which the server doesn't read": (
        "[cluster]\nnode-id = [3]\n",
        '[cluster]\nnode-id = "7"\n',
    ),
    "its element": ("cluster.node-id.0000 = 3\n", "cluster.node-id = 7\n"),
    "a remark below it stays": (
        "cluster.node-id = 3\ncluster.node-id.old = 1\n",
        "cluster.node-id = 7\ncluster.node-id.old = 1\n",
    ),
    "the sorted place in a flat file": (
        "a = 1\ncluster.coordinator = 'bus'\nserver.hostname = 'x'\n",
        (
            "a = 1\ncluster.coordinator = 'bus'\n"
            "cluster.node-id = 7\nserver.hostname = 'x'\n"
        ),
    ),
    "beside a relative in an unsorted file": (
        "server.hostname = 'x'\n\n# peers\ncluster.coordinator = 'bus'\n\na = 1\n",
        (
            "server.hostname = 'x'\n\n# peers\ncluster.coordinator = 'bus'\n"
            "cluster.node-id = 7\n\na = 1\n"
        ),
    ),
    "into its table": (
        "[cluster]\ncoordinator = 'bus'\n\n[server]\nhostname = 'x'\n",
        "[cluster]\ncoordinator = 'bus'\nnode-id = 7\n\n[server]\nhostname = 'x'\n",
    ),
    "beside a dotted key on top, not in a new table": (
        'cluster.coordinator = "bus"\n\n[server.listener."smtp"]\nx = 1\n',
        (
            'cluster.coordinator = "bus"\ncluster.node-id = 7\n\n'
            '[server.listener."smtp"]\nx = 1\n'
        ),
    ),
    "a new table at the end": (
        '[server]\nhostname = "x"\n',
        '[server]\nhostname = "x"\n\n[cluster]\nnode-id = 7\n',
    ),
    "a new table above its own sub-tables": (
        "[a]\nx = 1\n\n# jobs\n[cluster.roles]\npurge.stores = 1\n",
        (
            "[a]\nx = 1\n\n[cluster]\nnode-id = 7\n\n# jobs\n[cluster.roles]\n"
            "purge.stores = 1\n"
        ),
    ),
    "an empty file": ("", "cluster.node-id = 7\n"),
    "a last line without an end": ("# nothing", "# nothing\ncluster.node-id = 7\n"),
    "numbers are quoted in this file": (
        'a.port = "25"\n[x]\ny = "1"\n[cluster]\ncoordinator = "bus"\n',
        'a.port = "25"\n[x]\ny = "1"\n[cluster]\ncoordinator = "bus"\nnode-id = "7"\n',
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_text_is_set_in_the_manner_of_the_file(case: str) -> None:
    """Quotes, blanks, comments, line ends and places are the file's own."""
    before, after = TEXTS[case]

    assert after == edited(before, SetText("cluster.node-id", "7"))


LISTS = {
    "one text": (f"{ROLE} = 1\n", f'{ROLE} = ["1,2", "3"]\n'),
    "one line": (f'{ROLE} = ["1", "3"] # ours\n', f'{ROLE} = ["1,2", "3"] # ours\n'),
    "numbers": (f"{ROLE} = [1, 3]\n", f'{ROLE} = ["1,2", "3"]\n'),
    "longer": (f"{ROLE} = ['1,2', '3', '4']\n", f"{ROLE} = ['1,2', '3']\n"),
    "no blanks": (f'{ROLE}=["1,2","4","3"]\n', f'{ROLE}=["1,2","3"]\n'),
    "several lines": (
        f'{ROLE} = [\n    "1,2", # both\n    "4",\n    "3", # alone\n]\n',
        f'{ROLE} = [\n    "1,2", # both\n    "3", # alone\n]\n',
    ),
    "several lines, shorter": (
        f'{ROLE} = [\n  "1,2" # both\n]\n',
        f'{ROLE} = [\n  "1,2", # both\n  "3"\n]\n',
    ),
    "padded numbers": (
        f"{ROLE}.0000 = 1\n{ROLE}.0001 = 2\n{ROLE}.0002 = 3\n",
        f'{ROLE}.0000 = "1,2"\n{ROLE}.0001 = 3\n',
    ),
    "short numbers": (f"{ROLE}.0 = '1,2'\n", f"{ROLE}.0 = '1,2'\n{ROLE}.1 = '3'\n"),
    "two spellings": (f"{ROLE} = [9]\n{ROLE}.0 = 2\n", f'{ROLE} = ["1,2", "3"]\n'),
    "doubled, as the manual shows it": (
        f'[{ROLE}]\nstores = ["1"]\n',
        f'[{ROLE}]\nstores = ["1,2", "3"]\n',
    ),
    "a set, which the server can't read": (
        f"{ROLE} = {{1, 2}}\n",
        f'{ROLE} = ["1,2", "3"]\n',
    ),
    "a remark among the entries": (
        f'{ROLE} = ["1,2", "3"]\n{ROLE}.note = "mine"\n',
        f'{ROLE} = ["1,2", "3"]\n',
    ),
    "an empty list": (f"{ROLE} = []\n", f'{ROLE} = ["1,2", "3"]\n'),
    "nested lists": (f"{ROLE} = [[1], [2]]\n", f'{ROLE} = ["1,2", "3"]\n'),
    "an element that stays keeps its comment": (
        f'{ROLE} = [\n  "9", # old\n  # fast\n  "1,2", # a\n  "4", # b\n  "3" # c\n]\n',
        f'{ROLE} = [\n  # fast\n  "1,2", # a\n  "3" # c\n]\n',
    ),
    "one comes before all others": (
        f'{ROLE} = [\n  "3", # c\n]\n',
        f'{ROLE} = [\n  "1,2",\n  "3", # c\n]\n',
    ),
    "one comes before, on one line": (f"{ROLE}=['3']\n", f"{ROLE}=['1,2', '3']\n"),
    "commas first": (
        f'{ROLE} = [ "1,2" # a\n  , "4" # b\n  , "3" # c\n  , "5" # d\n]\n',
        f'{ROLE} = [ "1,2" # a\n  , "3" # c\n]\n',
    ),
    "the first goes, commas first": (
        f'{ROLE} = [ "4" # b\n  , "1,2" # a\n  , "3" ]\n',
        f'{ROLE} = [ "1,2" # a\n  , "3" ]\n',
    ),
    "begun beside its bracket": (
        f'{ROLE} = ["4", # b\n  "1,2", # a\n  "3"] # c\n',
        f'{ROLE} = ["1,2", # a\n  "3"] # c\n',
    ),
    "nested lists with comments": (
        f'{ROLE} = [ # all\n  ["1"], # a\n  ["3"], # b\n]\n',
        f'{ROLE} = [ # all\n  "1,2", # a\n  "3", # b\n]\n',
    ),
    "a hole, which counts": (
        f'{ROLE} = [\n  "1,2",, # a\n  "3", # b\n]\n',
        f'{ROLE} = [\n  "1,2", # a\n  "3", # b\n]\n',
    ),
    "nothing but a comment": (
        f"{ROLE} = [ # none yet\n]\n",
        f'{ROLE} = ["1,2", "3" # none yet\n]\n',
    ),
    "lists are lines of their own here": (
        "cluster.roles.acme.renew.0000 = 1\ncluster.roles.metrics.push.0000 = 2\n",
        (
            "cluster.roles.acme.renew.0000 = 1\ncluster.roles.metrics.push.0000 = 2\n"
            f'{ROLE}.0000 = "1,2"\n{ROLE}.0001 = 3\n'
        ),
    ),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_is_left_in_one_spelling(case: str) -> None:
    """The place and the style that were there stay, and only one of them."""
    before, after = LISTS[case]

    assert after == edited(before, SetList(ROLE, ("1,2", "3")))


def test_short_numbers_get_wider_before_their_order_would_break() -> None:
    """`.10` would sort before `.2`, so all of them are numbered anew."""
    wanted = tuple(str(number) for number in range(11))

    result = edited("k.0 = 0\nk.1 = 1\n", SetList("k", wanted))

    assert "k.00 = 0\nk.01 = 1\nk.02 = 2\n" == result[:27]
    assert result.endswith("k.10 = 10\n")


REMOVALS = {
    "a line": ("a = 1\ncluster.roles.purge.stores = 1 # x\nb = 1\n", "a = 1\nb = 1\n"),
    "several lines": (f"{ROLE} = [\n  1, # one\n]\nb = 1\n", "b = 1\n"),
    "every spelling": (f"{ROLE} = 1\n{ROLE}.0000 = 2\n{ROLE}.x.y = 2\n", ""),
    "a table that is left empty": (
        "[a]\nx = 1\n\n[cluster.roles]\npurge.stores = 1\n",
        "[a]\nx = 1\n",
    ),
    "a table with a comment stays": (
        "[cluster.roles]\n# jobs\npurge.stores = 1\n",
        "[cluster.roles]\n# jobs\n",
    ),
    "a pair": (
        "cluster.roles = {purge.stores = 1, b = 2}\n",
        "cluster.roles = {b = 2}\n",
    ),
    "the last pair": (
        "cluster.roles = {b = 2, purge.stores = 1}\n",
        "cluster.roles = {b = 2}\n",
    ),
    "a pair with a line of its own": (
        "cluster.roles = {\n  b = 2, # b\n  purge.stores = 1, # p\n  c = 3\n}\n",
        "cluster.roles = {\n  b = 2, # b\n  c = 3\n}\n",
    ),
    "the first pair, for the server takes no comment behind a brace": (
        "cluster.roles = { purge.stores = 1, # p\n  b = 2 }\n",
        "cluster.roles = { b = 2 }\n",
    ),
    "the last pair, behind a comment": (
        "cluster.roles = {b = 2, # b\n  purge.stores = 1}\n",
        "cluster.roles = {b = 2 # b\n  }\n",
    ),
    "the only pair": ("a = 1\ncluster = {roles = {purge.stores = 1}}\n", "a = 1\n"),
    "nothing": ("a = 1\n", "a = 1\n"),
}


@pytest.mark.parametrize("case", REMOVALS)
def test_a_key_goes_with_its_lines(case: str) -> None:
    """All that stands below it goes too; other comments and lines stay."""
    before, after = REMOVALS[case]

    assert after == edited(before, Remove(ROLE))


def test_many_new_keys_share_one_table() -> None:
    """Keys that come together stand together, in the order they were asked for."""
    result = edited(
        "[a]\nx = 1\n",
        SetText("cluster.node-id", "7"),
        SetText("cluster.coordinator", "bus"),
        SetList(ROLE, ("1,2",)),
        SetText("server.hostname", "mx1.example.org"),
    )

    assert (
        '[a]\nx = 1\n\n[cluster]\nnode-id = 7\ncoordinator = "bus"\n'
        'roles.purge.stores = ["1,2"]\n\n[server]\nhostname = "mx1.example.org"\n'
    ) == result


@pytest.mark.parametrize(
    "edit",
    [
        SetText("server.hostname", "a\\"),
        SetText("server.hostname", 'a"b'),
        SetText("server.hostname", "a\nb"),
        SetText("server.hostname", "a\x00"),
        SetText("server.hostname", "\ud800"),
        SetList(ROLE, ("1", "2\t")),
        SetList(ROLE, ()),
        SetText('a"b', "1"),
        SetText("a..b", "1"),
        SetText("", "1"),
    ],
)
def test_what_no_server_would_read_back_is_refused(edit: Edit) -> None:
    """Nothing is written that a release, or TOML, would read otherwise."""
    with pytest.raises(EditRefused):
        apply_edits(b"a = 1\n", [edit], VERSION)


@pytest.mark.parametrize(
    ("data", "line"), [(b"a = 1\nb", 2), (b"a = 1\n\xff = 1\n", 2), (b"a = 1", 1)]
)
def test_a_file_that_no_server_reads_is_refused(data: bytes, line: int) -> None:
    """There is nothing to edit where nothing can be read; the line is named."""
    with pytest.raises(EditRefused) as caught:
        apply_edits(data, [SetText("a", "1")], VERSION)

    assert line == caught.value.line


def test_a_key_inside_a_list_is_refused() -> None:
    """Elements of a list have no names that would last."""
    with pytest.raises(EditRefused, match="inside another list"):
        apply_edits(b"a = [{b = 1}]\n", [Remove("a.0000.b")], VERSION)


def test_no_error_and_no_repr_shows_a_text() -> None:
    """Texts may be secrets, wherever they end up."""
    edits: list[Edit] = [SetText("a", "CANARY\\"), SetList("a", ("CANARY",))]

    with pytest.raises(EditRefused) as caught:
        apply_edits(b"a = 1\n", edits, VERSION)

    assert "CANARY" not in f"{caught.value} {edits}"


def test_the_line_of_a_key() -> None:
    """The first line that is about it, a list's brackets included."""
    data = b"[cluster]\nroles.a = [\n  1,\n]\nnode-id = 3\n"

    assert 2 == line_of(data, "cluster.roles.a", VERSION)
    assert 5 == line_of(data, "cluster.node-id", VERSION)
    assert None is line_of(data, "cluster.coordinator", VERSION)


def test_a_key_below_one_that_goes_can_be_written_again() -> None:
    """An edit of a key below a removed one is made on what the removal leaves."""
    data = b'a.t = "9s"\na.t.c = "5s"\na.u = 1\n'
    edits: list[Edit] = [Remove("a.t"), SetText("a.t.c", "5s")]

    result = apply_edits(data, edits, VERSION)

    prove(data, result, edits, VERSION)
    assert b'a.u = 1\na.t.c = "5s"\n' == result
