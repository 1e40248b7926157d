"""`stalplan add-node`, `remove-node` and `move-role`: edits of the one file."""

import io
import json
import tomllib
from pathlib import Path

import pytest

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal

FILE = """\
format = 1

[cluster]
name = "mail"
release = "0.15"

[nodes.mx1]
id = 1
labels = ["front"]

[nodes.mx2]
id = 2
labels = ["back"]
ssh.port = 2222

[roles]
"purge.stores" = ["mx1", "mx2"] # both
"spam-training" = ["mx2"]
"push-notifications" = [["mx1"], ["mx2"]]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desired file in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "stalplan.toml"
    path.write_text(FILE, "utf-8")
    path.chmod(0o640)
    return path


def stalplan(*argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line."""
    out, err, inp = io.StringIO(), io.StringIO(), io.StringIO()
    terminal = Terminal(out=out, err=err, inp=inp, environ={})
    code = main(list(argv), App(terminal=terminal, environ={}))
    return code, out.getvalue(), err.getvalue()


def test_a_node_like_another(file: Path) -> None:
    """A new node gets the lowest free id and its model's labels and settings."""
    code, out, err = stalplan("add-node", "mx3", "--address", "::1", "--like", "mx2")
    block = '[nodes.mx3]\nid = 3\naddress = "::1"\nlabels = ["back"]\nssh.port = 2222\n'
    assert (0, FILE.replace("\n[roles]", f"\n{block}\n[roles]")) == (
        code,
        file.read_text("utf-8"),
    )
    assert "".join(f"+ {line}\n" for line in block.splitlines()) in out
    assert err.endswith("stalplan plan\n")


def test_the_file_keeps_its_mode(file: Path) -> None:
    """Whoever could read the file still can, and nobody else."""
    stalplan("add-node", "mx3", "--address", "192.0.2.13")
    assert 0o640 == file.stat().st_mode & 0o777


def test_a_link_stays_a_link(file: Path) -> None:
    """The file that a link leads to is edited, and the link stays."""
    link = file.with_name("link.toml")
    link.symlink_to(file)
    stalplan("move-role", "-f", "link.toml", "spam-training", "--to", "mx1")
    assert link.is_symlink()
    assert '"spam-training" = ["mx1"]\n' in file.read_text("utf-8")


def test_an_id_that_was_someone_s_is_not_free(file: Path) -> None:
    """A node that has left may still run with its id, so a new one gets another."""
    node: dict[str, object] = {
        "node_id": 3,
        "hostname": None,
        "digest": "sha256:" + "0" * 64,
        "values": {},
        "started_values": None,
        "started_at": None,
        "plan": None,
        "applied_at": None,
    }
    state = {
        "format_version": 1,
        "cluster": "mail",
        "lineage": "x",
        "serial": 1,
        "nodes": {"mx9": node},
    }
    (file.parent / "state").mkdir()
    (file.parent / "state/mail.json").write_text(json.dumps(state), "utf-8")
    stalplan("add-node", "mx3", "--address", "192.0.2.13")
    content = tomllib.loads(file.read_text("utf-8"))
    assert 4 == content["nodes"]["mx3"]["id"]


def test_a_damaged_state_is_done_without(file: Path) -> None:
    """It is named, and the node gets the lowest id that no node has."""
    (file.parent / "state").mkdir()
    (file.parent / "state/mail.json").write_text("{", "utf-8")
    code, _, err = stalplan("add-node", "mx3", "--address", "192.0.2.13")
    assert 0 == code
    assert "Warning: " in err
    assert 3 == tomllib.loads(file.read_text("utf-8"))["nodes"]["mx3"]["id"]


def test_a_node_leaves_the_roles_of_others(file: Path) -> None:
    """Removing a node takes its name out of the roles that others hold too."""
    stalplan("move-role", "spam-training", "--to", "mx1")
    code, _, _ = stalplan("remove-node", "mx2")
    content = tomllib.loads(file.read_text("utf-8"))
    assert 0 == code
    assert {"mx1"} == set(content["nodes"])
    assert {
        "purge.stores": ["mx1"],
        "spam-training": ["mx1"],
        "push-notifications": [["mx1"]],
    } == content["roles"]
    assert "# both\n" in file.read_text("utf-8")


def test_a_role_without_a_holder_is_for_a_person(file: Path) -> None:
    """A node that alone holds a role is not removed; the hint is a command."""
    code, out, err = stalplan("remove-node", "mx2")
    assert (3, "") == (code, out)
    assert "nobody else holds spam-training" in err
    assert "Hint: stalplan move-role spam-training --to NODE\n" in err
    assert FILE == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["spam-training", "--to", "mx1"], ["mx1"]),
        (["spam-training", "--to", "mx1", "mx2"], ["mx1", "mx2"]),
        (["spam-training", "--to", "mx1", "--to", "mx2"], ["mx1", "mx2"]),
        (["spam-training", "--to", "all"], "all"),
        (["spam-training", "--to", "none"], "none"),
        (["push-notifications", "--to", "mx2", "mx1"], [["mx2"], ["mx1"]]),
        (
            ["push-notifications", "--to", "mx2", "mx1", "--shards", "one"],
            ["mx2", "mx1"],
        ),
        (["fts-indexing", "--to", "mx1"], ["mx1"]),
    ],
)
def test_a_role_moves(file: Path, argv: list[str], expected: object) -> None:
    """A role goes to the named nodes; shards stay a shard each unless told."""
    assert 0 == stalplan("move-role", *argv)[0]
    assert expected == tomllib.loads(file.read_text("utf-8"))["roles"][argv[0]]


def test_what_is_so_already(file: Path) -> None:
    """Nothing is written where the file says so already."""
    before = file.stat().st_mtime_ns
    expected = (0, "stalplan.toml says so already.\n", "")
    assert expected == stalplan("move-role", "spam-training", "--to", "mx2")
    assert before == file.stat().st_mtime_ns


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["add-node", "mx1", "--address", "a"], "there is a node mx1 already"),
        (["add-node", "Mx", "--address", "a"], "is no node name"),
        (["add-node", "mx3", "--address", "a", "--like", "mx9"], "is named mx9"),
        (["add-node", "mx3", "--address", "a", "--id", "2"], "has id 2 already"),
        (["remove-node", "mx9"], "no node is named mx9; there are mx1, mx2."),
        (["move-role", "purge.storss", "--to", "mx1"], 'did you mean "purge.stores"'),
        (["move-role", "spam-training", "--to", "mx9"], 'no node is named "mx9"'),
    ],
)
def test_an_edit_that_would_be_wrong(file: Path, argv: list[str], what: str) -> None:
    """A file that would be wrong is not written; the exit code is 3."""
    code, out, err = stalplan(*argv)
    assert (3, "", FILE) == (code, out, file.read_text("utf-8"))
    assert what in err


def test_no_file_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a desired file there is nothing to edit."""
    monkeypatch.chdir(tmp_path)
    code, _, err = stalplan("remove-node", "mx1")
    assert (3, True) == (code, "stalplan.toml: no such file." in err)
