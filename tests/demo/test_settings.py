"""How the stand-in server writes its file, as the real one was seen to."""

from pathlib import Path

import pytest

from stalplan.demo.settings import BadRequest, Settings
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import ServerVersion
from stalplan.stalwart.rewrite import rewritten

VERSION = ServerVersion.parse("0.15.5")
LONG = "0123456789" * 5


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1", "1"),
        ("007", "007"),
        (".5", ".5"),
        ("-1e3", "-1e3"),
        ("inf", "inf"),
        ("NaN", "NaN"),
        ("true", "true"),
        ("false", "false"),
        ("True", '"True"'),
        ("", '""'),
        ("1,2", '"1,2"'),
        ("1 ", '"1 "'),
        (".", '"."'),
        ("mx1.example.org", '"mx1.example.org"'),
        ('say "a"', '"say \\"a\\""'),
        ("a\\b", '"a\\\\b"'),
        ("two\nlines", "'''two\nlines'''"),
        (LONG + '"', f"'''{LONG}\"'''"),
        (LONG + "x", f'"{LONG}x"'),
        ("%{env:ID}%", '"%{env:ID}%"'),
    ],
)
def test_quotes_stand_where_the_server_puts_them(text: str, written: str) -> None:
    """Numbers and booleans stand bare, long texts with escapes in three quotes."""
    assert f"k = {written}\n".encode() == rewritten({"k": text})


def test_lines_are_sorted_by_bytes() -> None:
    """The order is that of the keys' bytes: upper case, `_`, then lower case."""
    keys = dict.fromkeys(["b", "a.10", "a.2", "B", "a_1"], "1")

    lines = rewritten(keys).decode().split("\n")

    assert ["B = 1", "a.10 = 1", "a.2 = 1", "a_1 = 1", "b = 1", ""] == lines


@pytest.mark.parametrize("text", ["1,2", "x y", "%{env:A}%", "é", 'q"q', "a\\b"])
def test_what_was_written_is_read_again(text: str) -> None:
    """The server reads back what it wrote."""
    assert {"k": text} == dict(parse(rewritten({"k": text}), VERSION))


def test_a_backslash_at_the_end_makes_a_file_it_cannot_read() -> None:
    """The one trap: a text that ends in a backslash is written and then refused."""
    data = rewritten({"a": "x\\", "b": "text"})

    with pytest.raises(ConfigRefused):
        parse(data, VERSION)


def test_memory_keeps_what_the_disk_refused(tmp_path: Path) -> None:
    """When the file can't be written the change is in memory all the same."""
    settings = Settings(path=str(tmp_path), keys={"a": "1"})  # a folder: no file

    with pytest.raises(IsADirectoryError):
        settings.change([{"type": "delete", "keys": ["a"]}])

    assert {} == settings.keys


def test_a_deleted_file_is_made_again(tmp_path: Path) -> None:
    """A write opens the path anew, whatever lies there now."""
    path = tmp_path / "config.toml"
    settings = Settings(path=str(path), keys={"a.b": "1", "c": "2"})

    settings.change([{"type": "clear", "prefix": "a."}])

    assert b"c = 2\n" == path.read_bytes()


@pytest.mark.parametrize("body", [{}, [1], [{"type": "insert", "values": []}]])
def test_other_requests_are_bad(tmp_path: Path, body: object) -> None:
    """An object instead of a list, or an unknown operation, changes nothing."""
    settings = Settings(path=str(tmp_path / "none"), keys={"a": "1"})

    with pytest.raises(BadRequest):
        settings.change(body)

    assert {"a": "1"} == settings.keys
    assert not (tmp_path / "none").exists()


def test_secrets_stay_out_of_repr() -> None:
    """Settings may hold passwords, so their repr holds no value."""
    settings = Settings(path="p", keys={"store.r.password": "CANARY-password"})

    assert "CANARY" not in repr(settings)
