"""Every kind of change and every finding has a golden case that shows it."""

import json
from collections import defaultdict
from typing import Any, get_args

from golden import CASES, WRONG, planned_from

from stalplan.findings import CATALOGUE
from stalplan.planning.changes import Change
from stalplan.planning.plan_schema import plan_schema

Document = dict[str, Any]

KINDS = {
    "set_id": {"create"},
    "renumber": {"update"},
    "set_hostname": {"create", "update"},
    "set_coordinator": {"create", "update", "delete"},
    "set_store": {"create", "update", "delete"},
    "move_role": {"create", "update", "delete"},
    "drop_key": {"delete"},
    "join": {"create"},
    "leave": {"delete"},
    "restart": {"update"},
}

STAYS, ENDS = "live warning", "live info"
"""A fault of today that the plan leaves, and one that it ends."""

REMARK, ASKED = "live info", "desired info"
WISH, WRONG_WISH = "desired warning", "desired error blocks"
WALL = "live error blocks"

SHOWN = {
    "SP101": {STAYS, ENDS, WRONG_WISH},
    "SP102": {STAYS, ENDS},
    "SP103": {STAYS, ENDS, WRONG_WISH},
    "SP104": {REMARK},
    "SP105": {STAYS, ENDS},
    "SP106": {STAYS, WISH},
    "SP201": {STAYS, ENDS, WISH, WRONG_WISH},
    "SP202": {REMARK},
    "SP203": {STAYS, ENDS},
    "SP204": {STAYS, ENDS, WISH, WRONG_WISH},
    "SP205": {STAYS, ENDS},
    "SP206": {STAYS, ENDS},
    "SP207": {STAYS, ENDS},
    "SP208": {STAYS, ENDS},
    "SP209": {STAYS, WISH},
    "SP210": {STAYS, WISH},
    "SP211": {REMARK},
    "SP212": {REMARK, ASKED},
    "SP301": {STAYS, ENDS, WRONG_WISH},
    "SP302": {STAYS, WRONG_WISH},
    "SP303": {STAYS, WRONG_WISH},
    "SP304": {STAYS, WISH},
    "SP305": {STAYS, ENDS, WRONG_WISH},
    "SP306": {STAYS, ENDS, WISH},
    "SP307": {REMARK},
    "SP308": {STAYS, ENDS, WISH},
    "SP401": {REMARK, ASKED},
    "SP402": {STAYS, ENDS},
    "SP403": {WISH},
    "SP404": {STAYS, ENDS, WISH},
    "SP501": {WALL},
    "SP502": {REMARK},
    "SP503": {STAYS, ENDS},
    "SP504": {WALL},
    "SP505": {WALL},
    "SP506": {WALL, ENDS},  # the latter where the plan replaces the value
    "SP507": {WALL},
    "SP601": {WALL, STAYS},  # the latter in a preview, which is never applied
    "SP602": {WALL},
    "SP603": {WALL},
    "SP604": {WISH},
    "SP605": {WALL},
    "SP606": {STAYS},
    "SP607": {"during error blocks"},
    "SP608": {WALL},
    "SP609": {WRONG_WISH},
    "SP610": {STAYS},
    "SP611": {REMARK},
}
"""Scope and weight of each finding, wherever it may stand."""


def documents() -> list[Document]:
    """What lies in the folders: plans, and errors of files that come to no plan."""
    plans = [case / "plan.json" for case in CASES]
    errors = [case / "error.json" for case in WRONG]
    return [json.loads(file.read_text("utf-8")) for file in (*plans, *errors)]


def changes() -> list[Document]:
    """The changes of all plans."""
    return [each for told in documents() for each in told.get("changes", ())]


def test_every_kind_of_change_has_a_case() -> None:
    """With every action that it may have: coming, changing, going."""
    shown: defaultdict[str, set[str]] = defaultdict(set)
    for change in changes():
        shown[change["kind"]].add(change["action"])

    assert shown == KINDS


def test_every_kind_is_known_here() -> None:
    """A kind that comes to be is in the schema, and fails here until it has a case."""
    told = plan_schema()["$defs"]["change"]["properties"]["kind"]["enum"]
    plans = [planned_from(case).plan for case in CASES]

    assert KINDS.keys() == {*told}
    assert {*get_args(Change)} == {
        type(each) for plan in plans for each in plan.changes
    }


def test_every_cause_has_a_case() -> None:
    """What the desired file brings, what drifted, and what is only now looked at."""
    assert {"desired", "drift", "new"} == {change["cause"] for change in changes()}


def test_every_finding_has_a_case() -> None:
    """In every scope and with every weight that it may have."""
    shown: defaultdict[str, set[str]] = defaultdict(set)
    for told in documents():
        for each in told["findings"]:
            blocks = " blocks" if each["blocks"] else ""
            shown[each["code"]].add(f"{each['scope']} {each['severity']}{blocks}")

    assert shown == SHOWN
    assert CATALOGUE.keys() == SHOWN.keys()


def test_findings_have_places() -> None:
    """What is about a key of a file has its line, unless the file lacks the key."""
    lacking = {
        each["code"]
        for told in documents()
        for each in told["findings"]
        if each["key"] and each["file"] and each["line"] is None
    }

    assert {"SP204", "SP301", "SP302"} == lacking


def test_every_golden_text_is_compared() -> None:
    """A text that no test looks at would be true only on the day it was written."""
    everywhere = {"plan.github", "plan.json", "plan.markdown", "plan.text"}
    texts = {case.name: {file.name for file in case.glob("plan.*")} for case in CASES}

    assert [] == [name for name, files in texts.items() if not everywhere <= files]
    assert {
        "many-findings": {"plan.codequality", "plan.gitlab", "plan.sarif"},
        "join-and-leave": {"plan.html"},
        "swap": {"plan.html"},
    } == {name: more for name, files in texts.items() if (more := files - everywhere)}
