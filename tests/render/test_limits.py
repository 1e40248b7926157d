"""Plans of every size against what a comment and a step's summary take."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from clusters import plan_of_size
from hypothesis import given, settings
from hypothesis import strategies as st
from page_of import READER
from reports import planned

from stalplan.findings import Finding, Scope, found
from stalplan.names import NodeName
from stalplan.planning.changes import Cause, DropKey, SetHostname
from stalplan.planning.facts import facts
from stalplan.planning.plan import FileEdit, Plan
from stalplan.render import RENDERERS
from stalplan.render.github import MOST, SUMMARY, render_github, step_summary
from stalplan.render.markdown import COMMENT, INCOMPLETE, fitted
from stalplan.render.markdown_sections import bare_changes

SIZES = (1, 50, 500)
SECRET = 'store.x.secret = "canary-3f9c"\n'


@cache
def apart(count: int, *, width: int = 10) -> Plan:
    """A plan for *count* nodes of which no two change alike."""
    plan = plan_of_size(3)
    names = [NodeName(f"mx{number:04}") for number in range(count)]
    reason = "It was changed on the node since the last apply; stalplan.toml asks."
    changes = tuple(
        SetHostname(
            node=name,
            before=f"{name}.{'x' * width}.old.example.org",
            after=f"{name}.{'x' * width}.example.org",
            cause=Cause.DRIFT,
            reason=reason,
        )
        for name in names
    )
    edits = tuple(
        FileEdit(
            node=change.node,
            key="server.hostname",
            before=change.before,
            after=change.after,
            line=number,
        )
        for number, change in enumerate(changes, 1)
    )
    nodes = tuple(replace(plan.nodes[0], name=name) for name in names)
    steps = tuple(
        replace(plan.steps[0], number=number, nodes=(name,), why=f"{name} is {number}.")
        for number, name in enumerate(names, 1)
    )
    findings = tuple(
        finding(name, code) for code in ("SP601", "SP403", "SP104") for name in names
    )
    return replace(
        plan, nodes=nodes, changes=changes, edits=edits, steps=steps, findings=findings
    )


def finding(name: NodeName, code: str) -> Finding:
    """One that names its node."""
    detail = f"{name} is told of in a sentence that is as long as most of them are."
    return found(code, Scope.LIVE, detail, node=name, hint="Look at it.")


@cache
def renamed(count: int) -> Plan:
    """A plan, really made, that gives every node the same name and moves a role."""
    names = [f"mx{number:03}" for number in range(count)]
    wish = (
        'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        'hostname = "mail.example.org"\n[roles]\n"purge.stores" = ["mx000"]\n[nodes]\n'
    )
    return planned(
        wish + "".join(f"{name}.id = {i}\n" for i, name in enumerate(names)),
        {
            name: f'cluster.node-id = {i}\nserver.hostname = "{name}.example.org"\n'
            f'{SECRET}cluster.roles.purge.stores = ["{count}"]\n'
            for i, name in enumerate(names)
        },
    ).plan


@pytest.mark.parametrize("count", SIZES)
def test_every_change_of_a_real_plan_is_told(count: int) -> None:
    """Each old name stands in the comment and, with all details, in the summary."""
    plan = renamed(count)
    comment, summary = RENDERERS["markdown"](plan), step_summary(plan)

    assert count + 1 == len(plan.changes)
    assert len(comment) <= COMMENT
    assert len(summary.encode()) <= SUMMARY
    for text in (comment, summary):
        assert INCOMPLETE not in text
        assert "canary" not in text
        told = [node.name for node in plan.nodes if f"{node.name}.example.org" in text]
        assert [node.name for node in plan.nodes] == told
    assert (count == 500) == ("Left out" in comment)
    assert "Left out" not in summary


@pytest.mark.parametrize("count", [1, 50])
def test_usual_plans_fit_whole(count: int) -> None:
    """A plan whose nodes change alike is whole, in a comment and in a summary."""
    plan = plan_of_size(count)
    comment, summary = RENDERERS["markdown"](plan), step_summary(plan)

    assert len(comment) <= COMMENT
    assert len(summary.encode()) <= SUMMARY
    assert comment == summary
    assert "Left out" not in comment


@pytest.mark.parametrize("count", SIZES)
def test_changes_are_never_cut(count: int) -> None:
    """Where no two nodes change alike, details go, and each change still has a line."""
    plan = replace(apart(count), findings=())
    comment = RENDERERS["markdown"](plan)

    assert len(comment) <= COMMENT
    assert INCOMPLETE not in comment
    names = [str(facts(change).before) for change in plan.changes]
    shown = [name for name in names if name in comment]
    assert count == len(shown)
    assert plan.sentence in comment.splitlines()
    assert f"`{plan.digest}`" in comment


def test_what_goes_first() -> None:
    """Diffs go before reasons, and the text says what went and where it is."""
    plan = apart(500)
    whole = fitted(plan, 10**9, len)
    rooms = [len(whole) - 1, 300_000, 230_000, 150_000, 80_000]
    told = [_left_out(fitted(plan, room, len)) for room in rooms]

    assert "Left out" not in whole
    assert "the diffs of the files" == told[0]
    assert told == sorted(told, key=len)
    assert all(later.startswith(earlier) for earlier, later in pairwise(told))
    assert "the diffs of the files, findings that only inform" in told[-1]
    assert "`stalplan show PLAN`" in fitted(plan, 80_000, len)


def _left_out(comment: str) -> str:
    line = next(line for line in comment.splitlines() if "Left out" in line)
    return line.removeprefix("**Left out for length:** ").partition(". All of it")[0]


def test_a_comment_that_can_not_be_complete_says_so() -> None:
    """It counts the lines that fit, has no digest, and can't be approved."""
    plan = apart(2000)
    comment = RENDERERS["markdown"](plan)
    shown = [line for line in comment.splitlines() if line.startswith("- `~ ")]

    assert len(comment) <= COMMENT
    assert COMMENT - len(comment) < 200
    assert INCOMPLETE in comment
    assert f"{len(shown)} of 2000 lines of changes fit in here." in comment
    assert 300 < len(shown) < 2000
    assert "igest: " not in comment
    assert plan.sentence in comment.splitlines()


def test_one_change_longer_than_a_comment() -> None:
    """Nothing of it is shown, and the text says that it is not complete."""
    node = NodeName("mx1")
    change = DropKey(
        node=node,
        key="k" * 100_000,
        before=("1",),
        after=None,
        cause=Cause.NEW,
        reason="",
    )
    comment = RENDERERS["markdown"](replace(plan_of_size(1), changes=(change,)))

    assert "0 of 1 lines of changes fit in here." in comment
    assert "kkk" not in comment


@settings(max_examples=40)
@given(st.integers(0, 70_000), st.sampled_from([1, 3, 40]), st.booleans())
def test_no_room_is_overstepped(room: int, count: int, wide: bool) -> None:
    """However little room, the text fits or is the two sentences that say why not."""
    plan = replace(apart(count), cluster="ä" * 50 if wide else "mail")

    def size(text: str) -> int:
        return len(text.encode())

    text = fitted(plan, room, size)
    lines = [line for line in bare_changes(plan) if line.startswith("- ")]
    complete = INCOMPLETE not in text
    assert size(text) <= max(room, 200)
    if complete and "| change |" not in text:
        assert lines == [line for line in text.splitlines() if line in set(lines)]


def test_a_summary_takes_bytes() -> None:
    """A mebibyte of bytes, not of characters, and less where a step wrote before."""
    plan = replace(apart(1000, width=400), cluster="ä")
    whole, less = step_summary(plan), step_summary(plan, 300_000)

    assert len(whole.encode()) <= SUMMARY
    assert len(less.encode()) <= 300_000
    assert "Left out" in whole


def test_a_cut_text_is_still_markdown() -> None:
    """Every fold that is opened is closed, and the tables have their four columns."""
    for room in range(5_000, 65_000, 5_000):
        text = fitted(apart(60), room, len)
        tokens = [token.type for token in READER.parse(text)]

        assert text.count("<details>") == text.count("</details>")
        assert 0 == tokens.count("th_open") % 4
        assert tokens.count("tr_open") * 4 == (
            tokens.count("th_open") + tokens.count("td_open")
        )


@pytest.mark.parametrize("count", SIZES)
def test_ten_annotations_of_a_kind(count: int) -> None:
    """Errors stand first; the tenth of a kind tells how many GitHub would not show."""
    plan = apart(count)
    lines = render_github(plan).splitlines()
    kinds = [line.removeprefix("::").partition(" ")[0] for line in lines[:-1]]
    shown = min(count, MOST)

    expected = {"error": count, "warning": count, "notice": 2 * count}
    assert ["error"] * shown + ["warning"] * shown + ["notice"] * min(
        2 * count, MOST
    ) == kinds
    for kind, number in expected.items():
        more = [line for line in lines if line.startswith(f"::{kind} title=And ")]
        told = [f"And {number - MOST + 1} more"] if number > MOST else []
        assert told == [line.partition("title=")[2].partition(",")[0] for line in more]
    assert plan.sentence == lines[-1]
