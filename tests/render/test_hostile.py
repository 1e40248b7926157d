"""Texts of a node can't break out of what they are shown in."""

import re
from dataclasses import replace

import pytest
from reports import planned

from stalplan.planning.plan import Plan
from stalplan.render import RENDERERS

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


def test_texts_are_never_cut() -> None:
    """A text that is longer than a line stays whole."""
    plan = hostile_plan()
    long = replace(plan.findings[0], detail="x" * 300)

    assert "x" * 300 in RENDERERS["text"](replace(plan, findings=(long,)))
