"""A plan's comment as a reader sees it: GitHub's own reader, and a real browser."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser, one_browser
from clusters import plan_of_size
from golden import CASES, planned_from
from hostile import EVIL, poisoned
from page_of import github_html, squeezed

from stalplan.planning.plan import Plan
from stalplan.planning.shown import visible
from stalplan.render import RENDERERS
from stalplan.render.headlines import rows

WIDTH = 862  # pixels of a comment on a wide screen
STYLE = """\
body { margin: 16px; font: 14px/1.5 "DejaVu Sans", sans-serif; word-wrap: break-word }
table { display: block; width: max-content; max-width: 100%; overflow: auto;
        border-collapse: collapse }
th, td { border: 1px solid; padding: 6px 13px }
code { font-size: 85%; white-space: break-spaces }
pre { overflow: auto } pre code { white-space: pre }
"""
"""What matters of github-markdown.css."""


def plans() -> Iterator[tuple[str, Plan]]:
    """Blocked ones and previews, small and large ones, and one up to no good."""
    by_name = {case.name: case for case in CASES}
    for name in ("three-faults", "many-findings", "snapshot", "rotation"):
        yield name, planned_from(by_name[name]).plan
    for size in (1, 50):
        yield f"{size} nodes", plan_of_size(size)
    worst = planned_from(by_name["many-findings"]).plan
    yield "hostile", replace(poisoned(worst, " ".join(EVIL)), cluster="mail")


PLANS = dict(plans())
__all__ = ["one_browser"]  # pytest finds the fixture here


@pytest.fixture(params=list(PLANS))
def plan(request: pytest.FixtureRequest) -> Plan:
    """One of them."""
    found: Plan = PLANS[request.param]
    return found


def written(plan: Plan, folder: Path) -> Path:
    """A page with the comment; nothing would keep a script in it from running."""
    body = github_html(RENDERERS["markdown"](plan))
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title>'
    head += '<meta name="viewport" content="width=device-width">'
    page = folder / "comment.html"
    page.write_text(f"{head}<style>{STYLE}</style>{body}", "utf-8")
    return page


def tops(browser: Browser, selector: str) -> dict[str, float]:
    """Where the elements begin, in pixels from the top, by their texts."""
    told: dict[str, float] = browser.asks(
        f"Object.fromEntries([...document.querySelectorAll('{selector}')]"
        ".map(e => [e.innerText, e.getBoundingClientRect().top]))"
    )
    return told


def test_a_comment_reads_from_its_top(
    browser: Browser, plan: Plan, tmp_path: Path
) -> None:
    """The sentence, danger, changes, steps, findings, files; the folds are shut."""
    browser.show(written(plan, tmp_path), width=WIDTH)

    headings = tops(browser, "h3")
    order = ["Danger", "Changes", "Steps", "Findings", "Files"]
    there = [name for name in order if name in headings]
    assert there == sorted(there, key=headings.__getitem__)
    assert "Danger" not in headings or headings["Danger"] < 200
    assert tops(browser, "p")[plan.sentence] < 120
    assert 0 == browser.asks("document.querySelectorAll('details[open]').length")


def test_every_change_is_a_line_of_the_table(
    browser: Browser, plan: Plan, tmp_path: Path
) -> None:
    """As many lines as changes, each of four cells, with what changes in the second."""
    browser.show(written(plan, tmp_path), width=WIDTH)

    lines = browser.asks(
        "[...document.querySelectorAll('tbody tr')].map(line =>"
        " [line.cells.length, line.cells[1].innerText])"
    )
    assert len(rows(plan)) == len(lines)
    assert {4} >= {count for count, _ in lines}
    wanted = [_plain(visible(row.headline)) for row in rows(plan)]
    assert wanted == [_plain(text) for _, text in lines]


def _plain(text: str) -> str:
    """Without blanks, and without what is spelled out in cells alone."""
    return squeezed(text).replace(r"\x60", "").replace(r"\x7c", "|")


def test_a_comment_does_nothing(browser: Browser, plan: Plan, tmp_path: Path) -> None:
    """It fetches, links, runs and says nothing, and nothing sticks out to the side."""
    for width in (360, WIDTH):
        page = written(plan, tmp_path)
        seen = browser.show(page, width=width)

        assert ([page.as_uri()], []) == (seen.requests, seen.console)
        live = "document.querySelectorAll('a, img, script, input, style ~ b').length"
        assert 0 == browser.asks(live)
        assert browser.asks("document.documentElement.scrollWidth") <= width
