"""All formats of a plan say the same, in numbers and in names."""

import html
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from clusters import plan_of_size
from github_runner import commands, outputs
from golden import CASES, planned_from
from hypothesis import given, settings
from hypothesis import strategies as st
from page_of import all_texts, squeezed
from reports import planned

from stalplan.findings import Severity
from stalplan.planning.facts import facts
from stalplan.planning.outcome import exit_code
from stalplan.planning.plan import Plan
from stalplan.render import RENDERERS, github
from stalplan.render.alike import told_once
from stalplan.render.headlines import headline, rows

Numbers = dict[str, int]

SENTENCE = re.compile(
    r"Plan: (?P<add>\d+) to add, (?P<change>\d+) to change, (?P<remove>\d+) to "
    r"remove\. Files: (?P<files>\d+), restarts: (?P<restarts>\d+)\."
)
SUMMARY = re.compile(r"<summary>.*</summary>")
"""Of what is folded away; to a reader of Markdown it is no text."""


def in_sentence(text: str) -> Numbers:
    """The numbers of the sentence, which is there once, or says that there are none."""
    found = [*SENTENCE.finditer(text)]
    if not found:
        assert "No changes. The cluster matches stalplan.toml." in text
        return dict.fromkeys(("add", "change", "remove", "files", "restarts"), 0)
    (one,) = {tuple(each.groupdict().items()) for each in found}
    return {key: int(number) for key, number in one}


def in_properties(text: str) -> Numbers:
    """The numbers of SARIF's run."""
    summary: Numbers = json.loads(text)["runs"][0]["properties"]["summary"]
    return summary


def in_widget(text: str) -> Numbers:
    """The three numbers that GitLab shows."""
    counts = json.loads(text)
    pairs = (("add", "create"), ("change", "update"), ("remove", "delete"))
    return {ours: counts[theirs] for ours, theirs in pairs}


NUMBERS: dict[str, Callable[[str], Numbers]] = {
    "github": in_sentence,
    "gitlab": in_widget,
    "html": lambda text: in_sentence(html.unescape(text)),
    "json": lambda text: dict(json.loads(text)["summary"]),
    "markdown": in_sentence,
    "sarif": in_properties,
    "text": in_sentence,
}
"""Every format but the list of issues, which has no place for counts."""

CHANGES: dict[str, Callable[[str], object]] = {
    "json": lambda text: json.loads(text)["changes"],
    "sarif": lambda text: json.loads(text)["runs"][0]["properties"]["changes"],
}

FINDINGS: dict[str, Callable[[str], "Counter[str]"]] = {
    "codequality": lambda text: Counter(
        issue["check_name"] for issue in json.loads(text)
    ),
    "html": lambda text: Counter(re.findall(r"<h3>(SP\d+) ", text)),
    "json": lambda text: Counter(each["code"] for each in json.loads(text)["findings"]),
    "markdown": lambda text: Counter(
        re.findall(r"^- \*\*(SP\d+) ", text, re.MULTILINE)
    ),
    "sarif": lambda text: Counter(
        each["ruleId"] for each in json.loads(text)["runs"][0]["results"]
    ),
    "text": lambda text: Counter(re.findall(r"^  ! (SP\d+) ", text, re.MULTILINE)),
}

READERS: dict[str, Callable[[str], str]] = {
    "html": lambda text: squeezed(html.unescape(re.sub(r"<[^>]*>", "", text))),
    "markdown": lambda text: all_texts(text) + squeezed("".join(SUMMARY.findall(text))),
    "text": squeezed,
}
"""What people see, without blanks."""


def test_every_format_is_looked_at() -> None:
    """A format that comes to be is no exception."""
    assert {*RENDERERS} == {*NUMBERS, "codequality"}


ids = st.integers(0, 5)
names = st.sampled_from(["mail.example.org", "old.example.org", "mx.example.org"])
holders = st.sampled_from(['["1"]', '["2"]', '["9"]', "[1, 2]", '["x"]', "[]"])
wishes = st.sampled_from(['"all"', '"none"', '["mx1"]', '["mx2", "mx1"]'])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan for one to three nodes, of which anything may differ."""
    count = draw(st.integers(2, 3))
    wanted = draw(st.lists(ids, min_size=count, max_size=count, unique=True))
    roles = draw(st.dictionaries(st.sampled_from(["purge.stores", "x"]), wishes))
    lines = [f'"{role}" = {wish}\n' for role, wish in roles.items() if role != "x"]
    nodes = "".join(f"mx{n}.id = {node_id}\n" for n, node_id in enumerate(wanted, 1))
    wish = (
        'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        f'hostname = "{draw(names)}"\n[roles]\n{"".join(lines)}[nodes]\n{nodes}'
    )
    live = {f"mx{number}": draw(_live()) for number in range(1, count + 1)}
    return planned(wish, live).plan


@st.composite
def _live(draw: st.DrawFn) -> str:
    lines = [
        f"cluster.node-id = {draw(ids)}\n",
        f'server.hostname = "{draw(names)}"\n',
        f"cluster.roles.purge.stores = {draw(holders)}\n",
        'cluster.coordinator = "redis"\n',
    ]
    kept = draw(st.lists(st.sampled_from(lines), unique=True))
    return 'store.redis.password = "canary-3f9c"\n' + "".join(kept)


@settings(max_examples=50)
@given(plans())
def test_formats_of_any_plan_agree(plan: Plan) -> None:
    """Whatever differs, all formats have the same numbers, changes and findings."""
    _assert_agreement(plan)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_formats_of_a_case_agree(case: Path) -> None:
    """So do those of the plans that are kept."""
    _assert_agreement(planned_from(case).plan)


@pytest.mark.parametrize("count", [1, 50, 512])
def test_formats_of_any_size_agree(count: int) -> None:
    """Also where steps, findings and nodes that are alike are told as one."""
    _assert_agreement(plan_of_size(count))


def _assert_agreement(plan: Plan) -> None:
    texts = {form: render(plan) for form, render in RENDERERS.items()}
    _assert_numbers(plan, texts)
    _assert_changes(plan, texts)
    _assert_findings(plan, texts)
    assert [] == [form for form, text in texts.items() if "canary" in text]


def _assert_numbers(plan: Plan, texts: dict[str, str]) -> None:
    summary = plan.summary
    keys = ("add", "change", "remove", "files", "restarts")
    numbers = {key: getattr(summary, key) for key in keys}
    for form, read in NUMBERS.items():
        found = read(texts[form])
        assert {key: numbers[key] for key in found} == found, form
    told = outputs(github.output_file(github.outputs(plan)))
    assert {key: str(number) for key, number in numbers.items()} == {
        key: told[key] for key in numbers
    }
    levels = Counter(finding.severity for finding in plan.findings)
    assert [str(levels[Severity.ERROR]), str(levels[Severity.WARNING])] == [
        told["errors"],
        told["warnings"],
    ]
    flags = {"has_changes": plan.has_changes, "complete": plan.complete}
    assert flags == {key: told[key] == "true" for key in flags}
    soon = plan.complete or (plan.snapshot is not None and not plan.blocked)
    assert (exit_code(plan, detailed=False) == 0) == soon
    steps = json.loads(texts["json"])["steps"]
    assert len(plan.steps) == len(steps)


def _assert_findings(plan: Plan, texts: dict[str, str]) -> None:
    """Programs get each finding; people get each text once."""
    every = Counter(finding.code for finding in plan.findings)
    once = Counter(finding.code for finding in told_once(plan.findings))
    assert {form: once if form in READERS else every for form in FINDINGS} == {
        form: read(texts[form]) for form, read in FINDINGS.items()
    }


def _assert_changes(plan: Plan, texts: dict[str, str]) -> None:
    addresses = [facts(change).address for change in plan.changes]
    for form, read in CHANGES.items():
        changes = read(texts[form])
        assert isinstance(changes, list)
        assert addresses == [change["address"] for change in changes], form
    for form, read in READERS.items():
        seen = read(texts[form])
        told = [*(row.headline for row in rows(plan)), *_nodes(plan)]
        assert [] == [each for each in told if squeezed(each) not in seen], form
    notes = [
        each.text
        for each in commands(texts["github"])
        if each.properties["title"].startswith("Change of")
    ]
    lines = [headline(change) for change in plan.changes]
    notices = [note.text for note in commands(texts["github"]) if note.name == "notice"]
    assert len(notes) == min(len(lines), 10 if len(notices) < 10 else 9)
    assert [] == [
        line for line, note in zip(lines, notes, strict=False) if line not in note
    ]


def _nodes(plan: Plan) -> list[str]:
    return [node for row in rows(plan) for node in row.nodes]
