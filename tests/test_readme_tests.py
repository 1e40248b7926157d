"""The README's table of mishaps names tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
TABLE = README.partition("## What happens when…\n")[2].partition("\n## ")[0]
SHOWN = re.findall(r"\[([^\]]+)\]\((tests/[^)]+)\)", TABLE)


def test_every_line_is_shown_by_a_test() -> None:
    """No promise stands there by itself."""
    rows = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]

    assert 14 <= len(rows)
    assert [] == [row for row in rows if "(tests/" not in row.rpartition(" | ")[2]]


@pytest.mark.parametrize(("words", "path"), SHOWN)
def test_the_test_is_there(words: str, path: str) -> None:
    """Each link leads to a file, and its words are a test in it, or the file's name."""
    text = (ROOT / path).read_text("utf-8")
    name = words.replace(" ", "_")

    assert Path(path).name == words or f"def test_{name}(" in text
