"""`stalplan inspect`: text, NDJSON, standard input, exit codes, and what is hidden."""

import io
import json
from pathlib import Path

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal

CONFIG = """\
server.hostname = "mx1.example.org"
[cluster]
node-id = 1
coordinator = "bus"
key = "CANARY-1"
[cluster.roles]
fts-indexing = ["2", "1,3"]
purge.stores = 2
[store.bus]
type = "redis"
urls = "redis://:CANARY-2@bus.example.net"
"""


def inspect(*argv: str, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one `stalplan inspect`."""
    out, err, inp = io.StringIO(), io.StringIO(), io.StringIO(stdin)
    terminal = Terminal(out=out, err=err, inp=inp, environ={})
    code = main(["inspect", *argv], App(terminal=terminal))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with one config file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mx1.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_text(folder: Path) -> None:
    """A table of settings with their lines, then what is wrong."""
    text = CONFIG.replace('key = "CANARY-1"', 'node_id = "1"').replace(
        "stores", "accounts"
    )
    (folder / "mx1.toml").write_text(f"{text}port = 007\n", encoding="utf-8")
    expected = """\
mx1.toml, as Stalwart 0.15 reads it

  setting             value                          line
  node id             1                              3
  hostname            mx1.example.org                1
  coordinator         bus (found)                    4
  acme.renew          on: every node                 -
  calendar-alerts     on: every node                 -
  fts-indexing        part 2 of 2: id 2 | id 1 and 3  7
  imip-processing     on: every node                 -
  merge-threads       on: every node                 -
  metrics.calculate   on: every node                 -
  metrics.push        on: every node                 -
  purge.accounts      off: id 2                      8
  purge.stores        on: every node                 -
  push-notifications  on: every node                 -
  spam-training       on: every node                 -
  cluster.node_id     not read                       5

  ! SP502 info: Not TOML, but the server reads it
    mx1.toml:12: The server reads this file, but TOML readers refuse it.

"""

    code, out, err = inspect("mx1.toml")

    assert (0, "") == (code, err)
    assert [line.split() for line in expected.split("\n")] == [
        line.split() for line in out.split("\n")
    ]


@pytest.mark.usefixtures("folder")
def test_json() -> None:
    """One object on one line, with the contract's fields and no secret."""
    code, out, err = inspect("--release", "0.15", "--format", "json", "mx1.toml")

    document = json.loads(out)
    assert (0, "", 1) == (code, err, out.count("\n"))
    assert ["SP307"] == [finding["code"] for finding in document.pop("findings")]
    roles = document.pop("roles")
    assert ({"shard": 1, "of": 2}, "off", "on") == (
        roles["fts-indexing"],
        roles["purge.stores"],
        roles["merge-threads"],
    )
    assert {
        "file": "mx1.toml",
        "release": "0.15",
        "error": None,
        "keys": {
            "cluster.coordinator": "bus",
            "cluster.node-id": "1",
            "cluster.roles.fts-indexing.0000": "2",
            "cluster.roles.fts-indexing.0001": "1,3",
            "cluster.roles.purge.stores": "2",
            "server.hostname": "mx1.example.org",
        },
        "node_id": 1,
        "node_id_error": False,
        "hostname": "mx1.example.org",
        "coordinator": "bus",
    } == document
    assert "CANARY" not in out


@pytest.mark.usefixtures("folder")
def test_show_values() -> None:
    """Only when asked does it show everything."""
    _, as_json, _ = inspect("--format=json", "--show-values", "mx1.toml")
    _, as_text, _ = inspect("--show-values", "mx1.toml")
    _, plain, _ = inspect("mx1.toml")

    assert (
        "redis://:CANARY-2@bus.example.net"
        == json.loads(as_json)["keys"]["store.bus.urls"]
    )
    assert "CANARY-1" in as_text
    assert "CANARY" not in plain


def test_refusals(folder: Path) -> None:
    """A refused file has an error and nothing else; the others are still read."""
    (folder / "bad.toml").write_bytes(b"[cluster]\nnode-id = 1_0\n")
    (folder / "latin.toml").write_bytes(b"a = 1\n# caf\xe9\n")

    code, out, _ = inspect(
        "--format", "json", "bad.toml", "latin.toml", "none", "mx1.toml"
    )

    bad, latin, none, good = (json.loads(line) for line in out.splitlines())
    assert 1 == code
    what = "a value is followed by text that belongs to nothing"
    message = f"the server would not start: {what}"
    assert {
        "file": "bad.toml",
        "release": "0.15",
        "error": {"line": 2, "message": message},
        "keys": {},
        "node_id": None,
        "node_id_error": None,
        "hostname": None,
        "coordinator": None,
        "roles": {},
        "findings": [],
    } == bad
    assert 2 == latin["error"]["line"]
    assert {"line": None, "message": "No such file or directory"} == none["error"]
    assert None is good["error"]
    assert (1, f"bad.toml:2: {message}\n\n", "") == inspect("bad.toml")


def test_standard_input_and_the_older_reader() -> None:
    """`-` is standard input; a patch release may read less than its line."""
    text = "a@b = 1\n"

    assert 1 == inspect("--release", "0.13.0", "-", stdin=text)[0]
    code, out, _ = inspect("--release", "0.13", "--format", "json", "-", stdin=text)
    assert (0, "-", "0.13") == (
        code,
        json.loads(out)["file"],
        json.loads(out)["release"],
    )


@pytest.mark.parametrize(
    "argv", [["--release", "0.16", "mx1.toml"], [], ["--release", "x", "-"]]
)
def test_wrong_usage(argv: list[str], folder: Path) -> None:
    """Another release, or no file at all, is wrong usage."""
    code, _, err = inspect(*argv)

    assert folder.exists()
    assert 64 == code
    assert "Error: Wrong usage" in err


def test_a_macro_as_node_id(folder: Path) -> None:
    """It is not expanded: id 1 with an error, and a finding that says why."""
    (folder / "m.toml").write_text(CONFIG.replace("= 1\n", "= '%{env:ID}%'\n"), "utf-8")

    document = json.loads(inspect("--format", "json", "m.toml")[1])

    assert (1, True) == (document["node_id"], document["node_id_error"])
    assert "SP104" in [finding["code"] for finding in document["findings"]]
    assert "SP102" not in [finding["code"] for finding in document["findings"]]


def test_a_large_file_is_read_and_told(folder: Path) -> None:
    """The server reads more than 1 MiB; stalplan does not take it from a node."""
    (folder / "large.toml").write_text(CONFIG + "# x\n" * (1 << 18), encoding="utf-8")

    document = json.loads(inspect("--format", "json", "large.toml")[1])

    assert 1 == document["node_id"]
    assert "SP507" == document["findings"][0]["code"]


def test_many_files_in_one_call(folder: Path) -> None:
    """1,500 files are told in the order given."""
    for number in range(1500):
        (folder / f"{number}.toml").write_text(
            CONFIG.replace("= 1\n", f"= {number}\n"), "utf-8"
        )

    code, out, _ = inspect("--format", "json", *(f"{n}.toml" for n in range(1500)))

    assert 0 == code
    assert [*range(1500)] == [json.loads(line)["node_id"] for line in out.splitlines()]
