"""The plan's JSON, and that of failures, is what the published schema says."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from golden import CASES, planned_from
from jsonschema import Draft202012Validator

from stalplan.planning import plan_schema
from stalplan.planning.origins import with_base
from stalplan.planning.plan import GitState, SnapshotInfo
from stalplan.planning.plan_json import plan_to_json
from stalplan.planning.plan_reading import CHANGE_KINDS

SCHEMA = plan_schema.plan_schema()
HERE = Path(__file__).parents[1]
PLANS = sorted(HERE.glob("cases/*/plan.json"))
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def closed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema without room for keys that a later version may add."""
    if isinstance(value, list):
        return [closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: closed(each) for key, each in value.items()}
    if "properties" in inner and "required" in inner:
        inner["additionalProperties"] = False
    return inner


def problems(document: object, schema: dict[str, Any] = SCHEMA) -> list[str]:
    found = Draft202012Validator(schema).iter_errors(document)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def test_the_schema_says_which_draft_it_is() -> None:
    """And it is a sound one of that draft."""
    Draft202012Validator.check_schema(SCHEMA)

    assert "https://json-schema.org/draft/2020-12/schema" == SCHEMA["$schema"]


@cases
def test_a_plan_is_what_the_schema_says(case: Path) -> None:
    """Every plan has the schema's keys and no other."""
    document = json.loads(plan_to_json(planned_from(case).plan))

    assert [] == problems(document)
    only_plans = {**closed(SCHEMA), "anyOf": [{"$ref": "#/$defs/plan"}]}
    assert [] == problems(document, only_plans)


def test_a_review_s_plan_is_what_the_schema_says() -> None:
    """Also with a base, a snapshot and a commit, which golden cases have not."""
    by_name = {case.name: planned_from(case).plan for case in CASES}
    plan = by_name["three-faults"]
    own = replace(plan, changes=plan.changes[1:])
    compared = with_base(own, plan, revision="main", commit="0" * 40)
    git = GitState(commit="0" * 40, dirty=True)
    whole = replace(
        compared,
        snapshot=SnapshotInfo(taken=plan.created),
        desired=replace(plan.desired, git=git),
    )

    only_plans = {**closed(SCHEMA), "anyOf": [{"$ref": "#/$defs/plan"}]}
    assert [] == problems(json.loads(plan_to_json(whole)), only_plans)


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.parent.name)
def test_plans_as_agreed_are_too(file: Path) -> None:
    """Those that stand beside the golden cases."""
    assert [] == problems(json.loads(file.read_text()))


def test_every_kind_of_change_is_named() -> None:
    """The schema and the reader of saved plans know the same kinds."""
    assert {*CHANGE_KINDS} == {*SCHEMA["$defs"]["change"]["properties"]["kind"]["enum"]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("digest",), "sha1:0"),
        (("complete",), "yes"),
        (("created",), "yesterday"),
        (("summary", "add"), -1),
        (("changes", 0, "kind"), "guess"),
        (("changes", 0, "nodes"), "mx1"),
        (("steps", 0, "actions"), ["dance"]),
        (("steps", 0, "number"), 0),
        (("findings", 0, "severity"), "bad"),
        (("edits", 0, "after"), 7),
        (("nodes", "mx1", "reached"), None),
        (("format_version",), "2.0"),
    ],
)
def test_what_is_no_plan_is_refused(path: tuple[str | int, ...], value: object) -> None:
    """One value of another kind is enough."""
    case = next(case for case in CASES if case.name == "three-faults")
    document = json.loads(plan_to_json(planned_from(case).plan))
    spoiled = copy.deepcopy(document)
    place = spoiled
    for key in path[:-1]:
        place = place[key]
    assert place[path[-1]] != value
    place[path[-1]] = value

    assert [] == problems(document)
    assert [] != problems(spoiled)
