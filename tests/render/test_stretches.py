"""Steps told together, and risks told once: nothing is lost, nothing moves."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from clusters import plan_of_size
from golden import CASES, planned_from
from hypothesis import given
from hypothesis import strategies as st
from page_of import squeezed

from stalplan.names import NodeName, Role
from stalplan.planning.plan import ActionName, Exposure, FileEdit, Plan, Risk, Step
from stalplan.render import RENDERERS
from stalplan.render.risks import at_risk, risks
from stalplan.render.stretches import stretches, told_lines

NODES = [NodeName(f"mx{number}") for number in range(1, 40)]
ENDINGS = ("learns the new list of purge.stores.", "takes id 7 in place of 1.")
RESTART = (ActionName.STOP, ActionName.START)
exposures = st.sampled_from([(Role("purge.stores"), Risk.DOUBLE), (None, Risk.PARTED)])


@st.composite
def step_lists(draw: st.DrawFn) -> list[Step]:
    """Up to a dozen steps that may be alike, risky, of several nodes, or unfinished."""
    left, steps = iter(NODES), list[Step]()
    for number in range(1, draw(st.integers(1, 12)) + 1):
        nodes = [next(left) for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3])))]
        said = [f"{node} {draw(st.sampled_from(ENDINGS))}" for node in nodes]
        edit = FileEdit(node=nodes[0], key="k", before=None, after="1", line=None)
        seldom = draw(st.integers(0, 9)) == 0
        steps.append(
            Step(
                number=number,
                nodes=tuple(nodes),
                actions=RESTART if draw(st.integers(0, 5)) else (ActionName.WRITE,),
                edits=(edit,) if seldom else (),
                exposure=tuple(
                    Exposure(role=role, nodes=(), what=what)
                    for role, what in draw(st.sets(exposures, max_size=2))
                ),
                why=" ".join(said),
            )
        )
    return steps


def plan_with(steps: list[Step]) -> Plan:
    return replace(plan_of_size(1), steps=tuple(steps))


@given(step_lists())
def test_every_step_is_told_once_and_in_order(steps: list[Step]) -> None:
    """Stretches follow each other without a gap, with every node in its place."""
    found = stretches(plan_with(steps))

    numbers = [n for each in found for n in range(each.first, each.last + 1)]
    assert [step.number for step in steps] == numbers
    assert [n for s in steps for n in s.nodes] == [n for f in found for n in f.nodes]
    assert [e for s in steps for e in s.edits] == [e for f in found for e in f.edits]


@given(step_lists())
def test_what_is_said_of_a_node_is_still_said_of_it(steps: list[Step]) -> None:
    """Put back in the place of "Each", a node's name gives the step's own words."""
    for stretch in stretches(plan_with(steps)):
        covered = [s for s in steps if stretch.first <= s.number <= stretch.last]
        told = {
            f"{node} {ending}"
            for group in stretch.told
            for node in group.nodes
            for ending in ENDINGS
            if f"Each {ending}" in group.why or f"{node} {ending}" in group.why
        }
        said = {
            line for s in covered for line in re.findall(r"mx\d+ .*?\.(?= mx|$)", s.why)
        }
        assert said == told


@given(step_lists())
def test_a_stretch_hides_no_beginning_risk(steps: list[Step]) -> None:
    """Only a single step begins a risk, so that what is told of it stays true."""
    plan = plan_with(steps)
    alone = {each.first for each in stretches(plan) if each.alone}

    assert {risk.since for risk in at_risk(plan)} <= alone


@given(step_lists())
def test_risks_cover_every_exposed_moment(steps: list[Step]) -> None:
    """A moment has a risk if and only if it lies between its beginning and its end."""
    told = at_risk(plan_with(steps))
    last = steps[-1].number

    for step in steps:
        lasting = {
            (role, risk.what)
            for risk in told
            for role in (risk.roles or (None,))
            if risk.since <= step.number < risk.until
            or step.number == risk.until == last
        }
        real = {(each.role, each.what) for each in step.exposure}
        assert real <= lasting
        assert step.number == last or real == lasting


def test_few_steps_are_told_one_by_one() -> None:
    """What fits on a screen needs no folding."""
    found = stretches(plan_of_size(3))

    assert [(1, 1), (2, 2), (3, 3)] == [(each.first, each.last) for each in found]
    assert [step.why for step in plan_of_size(3).steps] == [
        line for each in found for line in told_lines(each)
    ]


def test_many_steps_are_told_in_a_line_for_all_who_do_alike() -> None:
    """48 restarts in a row are one entry: how many, in which order, what for."""
    text = RENDERERS["text"](plan_of_size(50))

    assert 1 == text.count(
        "  3 to 50. 48 nodes, one at a time: stop, write, start, health"
    )
    assert "In this order: mx050, mx003, mx004, mx005," in text
    assert "mx013 and mx033: Each ends running fts-indexing" in text
    assert "mx050 begins to run purge.stores." in text
    assert "Until step 50 is done: running nodes have different shard tables" in text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_risk_is_told_to_people(case: Path) -> None:
    """Text and page have the same sentences, at the same steps."""
    plan = planned_from(case).plan
    told = [sentence for told in risks(plan).values() for sentence in told]
    text = squeezed(RENDERERS["text"](plan))
    page = squeezed(re.sub(r"<[^>]*>", "", RENDERERS["html"](plan)))

    assert [] == [each for each in told if squeezed(each) not in text]
    assert [] == [each for each in told if squeezed(each) not in page]


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_plans_of_any_size_name_every_node(form: str, size: int) -> None:
    """A large plan is told in fewer words, not with fewer names."""
    plan = plan_of_size(size)
    text = RENDERERS[form](plan)

    assert [] == [node.name for node in plan.nodes if node.name not in text]
    long = [line for line in text.splitlines() if form == "text" and len(line) > 80]
    assert [] == [line for line in long if len(line.split()) > 1]


def test_pages_of_large_clusters_stay_small() -> None:
    """A page grows with what there is to say, not with nodes times roles."""
    sizes = [len(RENDERERS["html"](plan_of_size(size))) for size in (3, 50)]

    assert all(size < 60_000 for size in sizes)
    assert all(one < other for one, other in pairwise(sizes))
