"""Findings that say the same are told once to people, and one by one to programs."""

import json
from dataclasses import replace

import pytest
from page_of import squeezed
from reports import planned

from stalplan.findings import Finding, Scope, found
from stalplan.names import NodeName
from stalplan.planning.plan import Plan
from stalplan.render import RENDERERS
from stalplan.render.alike import told_once

MANY = 100
WISH = (
    'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
    "[nodes]\nmx1.id = 1\nmx2.id = 2\n"
)


def plan_of_bad_lists(between: str = ", ") -> Plan:
    """A plan for two nodes whose files hold the same hundred entries without sense."""
    entries = between.join(['"x"'] * MANY)
    live = f"cluster.roles.fts-indexing = [{entries}]\n"
    return planned(
        WISH, {f"mx{n}": f"cluster.node-id = {n}\n{live}" for n in (1, 2)}
    ).plan


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github"])
def test_a_hundred_bad_entries_are_one_remark(form: str) -> None:
    """The reader sees the first place, how many more there are, and on which nodes."""
    plan = plan_of_bad_lists()
    text = squeezed(RENDERERS[form](plan))

    assert MANY == [finding.code for finding in plan.findings].count("SP207")
    told = "runs it. The same on mx2. And 99 more like it, on this line."
    assert [1, 1] == [text.count(squeezed(part)) for part in (told, "whole shard")]


@pytest.mark.parametrize("form", ["json", "sarif", "codequality"])
def test_programs_get_every_entry(form: str) -> None:
    """Nothing is left out where the key of each can be told."""
    document = json.loads(RENDERERS[form](plan_of_bad_lists()))
    findings = {
        "json": lambda: document["findings"],
        "sarif": lambda: document["runs"][0]["results"],
        "codequality": lambda: document,
    }[form]()

    assert MANY == json.dumps(findings).count('"SP207"')


def test_where_the_last_one_is() -> None:
    """A list over many lines has its bad entries on all of them."""
    plan = plan_of_bad_lists(",\n")

    assert "And 99 more like it, up to line 101." in RENDERERS["markdown"](plan)


def finding(node: str | None, line: int | None, detail: str = "It is so.") -> Finding:
    """One of a file of *node*, of an entry that is told by its line."""
    return found(
        "SP207",
        Scope.LIVE,
        detail,
        node=None if node is None else NodeName(node),
        file="/etc/config.toml",
        line=line,
        key=f"list.{line}",
    )


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([finding("mx1", 1), finding("mx1", 2, "No.")], ["It is so.", "No."]),
        (
            [finding("mx1", 1), finding("mx3", 2), finding("mx2", 2)],
            ["It is so. The same on mx2 and mx3."],
        ),
        (
            [finding("mx1", 1), finding("mx1", 4), finding("mx2", 9)],
            ["It is so. And 1 more like it, up to line 4. The same on mx2."],
        ),
        (
            [finding(None, None), finding(None, None)],
            ["It is so. And 1 more like it."],
        ),
    ],
)
def test_what_is_said_of_the_others(findings: list[Finding], told: list[str]) -> None:
    """The first stands for all; what differs in its text stands alone."""
    assert told == [each.detail for each in told_once(findings)]


def test_weights_are_never_joined() -> None:
    """What blocks is told beside what merely warns, though they read alike."""
    warns = finding("mx1", 1)
    blocks = replace(warns, blocks=True)

    assert [warns, blocks] == told_once([warns, blocks])
