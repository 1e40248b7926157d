"""Every mistake that a desired file can hold, and how each is told."""

import tomllib
from pathlib import Path

import pytest
from desired_files import FILE, NODES, mistakes, read, sound, wrong

from stalplan.findings import Scope, Severity

KEY = "SHA256:" + "A" * 43
NO_NAME = "is no node name: use a-z, 0-9, dots and dashes"
BODY = sound().split("\n", 1)[1]  # without the format

CASES = tomllib.loads(
    (Path(__file__).parent / "desired_mistakes.toml").read_text("utf-8")
)


def cases(section: str) -> pytest.MarkDecorator:
    """The cases of one section: what is added, what is said, the release."""
    rows = [
        (case["adds"], case["says"], case.get("release", "0.15"))
        for case in CASES[section]
    ]
    return pytest.mark.parametrize(("adds", "says", "release"), rows)


@cases("cluster")
def test_cluster_mistakes(adds: str, says: str, release: str) -> None:
    """Every mistake in [cluster] is told in one line."""
    assert [says] == mistakes(sound(cluster=adds, release=release))


@cases("release")
def test_release_mistakes(adds: str, says: str, release: str) -> None:
    """A release that stalplan can't manage is told with those it can."""
    assert [says] == mistakes(sound().replace(f'release = "{release}"', adds))


@cases("node")
def test_node_mistakes(adds: str, says: str, release: str) -> None:
    """Every mistake in a node's table is told in one line."""
    assert [says] == mistakes(sound(f"[nodes.n]\n{adds}\n", release=release))


@cases("ssh")
def test_ssh_mistakes(adds: str, says: str, release: str) -> None:
    """Every mistake in [ssh] is told in one line, also where a node makes it."""
    own = f"[nodes.n]\nid = 9\nssh.{adds}\n"

    assert [says] == mistakes(sound(f"[ssh]\n{adds}\n", release=release))
    assert [says.replace("ssh.", "nodes.n.ssh.", 1)] == mistakes(sound(own))


@cases("service")
def test_service_mistakes(adds: str, says: str, release: str) -> None:
    """Every mistake in [service] is told once, also where a node makes it."""
    own = f"[nodes.n]\nid = 9\n[nodes.n.service]\n{adds}\n"

    assert [says] == mistakes(sound(f"[service]\n{adds}\n", release=release))
    assert [says.replace("service.", "nodes.n.service.", 1)] == mistakes(sound(own))


@cases("apply")
def test_apply_mistakes(adds: str, says: str, release: str) -> None:
    """Every mistake in [apply] is told in one line."""
    assert [says] == mistakes(sound(f"[apply]\n{adds}\n", release=release))


@cases("roles")
def test_role_mistakes(adds: str, says: str, release: str) -> None:
    """Every mistake in [roles] is told in one line, with the release's history."""
    assert [says] == mistakes(sound(f"[roles]\n{adds}\n", release=release))


@pytest.mark.parametrize("value", ['"redis"', "false"])
def test_no_coordinator_in_0_11(value: str) -> None:
    """Servers of 0.11 have no coordinator, so that naming none is wrong too."""
    told = mistakes(sound(cluster=f"coordinator = {value}", release="0.11"))

    assert ["cluster.coordinator: servers of 0.11 have none; it came with 0.12"] == told


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("MX1", f'"MX1" {NO_NAME}; did you mean "mx1"?'),
        ("mx_4", f'"mx_4" {NO_NAME}; did you mean "mx-4"?'),
        ('"mx 4"', f'"mx 4" {NO_NAME}'),
        ('""', f'"" {NO_NAME}'),
        ("all", '"all" is reserved and can\'t name a node'),
        ("local", '"local" is reserved and can\'t name a node'),
        ("mx4.example.org", 'a name with dots needs quotes: [nodes."mx4.example.org"]'),
    ],
)
def test_names_of_nodes(header: str, what: str) -> None:
    """A name that can't be one is told with what is near; roles may still use it."""
    name = header.strip('"')
    text = sound(f'[nodes.{header}]\nid = 9\n[roles]\npurge.stores = ["{name}"]\n')

    assert [what] == mistakes(text)


def test_a_dotted_name_below_a_node() -> None:
    """A name without quotes is found out even where its first part is a node."""
    what = 'a name with dots needs quotes: [nodes."mx1.example.org"]'

    assert [what] == mistakes(sound("[nodes.mx1.example.org]\nid = 9\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a = 1\n",
            [
                "format is missing: begin with format = 1",
                "no [cluster] table: it needs a name and a release",
                "no node: each needs a table such as [nodes.mx1] with a line id = 1",
                "unknown key a",
            ],
        ),
        (
            "format = 1\n[cluster]\n[nodes.a]\nid = 1\n",
            [
                'cluster needs a name: name = "mail"',
                'cluster needs a release: release = "0.15"',
            ],
        ),
        (
            """\
format = 1
cluster = 1
nodes = []
roles = 'x'
ssh = 1
service = true
apply = 1.5
""",
            [
                "cluster must be a table, not a number",
                "nodes must be a table, not a list",
                "roles must be a table, not text",
                "ssh must be a table, not a number",
                "service must be a table, not true",
                "apply must be a table, not a number",
            ],
        ),
        (
            "format = 2\n" + BODY,
            ["format must be 1, the one that this stalplan reads"],
        ),
        (
            "format = '1'\n" + BODY,
            ["format must be a whole number without quotes"],
        ),
        (
            sound().replace('"mail"', '"Mail"'),
            ["cluster.name must be of a-z, 0-9 and dashes, at most 100 of them"],
        ),
        (sound("[nodse]\n"), ['unknown key nodse; did you mean "nodes"?']),
        (
            "nodes = {n = 3}\n" + sound(nodes=""),
            ["nodes.n must be a table, not a number"],
        ),
    ],
)
def test_whole_files(text: str, told: list[str]) -> None:
    """What is missing or can't be is told once, not again by what depends on it."""
    assert told == mistakes(text)


def test_a_label_and_shards_may_both_be_wrong() -> None:
    """Neither mistake hides the other."""
    assert [
        'roles.fts-indexing: no node has the label "x"',
        'roles.fts-indexing.shards must be "each" or a number of 1 or more',
    ] == mistakes(sound("[roles]\nfts-indexing = { label = 'x', shards = 0 }\n"))


def test_every_wrong_item_of_a_list_is_told() -> None:
    """Each at its own place; what is wrong with two in the same way, twice."""
    text = sound("[nodes.n]\nid = 9\nlabels = [1, 'a', '', 2]\n")
    text += "[service]\nbefore_stop = ['x', 1,\n true]\n"

    told = wrong(text).detail.splitlines()

    each = "nodes.n.labels must hold labels: each"
    assert [
        f"11: {each} must be text in quotes, not a number",
        f"19: {each} must not be empty",
        f"23: {each} must be text in quotes, not a number",
        "21: service.before_stop must hold text in quotes, not a number",
        "2: service.before_stop must hold text in quotes, not true",
    ] == [line.split(":", 2)[2] for line in told]


def test_all_mistakes_are_told_by_line() -> None:
    """One error lists every mistake in the order in which an editor meets them."""
    text = """\
format = 1
[roles]
"purge.stores" = ["mx9"]
[cluster]
name = "mail"
release = "0.15"
[nodes.mx1]
id = 600
[nodes.mx2]
id = 88
ssh = { port = "x", usr = "root" }
"""
    error = wrong(text)

    assert [
        (
            f'{FILE}:3:19: roles."purge.stores": no node is named "mx9"; did you mean '
            '"mx2"?'
        ),
        f"{FILE}:8:6: nodes.mx1.id must be from 0 to 511, not 600",
        f"{FILE}:10:6: nodes.mx2.id: mx1 in line 8 has id 88 already",
        f"{FILE}:11:16: nodes.mx2.ssh.port must be a whole number, not text",
        f'{FILE}:11:21: unknown key nodes.mx2.ssh.usr; did you mean "user"?',
    ] == error.detail.splitlines()
    assert f"stalplan validate -f {FILE}" == error.hint


def test_coded_mistakes_are_findings() -> None:
    """Mistakes with a code of the contract come with the error as findings."""
    nodes = "[nodes.mx1]\nid = 1\n[nodes.mx2]\nid = 513\n"
    error = wrong(sound('[roles]\npurge.stores = { label = "x" }\n', nodes=nodes))

    assert [
        ("SP101", "mx2", 10, "nodes.mx2.id"),
        ("SP103", "mx2", 10, "nodes.mx2.id"),
        ("SP201", None, 12, "roles.purge.stores"),
    ] == sorted((each.code, each.node, each.line, each.key) for each in error.findings)
    assert {(Scope.DESIRED, Severity.ERROR, True, FILE)} == {
        (each.scope, each.severity, each.blocks, each.file) for each in error.findings
    }
    assert "the server counts 513 as 1" in error.detail


def test_command_lacks_are_told_by_node() -> None:
    """Where only some nodes lack what the manager needs, they are named."""
    text = sound("""\
[service]
manager = "command"
start = ["a"]
stop = ["a"]
config = "/c"
[nodes.mx4]
id = 4
service.active = ["a"]
[nodes.mx5]
id = 6
service.manager = "command"
[nodes.mx6]
id = 7
service.manager = "systemd"
""")

    assert [
        'service.manager "command" also needs active on mx1, mx2 and mx3',
        'nodes.mx5.service.manager "command" also needs active',
    ] == mistakes(text)


def test_no_value_is_repeated_that_may_be_secret() -> None:
    """A password in the wrong place is not shown again by the error."""
    text = sound(
        "[ssh]\npassword = 'geheim'\nport = 'geheim'\n[service]\nstart = 'geheim'\n"
        "before_stop = ['x', ['geheim']]\nhealth = 'geheim'\nconfig = 'geheim'\n"
        "[store.redis]\ntype = 'redis'\nurls = 'a\\geheim'\npassword = ['geheim']\n"
        "user = { env = 'geheim geheim' }\ntimeout = 'geheim'\n"
        "[api]\npassword = 'geheim'\nurl = 'ftp://geheim'\n"
    )
    error = wrong(text)

    assert 13 == len(error.detail.splitlines())
    assert "geheim" not in f"{error.detail}{error.hint}{error.findings}{error!r}"


def test_sound_values_are_no_mistakes() -> None:
    """The file that all mistakes were planted in has none of its own."""
    assert ["mx1", "mx2", "mx3"] == [node.name for node in read(sound()).nodes]
    assert NODES in sound()
    assert read(sound(f'[ssh]\nhost_key = "{KEY}"\n')).nodes[0].ssh.host_key == KEY
