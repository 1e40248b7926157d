"""docs/: what the pages say comes back does; links lead somewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_workflows import check as takes
from test_workflows import commands

from docs.page import DOCS, PAGES, anchors, fences, links, settle, typed
from docs.reader import Reader
from docs.scenes import SCENES

README = DOCS.parent / "README.md"
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_page_tells_what_happens(
    name: str, reader_of: Callable[[str], Reader]
) -> None:
    """From its top to its end, every command gives the output that is shown."""
    page, reader = DOCS / name, reader_of(name)
    told = []
    for block in fences(page.read_text(), "console", "diff"):
        if block.kind == "diff":
            reader.edits(block.text)
            continue
        told += [(entry, reader.types(entry.command)) for entry in typed(block)]

    settle(page, told)
    left = [command for command, coming in reader.events.items() if coming]
    assert [] == left, "told of in the scene, and not on the page"


@each_page
def test_every_command_is_one(page: Path) -> None:
    """Each `stalplan` line that is only to be typed has options that exist."""
    for block in fences(page.read_text(), "sh"):
        for words in commands(block.text):
            takes(words)


@each_page
def test_every_fence_is_of_a_known_kind(page: Path) -> None:
    """No block escapes the tests for want of a word behind its fence."""
    known = ("console", "diff", "python", "sh", "text", "toml")
    text = page.read_text()

    assert text.count("\n```") == 2 * len(fences(text, *known))


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link into the checkout names a file that is there, and a heading of it."""
    for link in links(page.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link
