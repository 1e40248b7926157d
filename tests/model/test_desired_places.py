"""Where things stand in the desired file."""

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from stalplan.model.desired.places import (
    DEEPEST,
    Path,
    TooDeep,
    find_places,
)
from stalplan.model.wishes import Place

TEXT = """\
# comment
a = 1
b.c = [1, "x", # [not] = a key
  {d = 2, "e.f" = '''
]'''},
]   # trailing
 [ t . "q\\u0041" ]
k = "a = [b"

[[rows]]
n = 1979-05-27 07:32:00
[rows.in]
m = \"""
[no.table]
\"\"\"\""
[[rows]]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("a",), Place(2, 1), Place(2, 5)),
        (("b",), Place(3, 1), Place(3, 1)),
        (("b", "c"), Place(3, 3), Place(3, 7)),
        (("b", "c", "1"), Place(3, 3), Place(3, 11)),
        (("b", "c", "2", "d"), Place(4, 4), Place(4, 8)),
        (("b", "c", "2", "e.f"), Place(4, 11), Place(4, 19)),
        (("t",), Place(7, 4), Place(7, 4)),
        (("t", "qA"), Place(7, 8), Place(7, 3)),
        (("t", "qA", "k"), Place(8, 1), Place(8, 5)),
        (("rows", "0", "n"), Place(11, 1), Place(11, 5)),
        (("rows", "0", "in", "m"), Place(13, 1), Place(13, 5)),
        (("rows", "1"), Place(16, 3), Place(16, 3)),
        (("a", "absent"), Place(2, 1), Place(2, 1)),
        (("absent",), Place(1, 1), Place(1, 1)),
    ],
)
def test_keys_and_values_have_places(path: Path, key: Place, value: Place) -> None:
    """Every spelling of a key or value is found; what is absent is where it'd be."""
    tomllib.loads(TEXT)
    places = find_places(TEXT)

    assert (key, value) == (places.key(path), places.value(path))


def test_columns_count_characters() -> None:
    """A column counts characters, not bytes, as editors do."""
    places = find_places('a = {"ключ" = "ü", b = 1}')

    assert Place(1, 20) == places.key(("a", "b"))


def test_what_stands_twice_is_known() -> None:
    """The second place of a key is kept, for tomllib only tells where it gave up."""
    places = find_places("[a]\nx = 1\ny = 2\nx = 3\n")

    assert (("a", "x"), Place(4, 1)) == places.again


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{b = " * 100_000,
        "[" + "a." * 100_000 + "b]",
        "a." * 100_000 + "b = 1",
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    """What would make a reader recurse or crawl is refused before it is read."""
    with pytest.raises(TooDeep):
        find_places(text)


def test_the_deepest_text_is_read() -> None:
    """Nesting up to the limit is fine, and far more than a desired file needs."""
    text = ".".join(["a"] * DEEPEST) + " = " + "[" * DEEPEST + "]" * DEEPEST

    assert find_places(text).keys


keys = st.one_of(
    st.from_regex(r"[a-c_-]{1,2}", fullmatch=True),
    st.text("ab\"' .=#]\\\té", max_size=3),
)
scalars = st.one_of(
    st.integers(),
    st.booleans(),
    st.text("ab\"'\\ #]}[{=,\n\té", max_size=6),
    st.dates(),
    st.datetimes(),
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(keys, trees, max_size=4))
def test_the_walk_agrees_with_tomllib(content: dict[str, object]) -> None:
    """Whatever tomllib reads, each of its paths has a place, and no others do."""
    text = tomlkit.dumps(content).replace("\r\n", "\n")
    read = tomllib.loads(text)
    places = find_places(text)

    assert set(paths_of(read)) == places.keys.keys() | places.values.keys()


def paths_of(value: object, path: Path = ()) -> list[Path]:
    """Every path in *value*."""
    found = [path] if path else []
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = [(str(number), each) for number, each in enumerate(value)]
    for key, each in items:
        found += paths_of(each, (*path, key))
    return found
