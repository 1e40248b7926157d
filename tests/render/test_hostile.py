"""Texts of a node can't break out of what they are shown in."""

import re
from dataclasses import replace

import pytest
from reports import planned

from stalplan.planning.plan import Plan
from stalplan.render import RENDERERS
from stalplan.render.markdown import escaped

DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
hostname = "mail.example.org"
[nodes]
mx1.id = 1
"""
HOSTILE = "a`b``c```|<b>|[x](y)*_#\u202e\x1b[31m&lt;"


def hostile_plan() -> Plan:
    """A plan that shows a host name nobody should have."""
    nodes = {"mx1": f"cluster.node-id = 1\nserver.hostname = '''{HOSTILE}'''\n"}
    return planned(DESIRED, nodes).plan


@pytest.mark.parametrize("form", sorted(RENDERERS))
def test_no_control_character_is_left(form: str) -> None:
    """What moves a cursor or turns text around is spelled out."""
    text = RENDERERS[form](hostile_plan())

    assert [] == re.findall(r"[^\n -~]", text)


def test_markdown_stays_what_it_is() -> None:
    """No HTML, no cell more in the table, no fence that ends early."""
    text = RENDERERS["markdown"](hostile_plan())
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    fences = [line for line in text.splitlines() if re.match("`{3,}", line)]

    assert [5] * len(rows) == [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert ["````diff", "````"] == fences
    outside = re.sub(r"````diff.*````", "", text, flags=re.DOTALL)
    assert [] == re.findall(r"(?<!\\)<", outside)


def test_escaped_is_one_line() -> None:
    """A line break in a text is none in a table."""
    assert r"a\\nb \| \<i\> \`x\`" == escaped("a\nb | <i> `x`")


def test_texts_are_never_cut() -> None:
    """A text that is longer than a line stays whole."""
    plan = hostile_plan()
    long = replace(plan.findings[0], detail="x" * 300)

    assert "x" * 300 in RENDERERS["text"](replace(plan, findings=(long,)))
