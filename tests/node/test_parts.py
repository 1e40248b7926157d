"""The agent's text itself."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import stalplan
from stalplan.node import agent

FOLDER = Path(stalplan.__file__).parent / "node" / "sh"
PARTS = sorted(FOLDER.glob("*.sh"))


def test_shellcheck_finds_nothing() -> None:
    """shellcheck, which .ci/prepare installs, has no remark."""
    checked = subprocess.run(
        ["shellcheck", *map(str, PARTS)], check=False, capture_output=True, text=True
    )

    assert checked.stdout == ""
    assert checked.returncode == 0


def test_every_part_is_used() -> None:
    """No verb asks for a part that there is not, and none lies about."""
    used = {part for parts in agent.PARTS.values() for part in parts}

    assert {path.stem for path in PARTS} == used | {agent.CONTAINER_PART}


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_a_part_is_plain(path: Path) -> None:
    """ASCII, one purpose, short; no here-document, which bash spills into /tmp."""
    text = path.read_text("ascii")

    assert "<<" not in text
    assert len(text.splitlines()) < 400


@pytest.mark.parametrize("manager", ["systemd", "podman", "command"])
@pytest.mark.parametrize("verb", agent.PARTS)
def test_a_script_holds_what_it_calls(verb: str, manager: str) -> None:
    """Each function that a script names is in it, and the shell can read it all."""
    parts = {path.stem: path.read_text("ascii") for path in PARTS}

    script = agent.script(verb, parts, agent.Ask({"manager": manager}), last=verb)

    text = script.decode("ascii")
    defined = {*re.findall(r"(?m)^(\w+)\(\)", text)}
    words = {*re.findall(r"\w+", text)}
    assert words & {*named(verb, manager, parts)} == defined
    assert verb in defined
    assert subprocess.run(["dash", "-n"], input=script, check=False).returncode == 0


def named(verb: str, manager: str, parts: Mapping[str, str]) -> list[str]:
    """The functions of all parts that *verb* may use."""
    more = (agent.CONTAINER_PART,) if manager in agent.CONTAINERS else ()
    texts = [parts[part] for part in (*agent.PARTS[verb], *more)]
    return re.findall(r"(?m)^(\w+)\(\)", "".join(texts))


def test_a_script_leaves_out_what_nothing_calls() -> None:
    """What a node must not read, it does not get."""
    parts = {path.stem: path.read_text("ascii") for path in PARTS}

    script = agent.script("report", parts, agent.Ask(), last="report")

    assert b"\ncopy_of_target() {" not in script
    assert b"\nrunning_transaction() {" not in script
    assert b"\nreport() {" in script
