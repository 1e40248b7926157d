"""What is TOML at a glance is TOML, and the files that people have are."""

import tomllib

import pytest
from golden import CASES
from hypothesis import given, settings
from hypothesis import strategies as st

from stalplan.model.file_rules.plain_toml import is_plain_toml

PARTS = st.sampled_from(["a", "b", "c", "node-id", "0000"])
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(".".join)
VALUES = st.sampled_from(
    [
        *("1", "0", "007", "+1", "1_0", "9" * 30, "true", "TRUE", "1.5", "x", ""),
        *('""', '"x"', '"x', '"a\\b"', '"\t"', '"\x07"', "'x'", "'''x'''", '"""'),
        *("[]", "[1]", "[1,]", "[,]", "[1, 'x', ]", "[1 2]", "[[1]]", "{}", "{a = 1}"),
    ]
)
ENDS = st.sampled_from(["", " # note", " # \x00", "\r", " x", "\t"])
LINES = st.one_of(
    st.builds("{} = {}{}".format, KEYS, VALUES, ENDS),
    st.builds("{} = 1".format, KEYS),
    st.builds("[{}]{}".format, KEYS, ENDS),
    st.builds("[[{}]]".format, KEYS),
    st.sampled_from(["", "  ", "# ü", '"a" = 1', "a", "= 1", "[]", "[a.]", "a. b = 1"]),
)


@settings(max_examples=1000)
@given(st.lists(LINES, max_size=6).map("\n".join))
def test_what_is_plain_is_toml(text: str) -> None:
    """No text that TOML readers refuse is taken for one that they read."""
    if is_plain_toml(text):
        tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b = 1\na.c = [1, 'x']\n",
        "[cluster]\nnode-id = 1\nroles.a = '1'\n[server]\nname = \"ü\" # so\n",
        "[a]\nb = 1\n[a.c]\nd = []\n",
        "[a.b]\nc = 1\n[a]\nd = 1\n",
    ],
)
def test_usual_files_are_plain(text: str) -> None:
    """Flat files as the server writes them, and tables as people do."""
    assert is_plain_toml(text)
    tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\na.b = 2\n",
        "a = 1\na = 1\n",
        "[a]\n[a]\n",
        "a.b = 1\n[a]\n",
        "[a]\nb.c = 1\n[a.b]\n",
        "[a.b]\n[a]\nb.c = 1\n",
        "[a]\nb = 1\n[a.b.c]\n",
    ],
)
def test_what_is_said_twice_is_not_plain(text: str) -> None:
    """A key or a table of which TOML readers say that it is there already."""
    assert not is_plain_toml(text)
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)


def test_most_files_of_cases_are_plain() -> None:
    """The glance is worth it: it tells most files that are TOML."""
    texts = [
        file.read_bytes().decode(errors="replace")
        for case in CASES
        for file in case.glob("nodes/*.toml")
    ]

    plain = sum(map(is_plain_toml, texts))
    assert plain > len(texts) * 0.8
