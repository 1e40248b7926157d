"""What one file alone shows to be wrong, code by code."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalplan.findings import Finding, Scope, Severity
from stalplan.model.file_rules import RULES, file_findings
from stalplan.model.file_rules.reading import matches, too_large
from stalplan.names import NodeName
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import ServerVersion

SOUND = 'cluster.node-id = 1\nserver.hostname = "mx1.example.org"\n'
BUS = 'store.bus.type = "redis"\n'


def findings(text: str, version: str = "0.15") -> list[Finding]:
    release = ServerVersion.parse(version)
    return file_findings(parse(text.encode(), release), release.line, file="c.toml")


def codes(text: str, version: str = "0.15") -> list[str]:
    return [finding.code for finding in findings(text, version)]


def test_a_sound_file_has_no_findings() -> None:
    """Nothing is said where there is nothing to say."""
    assert [] == findings(SOUND + BUS + 'cluster.coordinator = "bus"\n')


FAULTS = {
    "no id": ('server.hostname = "a.example.org"\n', "0.15", ["SP102"]),
    "id is no number": (SOUND.replace("1\n", "'x'\n", 1), "0.15", ["SP102"]),
    "id is too large": (SOUND.replace("1\n", "512\n", 1), "0.15", ["SP103"]),
    "id is 0": (SOUND.replace("1\n", "0\n", 1), "0.15", ["SP106"]),
    "id is a variable": (SOUND.replace("1\n", '"%{env:ID}%"\n', 1), "0.15", ["SP104"]),
    "id is a file": (SOUND.replace("1\n", '"%{file:/id}%"\n', 1), "0.15", ["SP105"]),
    "numbers in a list": ("cluster.roles.purge.stores = [1, 2]\n", "0.15", ["SP205"]),
    "numbers before 0.14": ("cluster.roles.purge.stores = [1, 2]\n", "0.13", []),
    "texts in a list": ('cluster.roles.purge.stores = ["1", "2"]\n', "0.15", []),
    "parts of pushing": ("cluster.roles.push-notifications = [1, 2]\n", "0.15", []),
    "a list in a text": ('cluster.roles.purge.stores = "1,2"\n', "0.13", ["SP206"]),
    "a bad entry": ('cluster.roles.fts-indexing = ["1", "x"]\n', "0.15", ["SP207"]),
    "a bad entry among good": (
        'cluster.roles.purge.stores = ["1,2", "3"]\n',
        "0.13",
        ["SP207"],
    ),
    "an entry with a variable": (
        'cluster.roles.fts-indexing = "%{env:X}%"\n',
        "0.15",
        [],
    ),
    "a role of another release": (
        "cluster.roles.bayes-training = 1\n",
        "0.15",
        ["SP208"],
    ),
    "a role that is none": ("cluster.roles.fts_indexing = [1, 2]\n", "0.15", ["SP208"]),
    "two train": ('cluster.roles.spam-training = "1,2"\n', "0.15", ["SP209"]),
    "two push": ('cluster.roles.push-notifications = "1,2"\n', "0.15", ["SP210"]),
    "two spellings": (
        "cluster.roles.fts-indexing = '1'\ncluster.roles.fts-indexing.0000 = '2'\n",
        "0.15",
        ["SP211", "SP502"],
    ),
    "renewal": ("cluster.roles.acme.renew = 1\n", "0.15", ["SP212"]),
    "no such store": ("cluster.coordinator = 'bus'\n", "0.15", ["SP302"]),
    "a database as coordinator": (
        "cluster.coordinator = 'pg'\nstore.pg.type = 'postgresql'\n",
        "0.15",
        ["SP303"],
    ),
    "not in the official builds": (
        "cluster.coordinator = 'z'\nstore.z.type = 'zenoh'\n",
        "0.15",
        ["SP304"],
    ),
    "brokers in a list": (
        "cluster.coordinator = 'k'\nstore.k.type = 'kafka'\nstore.k.brokers = ['a']\n",
        "0.15",
        ["SP304", "SP305"],
    ),
    "redis without resp3": (
        f"cluster.coordinator = 'bus'\n{BUS}store.bus.redis-type = 'cluster'\n",
        "0.15",
        ["SP306"],
    ),
    "redis with a protocol from elsewhere": (
        (
            f"cluster.coordinator = 'bus'\n{BUS}store.bus.redis-type = 'cluster'\n"
            "store.bus.protocol-version = '%{env:P}%'\n"
        ),
        "0.15",
        [],
    ),
    "gossip": ("cluster.seed-nodes = ['a']\ncluster.key = 'x'\n", "0.15", ["SP307"]),
    "gossip where it belongs": ("cluster.seed-nodes = ['a']\n", "0.11", []),
    "no coordinator in 0.11": ("cluster.coordinator = 'bus'\n", "0.11", []),
    "not TOML": ("x = 007\n", "0.15", ["SP502"]),
    "local keys without ours": (
        "config.local-keys = ['store.*', 'server.listener.*']\n",
        "0.15",
        ["SP504"],
    ),
    "local keys with all": ("config.local-keys = ['*']\n", "0.15", []),
    "local keys but one": (
        "config.local-keys = ['Cluster.*', ' server.* ', '!cluster.node*']\n",
        "0.15",
        ["SP504"],
    ),
    "an endless loop": ('x = "%{env:A}% %{env:B"\n', "0.15", ["SP506"]),
    "no loop once the first is gone": ('x = "%{env:A}% %{cfg:B"\n', "0.15", []),
}
BARE = {"no id", "id is no number", "id is too large", "id is 0"}
BARE |= {"id is a variable", "id is a file"}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_has_its_code(case: str) -> None:
    """One fault, one code; warnings of an optional kind stay away."""
    text, version, expected = FAULTS[case]
    text = text if case in BARE else SOUND + text

    assert expected == codes(text, version)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["SP402"]),
        ("server.hostname = ['mx1.example.org']\n", ["SP402"]),
        ("server.hostname = ''\n", ["SP404"]),
        ("server.hostname = 'MX1.example.org'\n", ["SP404"]),
        ("server.hostname = 'mx1'\n", ["SP404"]),
        ("server.hostname = 'mx1.example.org.'\n", ["SP404"]),
        ("server.hostname = '%{env:NAME}%'\n", []),
        ("lookup.default.hostname = 'MX1.Example.org'\n", []),
    ],
)
def test_names_are_qualified(line: str, expected: list[str]) -> None:
    """A name, its old key, and what the server makes of them."""
    assert expected == codes(f"cluster.node-id = 1\n{line}")


def test_variables_that_are_known_are_judged() -> None:
    """With the server's environment a macro is what it yields."""
    version = ServerVersion.parse("0.15")
    config = parse(
        b'cluster.node-id = "%{env:ID}%"\nserver.hostname = "%{env:NAME}%"\n', version
    )

    def found(env: dict[str, str]) -> list[str]:
        given = file_findings(config, version.line, file="c.toml", env=env)
        return [finding.code for finding in given]

    assert ["SP104"] == found({"ID": "3", "NAME": "mx3.example.org"})
    assert ["SP102", "SP404", "SP104"] == found({"NAME": "mx3"})


def test_a_finding_names_its_place() -> None:
    """File, node, line and key are there to be opened."""
    version = ServerVersion.parse("0.15")
    config = parse(
        f"{SOUND}\ncluster.roles.merge-threads = [\n  'x',\n]\n".encode(), version
    )

    (finding,) = file_findings(
        config, version.line, file="/etc/c.toml", node=NodeName("mx1"), scope=Scope.LIVE
    )

    assert ("SP207", "/etc/c.toml", "mx1") == (finding.code, finding.file, finding.node)
    assert (5, "cluster.roles.merge-threads.0000") == (finding.line, finding.key)


def test_live_faults_are_warnings_but_for_those_that_always_block() -> None:
    """A store that is missing is a warning today, local keys are an error."""
    text = f"{SOUND}cluster.coordinator = 'bus'\nconfig.local-keys = ['x']\n"

    found = {f.code: (f.severity, f.blocks) for f in findings(text)}

    assert {
        "SP302": (Severity.WARNING, False),
        "SP504": (Severity.ERROR, True),
    } == found


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"a = 1", "SP501"), (b"\xff\n", "SP507"), (b"a = 1\na", "SP501")],
)
def test_a_refusal_is_a_finding(data: bytes, code: str) -> None:
    """It blocks wherever it stands, and has the server's line."""
    version = ServerVersion.parse("0.15")
    with pytest.raises(ConfigRefused) as caught:
        parse(data, version)

    (finding,) = file_findings(caught.value, version.line, file="c.toml")

    assert (code, True, caught.value.line) == (
        finding.code,
        finding.blocks,
        finding.line,
    )


def test_size() -> None:
    """1 MiB is allowed, a byte more is not."""
    limit = 1 << 20

    assert None is too_large(limit, file="c", node=None, scope=Scope.LIVE)
    large = too_large(limit + 1, file="c", node=None, scope=Scope.LIVE)
    assert large is not None
    assert (
        "SP507",
        "The file has 1,048,577 bytes; a config file has at most 1,048,576.",
    ) == (
        large.code,
        large.detail,
    )


def test_no_finding_shows_an_unmanaged_value() -> None:
    """Store texts and passwords stay in the file."""
    text = (
        "cluster.coordinator = 'bus'\nstore.bus.type = 'CANARY-1'\n"
        "store.bus.password = 'CANARY-2'\nx = '%{env:A}% %{env:CANARY-3'\n"
        "config.local-keys = 'CANARY-4'\nz = 007\n"
    )

    assert "CANARY" not in repr(findings(text))


def test_every_rule_is_named_once() -> None:
    """A rule that stands twice would say everything twice."""
    assert len(RULES) == len(set(RULES))


@pytest.mark.parametrize(
    ("value", "before", "expected"),
    [
        ("'1,2'", "0.13.4", ["SP206"]),
        ("['1,2']", "0.11", ["SP206"]),
        ("['1,2', '3']", "0.13.4", ["SP207"]),
        ("' 1'", "0.13.4", ["SP206"]),
        ("'1,2'", "0.14", []),
        ("'%{env:NODES}%'", "0.13.4", []),
        ("1", "0.13.4", []),
        ("'a'", "0.13.4", ["SP207"]),
    ],
)
def test_what_an_upgrade_would_read_otherwise(
    value: str, before: str, expected: list[str]
) -> None:
    """A text that the installed server drops, and that the next one takes."""
    version = ServerVersion.parse("0.15")
    config = parse(f"{SOUND}\ncluster.roles.purge.stores = {value}\n".encode(), version)
    found = file_findings(
        config, version.line, file="c.toml", before=ServerVersion.parse(before).line
    )

    assert expected == [finding.code for finding in found]


@pytest.mark.parametrize(
    ("role", "expected"), [("purge.stores", ["SP205"]), ("fts-indexing", [])]
)
def test_only_roles_of_0_13_changed_their_meaning(
    role: str, expected: list[str]
) -> None:
    """A role that 0.14 brought never had another meaning."""
    version = ServerVersion.parse("0.15")
    config = parse(f"{SOUND}\ncluster.roles.{role} = [1, 2]\n".encode(), version)
    found = file_findings(config, version.line, file="c.toml")

    assert expected == [finding.code for finding in found]


@given(
    st.text("ab.", max_size=8),
    st.lists(st.sampled_from(["a", "b", ".", "*"]), max_size=8).map("".join),
)
def test_a_pattern_of_local_keys_matches_as_a_glob_does(key: str, pattern: str) -> None:
    """An asterisk stands for any text; the rest stands for itself."""
    parts = pattern.split("*")
    whole = re.compile(".*".join(re.escape(part) for part in parts))

    assert bool(whole.fullmatch(key)) is matches(key, parts)


@pytest.mark.parametrize(
    "text",
    [
        f"config.local-keys = '{'*a' * 100_000}'\n",
        f"{'k.' * 200_000}k = 1\n",
        f"[{'k.' * 200_000}k]\nx = {{{'y.' * 100_000}z = 1}}\n",
        f"cluster.node-id = '{'%{env:' * 100_000}'\n",
        f"cluster.roles.purge.stores = [{'1,' * 20_000}]\n",
        f"cluster.roles = {{{','.join(f'k{n}=1' for n in range(8_000))}}}\n",
        "".join(f"k{n} = '%{{cfg:k{n - 1}}}%%{{cfg:k{n - 1}}}%x'\n" for n in range(90)),
    ],
    ids=lambda text: repr(text[:30]),
)
def test_no_file_keeps_the_rules_busy(text: str) -> None:
    """A time that grew with the square of a file's size would be hours here."""
    assert findings(text)
