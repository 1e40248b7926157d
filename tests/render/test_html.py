"""The page without a browser: what stands in it, and what can't get in."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from clusters import plan_of_size
from golden import CASES, check, planned_from
from hostile import HOSTILE, hostile_plan
from pages import Element, read_page
from reports import planned

from stalplan.planning.plan import Plan
from stalplan.render.html import render_html
from stalplan.render.html.elements import page, tag
from stalplan.render.html.parts import everyone
from stalplan.render.html.style import STYLE
from stalplan.render.table import MOST_ROWS

SHOWN = [case for case in CASES if case.name in {"join-and-leave", "swap"}]
ON, OFF = "●", "\u2013"
BEGINS, ENDS = f"{OFF} → {ON}", f"{ON} → {OFF}"
INJECTED = "</td></code><script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt;"


def page_of(plan: Plan) -> Element:
    return read_page(render_html(plan))


def rows_of(plan: Plan) -> list[list[str]]:
    """The texts of the matrix, row by row, without those only for listeners."""
    body = page_of(plan).one("tbody")
    return [
        [_seen(cell) for cell in row.inside if cell.name in {"th", "td"}]
        for row in body.all("tr")
    ]


def _seen(cell: Element) -> str:
    text = cell.text
    for said in cell.all("span", class_="said"):
        text = text.replace(said.text, "", 1)
    return text.strip()


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case.name)
def test_a_page_reads_as_agreed(case: Path) -> None:
    """A change to the page shows up in review."""
    text = render_html(planned_from(case).plan)

    assert 1 == text.count(STYLE)
    text = re.sub(r"'sha256-[^']+'", "'sha256-of-the-style'", text)
    check(case / "plan.html", text.replace(STYLE, "/* see style.py */"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_page_has_every_part(case: Path) -> None:
    """Sentence, changes, nodes, steps, findings and files all stand in the page."""
    plan = planned_from(case).plan
    found = page_of(plan)

    assert plan.sentence == found.one("p", class_="sentence").text
    counts = {
        part.attributes["id"]: int(part.one("h2").one("span").text)
        for part in found.all("section")
    }
    expected = {
        "changes": len(plan.changes),
        "cluster": len(plan.nodes),
        "steps": len(plan.steps),
        "findings": len(plan.findings),
        "files": plan.summary.files,
    }
    assert {name: count for name, count in expected.items() if count} == counts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_page_asks_for_nothing(case: Path) -> None:
    """No script, no address but places in the page, no style but its own."""
    found = page_of(planned_from(case).plan).below()

    names = {element.name for element in found}
    assert set() == names & {"script", "iframe", "img", "object", "form", "base"}
    addresses = {
        value
        for element in found
        for key, value in element.attributes.items()
        if key in {"href", "src", "action", "style", "srcset"}
    }
    assert [] == [
        each for each in addresses if each != "data:," and (each or "")[:1] != "#"
    ]
    ids = [str(each.attributes["id"]) for each in found if "id" in each.attributes]
    assert sorted(set(ids)) == sorted(ids)
    assert {each[1:] for each in addresses if each and each[0] == "#"} <= {*ids}


def test_the_policy_allows_only_the_style_that_is_there() -> None:
    """A browser that obeys it loads nothing and runs nothing, whatever got in."""
    found = page_of(plan_of_size(1))
    policy = found.one("meta", **{"http-equiv": "Content-Security-Policy"})

    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; img-src data:; "
        r"base-uri 'none'; form-action 'none'",
        policy.attributes["content"] or "",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        *(("ink", paper) for paper in ("page", "tint", "mod-tint", "del-tint")),
        *(("ink", "add-tint"), ("link", "page"), ("link", "tint"), ("soft", "page")),
        *(("soft", "tint"), ("soft", "del-tint"), ("add", "add-tint"), ("add", "tint")),
        *(("del", "del-tint"), ("del", "tint"), ("mod", "mod-tint")),
    ],
)
def test_colours_can_be_told_apart(ink: str, paper: str, scheme: str) -> None:
    """Text has the contrast of WCAG 2.2 AA, 4.5 to 1, also where it is one sign."""
    light, dark = STYLE.split("prefers-color-scheme: dark", 1)
    found = re.findall(
        r"--([\w-]+): #([0-9a-f]{6});", light if scheme == "light" else dark
    )
    colours = dict(reversed(found))  # the first of each: later ones are for paper

    lights = sorted(_luminance(colours[name]) for name in (ink, paper))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_hostile_text_stays_text() -> None:
    """Mark-up in a host name, a path, an error or a hint is shown as it is."""
    plan = hostile_plan()
    finding = replace(
        plan.findings[0], detail=INJECTED, hint=INJECTED, file=INJECTED, node=None
    )
    node = replace(plan.nodes[0], path=INJECTED, error=INJECTED)
    found = page_of(replace(plan, findings=(finding,), nodes=(node,)))

    assert [] == found.all("script") + found.all("img")
    assert 3 == found.one("section", id="findings").text.count(INJECTED)
    assert INJECTED in found.one("section", id="files").text
    assert HOSTILE.split("\u202e")[0] in found.one("section", id="changes").text


def test_a_small_cluster_has_a_row_for_each_node() -> None:
    """Today and then stand in one cell, the step beside them."""
    expected = [
        ["mx001", "0", ENDS, ENDS, ON, ENDS, "2"],
        ["mx002", "0 → 1", f"{ON} → 1/2", ENDS, ENDS, ENDS, "1"],
        ["mx003", "2", f"{ON} → 2/2", BEGINS, ENDS, ON, "3"],
    ]
    assert expected == rows_of(plan_of_size(3))


def test_a_large_cluster_shares_rows() -> None:
    """Nodes that are alike share a row, and all their names stand in it."""
    plan = plan_of_size(50)
    rows = rows_of(plan)

    assert MOST_ROWS < len(plan.nodes)
    assert len(rows) == 17
    text = page_of(plan).one("tbody").text
    assert [] == [node.name for node in plan.nodes if node.name not in text]


def test_what_changes_comes_first_in_a_large_cluster() -> None:
    """One role moves among 40 nodes: two rows at the top, and one for all others."""
    names = [f"mx{number:02}" for number in range(40)]
    nodes = "".join(f"{name}.id = {number}\n" for number, name in enumerate(names))
    held = 'cluster.roles.purge.stores = ["7"]\n'
    live = {
        name: f"cluster.node-id = {number}\n{held}" for number, name in enumerate(names)
    }
    text = (
        'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        f'[roles]\n"purge.stores" = ["mx09"]\n[nodes]\n{nodes}'
    )

    rows = rows_of(planned(text, live).plan)
    assert [["mx07", "7", ENDS], ["mx09", "9", BEGINS]] == [row[:3] for row in rows[:2]]
    assert ["as they are", OFF] == rows[2][1:3]
    assert 3 == len(rows)


def test_a_node_that_joins_or_leaves_or_is_lost_says_so() -> None:
    """The matrix has nodes that only the end, or only the start, knows."""
    by_name = {case.name: planned_from(case).plan for case in CASES}

    joins = {row[0]: row[1] for row in rows_of(by_name["join-and-leave"])}
    assert "none → 5" == joins["mx5joins"]
    assert "4 → free" == joins["mx4leaves"]
    lost = {row[0] for row in rows_of(by_name["in-the-way"])}
    assert {"mx1", "mx2not read", "mx3not read"} == lost


def test_a_risk_is_told_at_every_step_it_lasts() -> None:
    """Beside each step: what begins, what is still so, what ends."""
    steps = page_of(plan_of_size(3)).one("ol", class_="steps").all("li")
    bars = [
        [bar.attributes["class"] for bar in step.all("i")]
        for step in steps
        if "id" in step.attributes
    ]

    assert [
        ["split begins"],
        ["split lasts", "uncovered begins"],
        ["split ends", "uncovered ends"],
    ] == bars
    assert "Until step 3 is done: running nodes have different" in steps[0].text
    assert "Still, until step 3: running nodes have different" in steps[1].text
    assert "Ends with step 3: running nodes have different" in steps[2].text


def test_what_stands_in_the_way_stands_first() -> None:
    """A plan that can't be applied says so in its header, and why before all else."""
    blocked = next(case for case in CASES if case.name == "in-the-way")
    found = page_of(planned_from(blocked).plan)
    sound = page_of(plan_of_size(1))

    assert "can't be applied: 2 findings stand in the way" in found.one("header").text
    assert "findings" == found.all("section")[0].attributes["id"]
    assert "changes" == sound.all("section")[0].attributes["id"]
    digests = [len(each.one("footer").all("code")) for each in (found, sound)]
    assert [1, 2] == digests
    told = found.one("section", id="cluster").text
    assert "On every node that was read, today and then: acme.renew" in told


def test_a_long_list_of_names_is_folded_and_whole() -> None:
    """Folding hides a list behind its first name; nothing of it is lost."""
    nodes = [node.name for node in plan_of_size(50).nodes]
    shown = everyone(nodes)

    assert shown is not None
    assert ", ".join(nodes) == "".join(shown.itertext()).split("names")[1].strip()
    assert everyone(nodes[:2]) is None


def test_text_between_elements_stays_where_it_is() -> None:
    """Text, element, text: each in its place, and every special character escaped."""
    expected = '<p class="a&quot;b">1 &lt; <b>2</b> &amp; \\x07</p>'
    assert expected in page(tag("p", "1 < ", tag("b", "2"), " & \x07", class_='a"b'))
