"""`stalplan validate`: text, JSON, exit codes, and every bad file there is."""

import io
import json
from pathlib import Path

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal

SOUND = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
[nodes.mx1]
id = 1
hostname = "MX1.example.org"
[roles]
"purge.stores" = ["mx1"]
"""
WRONG = SOUND.replace("id = 1", "id = 513\nidd = 2")


def validate(*argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one `stalplan validate`."""
    out, err, inp = io.StringIO(), io.StringIO(), io.StringIO()
    terminal = Terminal(out=out, err=err, inp=inp, environ={})
    code = main(["validate", *argv], App(terminal=terminal))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sound_file(folder: Path) -> None:
    """A sound file is called valid, its warnings below; warnings don't fail."""
    (folder / "stalplan.toml").write_text(SOUND, "utf-8")
    expected = """\
stalplan.toml is valid: 1 node, release 0.15, 1 managed role.

  ! SP404 warning: Hostname is not a lower-case qualified name
    stalplan.toml:7: "MX1.example.org" is not a lower-case name with a domain, such \
as "mx1.example.org".
"""

    assert (0, expected, "") == validate()


def test_a_sound_file_as_json(folder: Path) -> None:
    """With --format json stdout is one document that says what was read."""
    (folder / "mail.toml").write_text(SOUND, "utf-8")
    code, out, err = validate("-f", "mail.toml", "--format", "json")
    document = json.loads(out)

    assert (0, "") == (code, err)
    assert ("mail", "0.15", ["mx1"], ["purge.stores"]) == (
        document["cluster"],
        document["release"],
        document["nodes"],
        document["roles"],
    )
    assert "mail.toml" == document["desired"]["path"]
    assert document["desired"]["digest"].startswith("sha256:")
    assert [("SP404", "mail.toml", 7)] == [
        (each["code"], each["file"], each["line"]) for each in document["findings"]
    ]


def test_a_wrong_file(folder: Path) -> None:
    """A wrong file is the error block with every mistake, and exit 3."""
    (folder / "stalplan.toml").write_text(WRONG, "utf-8")
    expected = """\
Error: The desired file is wrong

stalplan.toml:6:6: nodes.mx1.id must be from 0 to 511, not 513
stalplan.toml:7:1: unknown key nodes.mx1.idd; did you mean "id"?

Hint: stalplan validate -f stalplan.toml
"""

    assert (3, "", expected) == validate()


@pytest.mark.parametrize("argv", [("--format=json",), ("--format", "json"), ()])
def test_a_wrong_file_as_json(
    folder: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    """With JSON asked for in any way, the error is a document, with coded findings."""
    (folder / "stalplan.toml").write_text(WRONG, "utf-8")
    if not argv:
        monkeypatch.setenv("STALPLAN_VALIDATE_FORMAT", "json")
    code, out, err = validate(*argv)
    document = json.loads(out)

    assert 3 == code
    assert err.startswith("Error: The desired file is wrong\n")
    assert "The desired file is wrong" == document["error"]["summary"]
    assert 3 == document["error"]["exit_code"]
    assert [("SP103", True, "mx1", 6)] == [
        (each["code"], each["blocks"], each["node"], each["line"])
        for each in document["findings"]
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "stalplan.toml: no such file."),
        (b"", "stalplan.toml is empty."),
        (b"#" * 10_485_760, "stalplan.toml is over 1 MiB (1,048,576 bytes)"),
        (b"format = \xff", "stalplan.toml:1:10: byte 0xff is not UTF-8."),
        (b"\xef\xbb\xbfformat = 1", "stalplan.toml:1:1: the file begins with"),
        (b"[cluster", "stalplan.toml:1:9: expected ']'"),
    ],
)
def test_bad_files(folder: Path, data: bytes | None, says: str) -> None:
    """Whatever the file is, it is one error block with a hint, exit 3."""
    if data is not None:
        (folder / "stalplan.toml").write_bytes(data)
    code, out, err = validate()

    assert (3, "") == (code, out)
    assert err.startswith(f"Error: The desired file is wrong\n\n{says}")
    assert "\n\nHint: " in err


def test_a_directory(folder: Path) -> None:
    """A directory is told as such, with the file that may be meant."""
    (folder / "stalplan.toml").mkdir()
    code, out, err = validate()

    assert (3, "") == (code, out)
    assert "stalplan.toml is a directory" in err
