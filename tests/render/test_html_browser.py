"""The page in a real browser: quiet, alone, usable on a phone and without a mouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, one_browser
from clusters import plan_of_size
from golden import CASES, planned_from
from hostile import hostile_plan
from selenium.webdriver.common.keys import Keys

from stalplan.planning.plan import Plan
from stalplan.render.html import render_html


def plans() -> Iterator[tuple[str, Plan]]:
    """Small and large ones, blocked and quiet ones, and one that is up to no good."""
    by_name = {case.name: case for case in CASES}
    for name in ("in-the-way", "join-and-leave", "many-findings"):
        yield name, planned_from(by_name[name]).plan
    yield "hostile", hostile_plan()
    for size in (3, 50):
        yield f"{size} nodes", plan_of_size(size)


PLANS = dict(plans())
__all__ = ["one_browser"]  # pytest finds the fixture here


@pytest.fixture(params=list(PLANS))
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A page on disk."""
    return written(PLANS[request.param], tmp_path)


def written(plan: Plan, folder: Path) -> Path:
    path = folder / "plan.html"
    path.write_text(render_html(plan))
    return path


def check(browser: Browser, page: Path) -> None:
    """Nothing is fetched, said or wrong, and nothing sticks out to the side."""
    for width in (360, 1280):
        seen = browser.show(page, width=width)
        assert [page.as_uri()] == seen.requests
        assert [] == browser.axe()
        assert browser.asks("document.documentElement.scrollWidth") <= width
        browser.emulate("dark")
        assert [] == browser.axe("color-contrast")
        assert [] == seen.console


def test_a_page_is_sound(browser: Browser, page: Path) -> None:
    """No request but the file, no word on the console, no barrier, at every width."""
    check(browser, page)


@pytest.mark.long
def test_a_page_of_512_nodes_is_sound(browser: Browser, tmp_path: Path) -> None:
    """As any other page."""
    check(browser, written(plan_of_size(512), tmp_path))


def test_dark_is_dark(browser: Browser, tmp_path: Path) -> None:
    """The page follows what the reader's system asks for."""
    page = written(plan_of_size(1), tmp_path)
    colour = "getComputedStyle(document.body).backgroundColor"

    browser.show(page, scheme="light")
    light = browser.asks(colour)
    browser.show(page, scheme="dark")
    assert ("rgb(255, 255, 255)", "rgb(18, 22, 27)") == (light, browser.asks(colour))


def test_the_keyboard_reaches_everything(browser: Browser, tmp_path: Path) -> None:
    """Tab goes through the page in its order, and Enter skips and opens."""
    browser.show(written(plan_of_size(50), tmp_path))
    driver = browser.driver
    wanted = browser.asks("document.querySelectorAll('a, summary, .scroll').length")

    driver.switch_to.active_element.send_keys(Keys.TAB)
    assert "Skip to the plan" == driver.switch_to.active_element.text
    tops = []
    for _ in range(wanted - 1):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        tops.append(browser.asks("document.activeElement.tagName"))
    assert "SUMMARY" == tops[-1]
    assert {"A", "DIV", "SUMMARY"} == {*tops}
    was_open = browser.asks("document.activeElement.parentElement.open")
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert was_open != browser.asks("document.activeElement.parentElement.open")


def test_the_matrix_keeps_its_headings_in_sight(
    browser: Browser, tmp_path: Path
) -> None:
    """Scrolled to its end, the table still shows the roles and the nodes' names."""
    browser.show(written(plan_of_size(50), tmp_path), width=360)
    browser.driver.execute_script(
        "document.querySelector('.scroll').scrollTo({left: 999, top: 9999})"
    )

    edges = browser.asks("""(() => {
      const box = document.querySelector('.scroll').getBoundingClientRect();
      const corner = document.querySelector('thead th').getBoundingClientRect();
      const last = document.querySelector('tbody tr:last-child th');
      return [corner.top - box.top, corner.left - box.left,
              last.getBoundingClientRect().left - box.left].map(Math.round);
    })()""")
    assert [1, 1, 1] == edges


def test_a_blocked_script_never_runs(browser: Browser, tmp_path: Path) -> None:
    """Even a script that stood in the page would be stopped by its policy."""
    page = written(plan_of_size(1), tmp_path)
    text = page.read_text().replace("<main", "<script>window.ran = 1</script><main")
    page.write_text(text)

    seen = browser.show(page)
    assert browser.asks("window.ran") is None
    assert 1 == len(seen.console)
    assert "Content Security Policy" in seen.console[0]


def test_paper_shows_what_is_folded(browser: Browser, tmp_path: Path) -> None:
    """Printed, everything is there: folded lists too, and no buttons."""
    browser.show(written(plan_of_size(50), tmp_path), media="print")

    shown = browser.asks("""(() => {
      const visible = e => e.checkVisibility({contentVisibilityAuto: true});
      return [...document.querySelectorAll('details > :not(summary)')].every(visible);
    })()""")
    assert shown
    assert "none" == browser.asks(
        "getComputedStyle(document.querySelector('nav')).display"
    )
