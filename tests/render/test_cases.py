"""Golden plans: what people and programs read of each case, byte for byte."""

import json
from pathlib import Path

import pytest
from clusters import plan_of_size
from golden import CASES, check, planned_from
from page_of import squeezed

from stalplan.planning.changes import Action
from stalplan.planning.facts import facts
from stalplan.planning.plan_json import plan_from_json, plan_to_json
from stalplan.render import RENDERERS

CANARY = "canary-3f9c"
FORMS = ("github", "json", "markdown", "text")
LISTS = ("codequality", "gitlab", "sarif")  # one is much like another, as are pages
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@cases
@pytest.mark.parametrize("form", FORMS)
def test_plan_reads_as_agreed(case: Path, form: str) -> None:
    """A plan's text is an interface; a change to it shows up in review."""
    check(case / f"plan.{form}", RENDERERS[form](planned_from(case).plan))


@pytest.mark.parametrize("form", LISTS)
def test_lists_read_as_agreed(form: str) -> None:
    """What pipelines read of a plan with all kinds of findings."""
    case = next(case for case in CASES if case.name == "many-findings")

    check(case / f"plan.{form}", RENDERERS[form](planned_from(case).plan))


@cases
def test_saved_plan_is_the_plan(case: Path) -> None:
    """Reading a saved plan gives the very plan, and writing it the very bytes."""
    plan = planned_from(case).plan

    saved = plan_from_json(plan_to_json(plan), file="plan.json")
    assert plan == saved
    assert plan_to_json(plan) == plan_to_json(saved)


@cases
def test_no_secret_is_shown(case: Path) -> None:
    """No format, and no Python text of the plan or what goes with it, has a secret."""
    planned = planned_from(case)
    told = [render(planned.plan) for render in RENDERERS.values()]

    files = [file.read_bytes() for file in case.glob("nodes/*.toml")]
    assert any(CANARY.encode() in data for data in files)
    assert [] == [text for text in [*told, repr(planned)] if CANARY in text]


@cases
def test_formats_agree_on_every_number(case: Path) -> None:
    """Text, Markdown and JSON tell the same changes, steps and counts."""
    plan = planned_from(case).plan
    text, markdown = RENDERERS["text"](plan), RENDERERS["markdown"](plan)
    document = json.loads(RENDERERS["json"](plan))

    assert plan.sentence == text.splitlines()[-1]
    assert plan.sentence in markdown.splitlines()
    assert len(plan.steps) == len(document["steps"])
    assert len(plan.findings) == len(document["findings"])
    actions = [facts(change).action for change in plan.changes]
    assert actions == [change["action"] for change in document["changes"]]
    counts = [actions.count(each) for each in Action]
    assert counts == [document["summary"][key] for key in ("add", "change", "remove")]


@cases
def test_text_fits_a_terminal(case: Path) -> None:
    """Prose is wrapped at 80 columns; only words longer than that go beyond."""
    text = RENDERERS["text"](planned_from(case).plan)

    long = [line for line in text.splitlines() if len(line) > 80]
    assert [] == [line for line in long if len(line.split()) > 1 or "," in line[:80]]


def test_a_shard_of_many_nodes_fits_a_terminal() -> None:
    """Its list of ids is one word, and still no line is longer than a terminal."""
    plan = plan_of_size(200)
    text = RENDERERS["text"](plan)
    (edit, *_) = [
        each for each in plan.edits if each.key == "cluster.roles.fts-indexing"
    ]

    assert isinstance(edit.after, tuple)
    assert 200 < len(edit.after[0])
    assert squeezed(edit.after[0]) in squeezed(text)
    assert [] == [line for line in text.splitlines() if len(line) > 80]


@cases
def test_equal_inputs_give_equal_bytes(case: Path) -> None:
    """Nothing in a plan depends on memory, hashes or the order of a set."""
    one, other = planned_from(case).plan, planned_from(case).plan

    assert RENDERERS["json"](one) == RENDERERS["json"](other)
