"""What is no TOML, and bytes that are no text."""

import pytest
from desired_files import FILE, sound, wrong

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired import read_desired

VALUE = "expected a value: text in quotes, a number, true, false, a [list] or a {table}"
IN_LINE = "expected , or } in the table, which stands on one line"
TWICE = "stands twice; it is set in line"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("format = 1\nname = mail\n", f"2:8: {VALUE}."),
        ("a = 1\r\nb = \r\n", f"2:5: {VALUE}."),
        ("format\n", "1:7: expected = after the key."),
        ("a\r= 1", "1:2: expected = after the key."),
        ("format = 1 x\n", "1:12: expected the end of the line."),
        ("a = [1, 2\nb = 3\n", "2:1: expected , or ] in the list."),
        ("a = [1", "1:7: expected , or ] in the list."),
        ("a = {b = 1\n}\n", f"1:11: {IN_LINE}."),
        ('a = "b\n', "1:7: expected the text's closing quotes."),
        ('a = """b', "1:9: expected the text's closing quotes."),
        ("[a\n", "1:3: expected ']' at the end of a table declaration."),
        ("= 1\n", '1:1: expected a key, such as name = "mail", or a [table].'),
        ("[a]\n[b]\n[a]\n", f"3:2: a {TWICE} 1 already."),
        ("[a]\nx.y = 1\nx.y = 2\n", f"3:1: a.x.y {TWICE} 2 already."),
        ("a = {x = 1, x = 2}\n", f"1:13: a.x {TWICE} 1 already."),
        ("a = 1\n[a.b]\n", "2:5: cannot overwrite a value."),
        ("a = " + "[" * 60, "1:53: nested too deep."),
        ("a = 1\nb = " + "1" * 5000, "2:5: a number has too many digits."),
    ],
)
def test_a_syntax_error_has_its_place(text: str, detail: str) -> None:
    """A syntax error is told with line, column, and what was expected there."""
    error = wrong(text)

    assert f"{FILE}:{detail}" == error.detail
    assert f"stalplan validate -f {FILE}" == error.hint


@pytest.mark.parametrize(
    ("data", "detail", "hint"),
    [
        (b"", f"{FILE} is empty.", "Begin with format = 1"),
        (b" \n\r\n", f"{FILE} is empty.", "Begin with format = 1"),
        (
            b"\xef\xbb\xbfformat = 1\n",
            f"{FILE}:1:1: the file begins with a byte order mark, which TOML forbids.",
            r"sed -i '1s/^\xEF\xBB\xBF//' stalplan.toml",
        ),
        (
            b"format = 1\n# caf\xe9\n",
            f"{FILE}:2:6: byte 0xe9 is not UTF-8.",
            "iconv -f latin1 -t utf-8 stalplan.toml",
        ),
        (
            b"a = 1\nb\x00 = 2\n",
            f"{FILE}:2:2: a NUL byte stands here.",
            "stalplan validate",
        ),
        (
            b"#" * (1 << 20) + b"\n",
            f"{FILE} is over 1 MiB (1,048,576 bytes): no desired file is that large.",
            "ls -l stalplan.toml",
        ),
    ],
)
def test_bytes_that_are_no_text(data: bytes, detail: str, hint: str) -> None:
    """Bytes that can't be read as text are told apart, each with what to do."""
    error = wrong(data)

    assert detail == error.detail
    assert error.hint.startswith(hint)
    assert "The desired file is wrong" == error.summary
    assert 3 == error.exit_code


def test_a_file_of_one_mebibyte_is_read() -> None:
    """The limit is 1,048,576 bytes, that many included."""
    text = sound() + "#"
    text += "x" * ((1 << 20) - len(text))

    assert 1 << 20 == len(text)
    assert "format must be" in wrong(text.replace("format = 1", "format = 2")).detail


def test_hints_survive_a_shell() -> None:
    """A file name with blanks is quoted where a command is to be copied."""
    with pytest.raises(DesiredFileWrong) as caught:
        read_desired(b"format = 2", file="my file.toml")

    assert "stalplan validate -f 'my file.toml'" == caught.value.hint
