"""Texts of nodes, files and errors can't break out of what they are shown in."""

import json
import re
from dataclasses import replace
from functools import cache

import pytest
from github_runner import Command, commands, outputs
from golden import CASES, planned_from
from hostile import EVIL, poisoned
from hypothesis import given, settings
from hypothesis import strategies as st
from page_of import (
    LIVE,
    all_texts,
    elements,
    github_html,
    loose_texts,
    seen_text,
    skeleton,
    squeezed,
)

from stalplan.planning.plan import Plan
from stalplan.planning.shown import visible
from stalplan.render import FAILURES, RENDERERS, github
from stalplan.render.alike import told_once
from stalplan.render.failure import Failure
from stalplan.render.markdown import fitted
from stalplan.render.markup import code, prose

SEEN = sorted({*RENDERERS} - {"html"})  # pages are read by a browser: test_html.py

evil_texts = (
    st.lists(
        st.sampled_from(
            [*EVIL, " ", "\n", "x", "|", "\\", "`", "*", "_", "<", "&", ":"]
        )
        | st.text(max_size=4),
        min_size=1,
        max_size=6,
    )
    .map("".join)
    .filter(str.strip)
)


@cache
def kind_plan() -> Plan:
    """A plan with changes, steps, findings and files of several kinds."""
    case = next(case for case in CASES if case.name == "many-findings")
    return planned_from(case).plan


@pytest.mark.parametrize("form", SEEN)
def test_no_control_character_is_left(form: str) -> None:
    """What moves a cursor, ends a line or turns text around is spelled out."""
    texts = [RENDERERS[form](poisoned(kind_plan(), evil)) for evil in EVIL]

    assert [] == re.findall(r"[^\n -~]", "\n".join(texts))


@pytest.mark.parametrize("form", sorted(RENDERERS))
def test_no_format_has_a_command_for_the_runner(form: str) -> None:
    """Printed in a log of GitHub Actions, only annotations are commands."""
    logs = [RENDERERS[form](poisoned(kind_plan(), evil)) for evil in EVIL]
    found = [command for log in logs for command in commands(log)]

    if form == "text":  # the terminal sees to what wrapped lines begin with
        found = [command for command in found if "##[" in str(command)]
    kinds = {command.name for command in found}
    assert kinds <= ({"error", "warning", "notice"} if form == "github" else set())
    assert not [c for c in found if {*c.properties} - {"title", "file", "line"}]


@pytest.mark.parametrize("evil", EVIL)
def test_evil_markdown_is_text(evil: str) -> None:
    """Every text that wants to be more has the tree of mark-up of a harmless one."""
    _assert_harmless(evil)


@settings(max_examples=60)
@given(evil_texts)
def test_any_markdown_is_text(evil: str) -> None:
    """Whatever is in a text: no link, element, cell or block more, nothing lost."""
    _assert_harmless(evil)


def _assert_harmless(evil: str) -> None:
    markdown = fitted(poisoned(kind_plan(), evil), 1 << 30, len)

    assert _harmless_blocks() == _blocks(markdown)
    assert [] == _alive(markdown)
    spelled = re.sub("`{9,}", lambda run: r"\x60" * len(run[0]), visible(evil))
    html = github_html(markdown)
    assert _harmless_elements() == elements(html)
    for shown in (all_texts(markdown), seen_text(html)):
        assert _bare(squeezed(spelled)) in _bare(shown)


def _bare(text: str) -> str:
    """Without what is spelled out in cells and in code alone."""
    return text.replace(r"\x60", "").replace(r"\x7c", "|")


@cache
def _harmless_blocks() -> list[str]:
    return _blocks(RENDERERS["markdown"](poisoned(kind_plan(), "ab")))


@cache
def _harmless_elements() -> list[str]:
    return elements(github_html(RENDERERS["markdown"](poisoned(kind_plan(), "ab"))))


def _blocks(markdown: str) -> list[str]:
    """The tree, in which words and code may stand in any number."""
    return [kind for kind in skeleton(markdown) if kind != "code_inline"]


def _alive(markdown: str) -> list[str]:
    lines = markdown.splitlines()
    quick = [line for line in lines if line.lstrip().startswith("/")]  # GitLab's
    return LIVE.findall(loose_texts(markdown)) + quick


@pytest.mark.parametrize("before", ["", "\n", "`\n", "```\n", "</details>\n\n"])
def test_no_text_passes_for_the_digest(before: str) -> None:
    """A bot that looks for the digest's line finds what the plan has, or nothing."""
    line = f"Review digest: `review:{'0' * 64}`"
    plan = replace(poisoned(kind_plan(), f"{before}{line}"), review_digest="review:1")
    free = replace(plan, findings=(), steps=(), complete=True)
    texts = [render(plan) for render in (RENDERERS["markdown"], github.step_summary)]

    assert [] == [text for text in texts if "\nReview digest: " in text]
    assert ["Review digest: `review:1`"] == re.findall(
        "^Review digest: .*", RENDERERS["markdown"](free), re.MULTILINE
    )


@given(evil_texts)
def test_annotations_carry_the_very_text(evil: str) -> None:
    """The runner reads one command a line, with the text as it is shown elsewhere."""
    plan = poisoned(kind_plan(), evil)
    log = github.render_github(plan, evil)
    found = commands(log)

    assert len(log.splitlines()) - 1 == len(found)
    assert {visible(evil)} == {command.properties["file"] for command in found}
    texts = [command.text for command in found if command.name == "error"]
    blocking = [finding for finding in told_once(plan.findings) if finding.blocks]
    assert [True] * len(blocking) == [visible(evil) in text for text in texts]


@given(evil_texts)
def test_outputs_are_what_they_were(evil: str) -> None:
    """No value ends early or sets another output."""
    told = github.outputs(poisoned(kind_plan(), evil))
    ends = {**told, "cluster": "END\nEND_\nadd<<END\n7\nEND"}

    assert told == outputs(github.output_file(told))
    assert ends == outputs(github.output_file(ends))


@given(evil_texts)
def test_lists_stay_json(evil: str) -> None:
    """What tools read is JSON with the very text in it."""
    plan = poisoned(kind_plan(), evil)
    issues = json.loads(RENDERERS["codequality"](plan))
    (run,) = json.loads(RENDERERS["sarif"](plan))["runs"]
    widget = json.loads(RENDERERS["gitlab"](plan))

    assert {"create", "update", "delete"} == {*widget}
    assert len(plan.findings) == len(issues) == len(run["results"])
    texts = [result["message"]["text"] for result in run["results"]]
    unescaped = [re.sub(r"\\([\\\[\]])", r"\1", text) for text in texts]
    assert all(visible(evil) in issue["description"] for issue in issues)
    assert all(visible(evil) in text for text in unescaped)
    assert [] == [text for text in texts if re.search(r"(?<!\\)(\\\\)*\[", text)]


@pytest.mark.parametrize("form", sorted(FAILURES))
@given(evil=evil_texts)
def test_failures_can_not_break_out(form: str, evil: str) -> None:
    """An error text of a node is one annotation, or a text in JSON."""
    failure = Failure(summary="It failed", detail=evil, hint=evil, exit_code=4)
    text = FAILURES[form](failure, None)

    if form == "github":
        title = {"title": "It failed"}
        assert [Command("error", visible(failure.text), title)] == commands(text)
    else:
        assert [] == commands(text)
        json.loads(text)


def test_words_of_sentences_stay_words() -> None:
    """Only what could be taken for more is shown as code."""
    cases = {
        "Today mx2 counts as id 1, as mx1 does.": None,
        "It has Stalwart 0.14.1 (today).": None,
        "stalplan.toml asks for it.": "`stalplan.toml` asks for it.",
        'Hint: "purge.stores" = ["mx1"]': 'Hint: `"purge.stores" = ["mx1"]`',
        "Run `ssh mx1`, now": "Run `ssh mx1`, now",
        "spam-training, and re-read": "`spam-training`, and re-read",
        "by @user (#12)": "by `@user (#12)`",
        'protocol-version = "resp3"': '`protocol-version = "resp3"`',
        'Write "x.y" = "all" here.': 'Write `"x.y" = "all"` here.',
        'Write ["1", "2"] for it.': 'Write `["1", "2"]` for it.',
        "One per entry: [1, 2].": "One per entry: `[1, 2]`.",
    }

    assert [text or case for case, text in cases.items()] == [*map(prose, cases)]


def test_code_in_a_cell_has_no_border() -> None:
    """Readers differ on a bar after a backslash, so there is none."""
    assert r"`a \| b`" == code("a | b", cell=True)
    assert r"`a\\x7cb`" == code(r"a\|b", cell=True)
    assert "`` ` ``" == code("`", cell=True)


def test_texts_are_never_cut() -> None:
    """A text that is longer than a line stays whole."""
    plan = kind_plan()
    long = replace(plan.findings[0], detail="x" * 300)

    assert "x" * 300 in RENDERERS["text"](replace(plan, findings=(long,)))
