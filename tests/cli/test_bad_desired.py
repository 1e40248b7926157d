"""Every bad desired file stops a plan and an apply before any network: exit 3."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal
from stalplan.model.inventory import Node
from stalplan.model.live import Seen
from stalplan.ports import Session

SOUND = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
[nodes.mx1]
id = 1
[nodes.mx2]
id = 2
[roles]
"purge.stores" = ["mx1"]
"""


def swapped(old: str, new: str) -> bytes:
    """The sound file with one thing wrong."""
    assert old in SOUND
    return SOUND.replace(old, new, 1).encode()


# What is wrong, and the words that must be in the block.
BAD: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "not TOML": (b"format = 1\n[cluster\n", ("stalplan.toml:2:",)),
    "not UTF-8": (b'format = 1\nname = "\xff"\n', ("stalplan.toml", "UTF-8")),
    "an unknown key": (
        swapped("id = 2", "id = 2\nhostnme = 'x'"),
        ("stalplan.toml:9:1", "nodes.mx2.hostnme", "did you mean", "hostname"),
    ),
    "a wrong type": (swapped("id = 2", 'id = "2"'), ("stalplan.toml:8:", "id")),
    "an id out of range": (swapped("id = 2", "id = 512"), ("512", "511")),
    "a duplicate id": (swapped("id = 2", "id = 1"), ("mx1", "mx2", "id")),
    "a role of an unknown node": (
        swapped('["mx1"]', '["mx9"]'),
        ("purge.stores", "mx9", "stalplan.toml:10:"),
    ),
    "a role that does not exist": (swapped("purge.stores", "purge.store"), ("purge",)),
    "an empty role": (swapped('["mx1"]', "[]"), ('"all"', '"none"')),
    "shards before 0.14": (
        swapped("0.15", "0.13").replace(b'["mx1"]', b'[["mx1"], ["mx2"]]'),
        ("purge.stores", "0.14"),
    ),
    "release 0.16": (swapped("0.15", "0.16"), ("0.16", "database")),
    "an unknown release": (swapped("0.15", "0.10"), ("0.10", "0.11")),
    "no nodes": (SOUND[: SOUND.index("[nodes")].encode(), ("nodes",)),
    "empty": (b"", ("stalplan.toml", "format")),
    "10 MiB": (b"#" * (10 << 20), ("stalplan.toml", "1 MiB")),
    "a format to come": (
        swapped("format = 1", "format = 2"),
        ("stalplan.toml:1:10", "format must be 1"),
    ),
    "a store": (
        SOUND.encode() + b'[store.redis]\ntype = "redis"\n',
        ("stalplan.toml:11:", "store.redis needs urls"),
    ),
    "the settings API": (
        SOUND.encode() + b'[api]\nuser = "admin"\n',
        ("stalplan.toml:11:", "api needs url", "api needs password"),
    ),
}


class NoNetwork:
    """A transport that must not be used."""

    def read(self, nodes: Sequence[Node]) -> Iterator[Seen]:
        """Nobody may ask."""
        raise AssertionError(nodes)

    def session(self, node: Node) -> Session:
        """Nobody may ask."""
        raise AssertionError(node)

    def close(self) -> None:
        """Nothing is open."""


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line here, without nodes: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        terminal = Terminal(out=out, err=err, inp=io.StringIO(), environ={})
        app = App(terminal=terminal, environ={}, transport=lambda _: NoNetwork())
        return main(argv, app), out.getvalue(), err.getvalue()

    return run


@pytest.mark.parametrize("command", ["plan", "apply", "recover"])
@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD.keys())
def test_one_block_with_a_hint(
    run: Run, tmp_path: Path, command: str, data: bytes, words: tuple[str, ...]
) -> None:
    """Summary, detail and hint on stderr, nothing on stdout, nothing written."""
    (tmp_path / "stalplan.toml").write_bytes(data)

    code, out, err = run(command)

    assert (3, "") == (code, out), err
    assert err.startswith("Error: The desired file is wrong\n\n")
    assert 1 == err.count("Error:")
    assert 1 == err.count("\nHint: "), err
    for word in words:
        assert word in err
    assert ["stalplan.toml"] == [path.name for path in tmp_path.iterdir()]


def test_all_mistakes_at_once(run: Run, tmp_path: Path) -> None:
    """Three mistakes are told in one go, each with its place, in the file's order."""
    text = SOUND.replace("id = 1", "id = 1\nidd = 3").replace("id = 2", 'id = "2"')
    (tmp_path / "stalplan.toml").write_text(text.replace('["mx1"]', '["mx7"]'))

    _, _, err = run("plan")

    places = [err.index(f"stalplan.toml:{line}:") for line in (7, 9, 11)]
    assert sorted(places) == places


def test_a_directory(run: Run, tmp_path: Path) -> None:
    """A directory in the file's place is named, with a better command."""
    (tmp_path / "stalplan.toml").mkdir()

    code, out, err = run("plan")

    assert (3, "") == (code, out)
    assert "stalplan.toml is a directory" in err
    assert "Hint: " in err


def test_no_file(run: Run) -> None:
    """A file that is not there is named, with what can be done."""
    code, out, err = run("plan", "-f", "mail.toml")

    assert (3, "") == (code, out)
    assert "mail.toml: no such file" in err
    assert "Hint: " in err


@pytest.mark.parametrize("command", ["plan", "apply", "recover", "validate"])
@pytest.mark.parametrize("name", ["a duplicate id", "release 0.16", "not TOML"])
def test_the_error_as_json(run: Run, tmp_path: Path, command: str, name: str) -> None:
    """With --format json the same is one document on stdout."""
    (tmp_path / "stalplan.toml").write_bytes(BAD[name][0])

    code, out, _ = run(command, "--format", "json")

    document = json.loads(out)
    assert 3 == code == document["error"]["exit_code"]
    assert {"summary", "detail", "hint", "exit_code"} == document["error"].keys()
    assert {"format_version", "error", "findings"} == document.keys()
    for word in BAD[name][1]:
        assert word in document["error"]["detail"] + document["error"]["hint"]
