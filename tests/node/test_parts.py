"""The agent's text itself."""

import subprocess
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
