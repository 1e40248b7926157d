"""Saved plans: what is refused, and what their digests bind."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import planned

from stalplan.errors import PlanUnreadable
from stalplan.planning.digests import plan_digest, review_digest
from stalplan.planning.plan import DesiredInfo, GitState, Plan
from stalplan.planning.plan_json import plan_from_json, plan_to_json

DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
hostname = "mail.example.org"
[nodes]
mx1.id = 2
mx2.id = 1
[roles]
"fts-indexing" = ["mx1"]
"""


def a_plan() -> Plan:
    """A plan with every part: two ids swapped, a role, host names."""
    nodes = {f"mx{i}": f"cluster.node-id = {i}\n" for i in (1, 2)}
    return planned(DESIRED, nodes).plan


def changed(*path: str | int, to: object) -> str:
    """A saved plan with one value changed by hand."""
    document: Any = json.loads(plan_to_json(a_plan()))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("changes", 0, "after"), "7"),
        (("edits", 0, "after"), "7"),
        (("edits", 0, "key"), "server.hostname"),
        (("steps", 0, "nodes"), ["mx2"]),
        (("steps", 0, "why"), ""),
        (("nodes", "mx1", "base"), "sha256:" + "0" * 64),
        (("desired", "digest"), "sha256:" + "0" * 64),
        (("release",), "0.14"),
        (("digest",), "sha256:" + "0" * 64),
        (("review_digest",), "review:" + "0" * 64),
    ],
)
def test_changed_plan_is_refused(path: tuple[str | int, ...], to: object) -> None:
    """A plan that somebody changed after it was made is no plan."""
    with pytest.raises(PlanUnreadable, match=r"bad\.plan is not as it was"):
        plan_from_json(changed(*path, to=to), file="bad.plan")


def test_newer_minor_is_read() -> None:
    """Keys that a newer minor version added are ignored, at every place."""
    document = json.loads(plan_to_json(a_plan()))
    document["format_version"] = "1.7"
    document["new"] = document["steps"][0]["new"] = {"a": 1}
    document["changes"][0]["new"] = None

    assert a_plan() == plan_from_json(json.dumps(document), file="p")


def test_newer_major_is_refused() -> None:
    """Another major version is named, with the one that is read."""
    with pytest.raises(PlanUnreadable, match=r"format 2\.0; this stalplan reads 1\.0"):
        plan_from_json(changed("format_version", to="2.0"), file="p")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"format_version": "1.0"}', "[" * 100_000]
)
def test_no_plan_at_all(text: str) -> None:
    """What is no plan gives one clear error and never a traceback."""
    with pytest.raises(PlanUnreadable, match=r"p is no plan"):
        plan_from_json(text, file="p")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(json.loads(plan_to_json(a_plan())))), JSON)
def test_any_value_anywhere(key: str, value: object) -> None:
    """Whatever stands in a plan's place, it is read or refused, nothing else."""
    try:
        plan = plan_from_json(changed(key, to=value), file="p")
    except PlanUnreadable:
        return
    assert plan.digest in (None, plan_digest(plan))


def test_digest_leaves_out_what_does_not_matter() -> None:
    """Times, versions, the desired file's name and commit, causes, reasons, lines."""
    plan = a_plan()
    same = replace(
        plan,
        stalplan="9",
        created=plan.expires,
        desired=DesiredInfo(
            path="other.toml",
            digest=plan.desired.digest,
            git=GitState(commit="abc", dirty=True),
        ),
        changes=tuple(replace(change, reason="") for change in plan.changes),
        edits=tuple(replace(edit, line=99) for edit in plan.edits),
        findings=(),
    )

    assert plan_digest(plan) == plan_digest(same)
    assert review_digest(plan) == review_digest(same)


def test_review_digest_leaves_out_bytes() -> None:
    """A plan from a snapshot knows no result files, and is reviewed as the same."""
    plan = a_plan()
    blind = replace(
        plan,
        nodes=(),
        steps=tuple(
            replace(step, result=dict.fromkeys(step.result)) for step in plan.steps
        ),
    )

    assert plan_digest(plan) != plan_digest(blind)
    assert review_digest(plan) == review_digest(blind)
