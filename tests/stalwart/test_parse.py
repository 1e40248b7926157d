import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalplan.stalwart import grammar
from stalplan.stalwart.letters import alphanumerics
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse, parse_text
from stalplan.stalwart.releases import ServerVersion

NEW = ServerVersion.parse("0.15")
MANY = 1 << 20
QUICK = ("SIMPLE", "SIMPLE_HEADER", "SIMPLE_ARRAY_HEADER", "ELEMENT", "PAIR", "STEP")

pieces = st.sampled_from(
    [
        *'ab.x=[]{}",\\# \t\r\n01-+té½\u0301\ufeff',
        *("'", '"""', " = ", "\n[", "# c\n", "x = ", "{a = ", '"a"', "\r\n"),
        *("[1, 2]", '\\"', "\\\\", "[[a]]\n", "a = 1\n"),
    ]
)
odd_texts = st.lists(pieces, max_size=30).map("".join)


def read(text: str) -> dict[str, str] | tuple[int, str]:
    try:
        return dict(parse_text(text, NEW))
    except ConfigRefused as refused:
        return refused.line, refused.message


def read_bytes(data: bytes) -> FlatConfig | ConfigRefused:
    try:
        return parse(data, NEW)
    except ConfigRefused as refused:
        return refused


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"a = 1\nb", 2, "ends too early"),
        (b"a = 1", 1, "ends too early: its last line has no line end"),
        (b"a = [1", 1, "ends too early"),
        (b"\xef\xbb\xbfa = 1\n", 1, "byte order mark"),
        (b"a = 1\n\n'b' = 1\n", 3, "single-quoted"),
        (b"a = 1\na = 2\n", 2, "'a' is given twice"),
        (b"a = 1_000\n", 1, "belongs to nothing"),
        (b"a = %{env:X}%\n", 1, "needs quotes"),
        (b"a =\n", 1, "missing"),
        (b"a = [[[[[[[[[[1]]]]]]]]]]\n", 1, "nine deep"),
        (b"a\n", 1, "no equals sign"),
        (b"[a\n", 1, "not closed"),
        (b"[[]]\n", 1, "no table"),
        (b"[a b*]\n", 1, "header"),
        (b"a = {}\n", 1, "no name"),
        (b'"a\n', 1, "quoted key"),
        (b"\x00 = 1\n", 1, "begins no key"),
    ],
)
def test_a_refusal_says_where_and_what(data: bytes, line: int, says: str) -> None:
    """The message tells that the server would not start, with the line and why."""
    with pytest.raises(ConfigRefused) as caught:
        parse(data, NEW)

    assert line == caught.value.line
    assert caught.value.message.startswith("the server would not start: ")
    assert says in caught.value.message
    assert caught.value.kind == "syntax"


def test_other_bytes_than_utf8_are_a_refusal_of_their_own() -> None:
    """The server does not parse such a file: it counts as unreadable."""
    with pytest.raises(ConfigRefused) as caught:
        parse(b"a = 1\n# caf\xe9\n", NEW)

    assert (2, "not-utf8") == (caught.value.line, caught.value.kind)


def test_no_refusal_shows_a_value() -> None:
    """Errors may reach logs, so they quote no text of the file but keys."""
    with pytest.raises(ConfigRefused) as caught:
        parse(b'secret = "CANARY-7" CANARY-8\n', NEW)

    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_map_shows_no_value() -> None:
    """A map that lands in a log says how many keys it has."""
    config = parse(b'secret = "CANARY-9"\n', NEW)

    assert "FlatConfig(1 keys)" == repr(config)
    assert "CANARY" not in repr(config.entry("secret"))
    assert "CANARY" not in repr(config.outline)


def test_entries_know_their_lines() -> None:
    """Each element of a list has lines of its own."""
    config = parse(b'a = [\n  1, # one\n  """x\ny""",\n]\nb = {\n c = 2 }\n', NEW)

    lines = {key: config.entry(key) for key in config}

    assert {
        "a.0000": (2, 2),
        "a.0001": (3, 4),
        "b.c": (7, 7),
    } == {key: (entry.first_line, entry.last_line) for key, entry in lines.items()}


def test_keys_come_in_the_order_of_their_bytes() -> None:
    """Upper case before lower case, ASCII before the rest, 10 before 2."""
    config = parse(
        'b = 1\n"é" = 1\nk.2 = 1\nk.10 = 1\n"\U0001f600" = 1\nB = 1\n'.encode(), NEW
    )

    assert ["B", "b", "k.10", "k.2", "é", "\U0001f600"] == list(config)


def test_what_is_under_a_key() -> None:
    """The key itself and all below it, but no key that only begins like it."""
    config = parse(b"k = 1\nk-x = 1\nk.b = 1\nk.a.c = 1\nkk = 1\nk.0000 = 1\n", NEW)

    assert ["k", "k.0000", "k.a.c", "k.b"] == config.keys_under("k")
    assert [] == config.keys_under("k.a.c.d")
    assert ["k.a.c"] == [entry.key for entry in config.under("k.a")]


def test_the_letters_are_whole() -> None:
    """The odd ones of the server's set are in, those of Python's are not."""
    letter = re.compile(f"[{alphanumerics()}]")

    assert all(letter.match(sign) for sign in "aZ9é½²ⒶⅫ٣邮ªा")
    assert not any(
        letter.match(sign) for sign in "_-.\u0301\u0e49😀\u2013\u200b\ufeff\x00"
    )


@given(odd_texts)
def test_any_text_is_a_map_or_a_refusal(text: str) -> None:
    """No text raises anything else."""
    read(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_map_or_a_refusal(data: bytes) -> None:
    """No bytes raise anything else."""
    assert isinstance(read_bytes(data), FlatConfig | ConfigRefused)


@given(odd_texts)
def test_the_quick_patterns_read_what_the_slow_steps_read(text: str) -> None:
    """The patterns for whole statements are an abbreviation and nothing more."""
    quick = read(text)

    with pytest.MonkeyPatch.context() as patch:
        never = re.compile(r"(?!)")
        for name in QUICK:
            patch.setattr(grammar, name, never)
        for name in ("ELEMENTS", "PAIRS"):
            patch.setattr(grammar, name, grammar.Run(never, never))
        patch.setattr(grammar, "any_elements", lambda: grammar.ELEMENTS)
        slow = read(text)

    assert slow == quick


def test_a_member_between_holes() -> None:
    """A text on which patterns with groups in possessive repeats fail in Python."""
    config = parse(b"x={1,b=,9,c=2}\n", NEW)

    assert {"x.1": "", "x.9": "", "x.c": "2"} == dict(config)


@pytest.mark.parametrize(
    "data",
    [
        b"".join(b"k%d = %d\n" % (i, i) for i in range(100_000)),
        b'x = "' + b"a" * MANY + b'"\n',
        b'x = "' + b"\\" * MANY + b'"\n',
        b'x = "' + b'a\\"' * (MANY // 3),
        b'x = """' + (b'"' + b"\r" * 1000) * (MANY // 1000) + b"\n",
        b"x = [" + b"," * MANY + b"]\n",
        b"x = [" + b"1," * (MANY // 4) + b"]\n",
        b"x = {" + b",".join(b"k%d" % i for i in range(100_000)) + b"}\n",
        b"x = " + b"[" * MANY,
        b"[" + b"a " * (MANY // 2) + b"]\n",
        b"[[a]]\n" * (MANY // 8),
        b'"a"b' * (MANY // 4) + b" = 1\n",
        b"k " * (MANY // 2) + b"= 1\n",
        b" " * MANY,
        b"\r" * MANY,
        b"# \n" * (MANY // 3),
        b"x = [" + b"[1]," * (MANY // 4) + b"]\n",
        b"x = [" + b"[[[[[[[[1]]]]]]]]," * (MANY // 18) + b"]\n",
        b"x.90000 = 1\nx = [" + b"1," * 100_000 + b"]\n",
        b"x = {" + b",".join(b"k%d=1" % (i % 90_000) for i in range(99_000)) + b"}\n",
        b"%s = [" % (b"x" * 200) + b"1," * (MANY // 4) + b"]\n",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_a_large_file_is_read_in_linear_time(data: bytes) -> None:
    """Whatever 1 MiB holds, it takes seconds at most, on a slow machine too."""
    began = time.process_time()

    assert read_bytes(data) is not None
    assert time.process_time() - began < 10


def test_a_name_that_repeats_too_often_is_not_paid_for() -> None:
    """A file of 1 MiB can't fill gigabytes with its flat keys."""
    keys = b"".join(b"x%d=1\n" % i for i in range(50_000))

    with pytest.raises(ConfigRefused, match="might not start"):
        parse(b"[" + b"a" * 100_000 + b"]\n" + keys, NEW)
