"""The plan for people at a terminal: 80 columns, and nothing is ever cut."""

import textwrap
from typing import TYPE_CHECKING

from stalplan.planning.shown import visible
from stalplan.render.alike import told_once
from stalplan.render.bases import base_lines, base_title
from stalplan.render.diffs import diffs, lines
from stalplan.render.headlines import (
    finding_place,
    finding_title,
    names,
    obstacle,
    rows,
    title,
)
from stalplan.render.risks import risks
from stalplan.render.stretches import stretches, told_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.planning.plan import Plan

WIDTH = 80


def render_text(plan: "Plan") -> str:
    """The plan as text. The last line is an interface: scripts match it.

    Colour is the terminal's business; it goes by the mark a line starts with.
    """
    blocks = [
        [visible(f"{title(plan)}.")],
        list(_base(plan)),
        list(_changes(plan)),
        list(_steps(plan)),
        list(_files(plan)),
        list(_findings(plan)),
        list(_end(plan)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _base(plan: "Plan") -> "Iterator[str]":
    if plan.base is not None:
        yield visible(base_title(plan.base))
    for line in base_lines(plan):
        yield from _wrapped("  ", line, hang=4)


def _changes(plan: "Plan") -> "Iterator[str]":
    if plan.changes:
        yield "Changes"
    for row in rows(plan):
        yield from _wrapped(f"  {row.mark} ", row.headline, hang=4)
        yield from _wrapped("      ", f"[{row.cause}] {row.why}")


def _steps(plan: "Plan") -> "Iterator[str]":
    if plan.steps:
        yield "Steps"
    at_risk = risks(plan)
    for stretch in stretches(plan):
        start = f"  {stretch.numbers:>2}. "
        yield from _wrapped(start, stretch.heading, hang=6)
        for line in filter(None, (stretch.queue, *told_lines(stretch))):
            yield from _wrapped("      ", line)
        for line in lines(stretch.edits):
            yield from _wrapped("      ", line, hang=10)
        for risk in at_risk[stretch.first]:
            yield from _wrapped("    ! ", risk, hang=6)


def _files(plan: "Plan") -> "Iterator[str]":
    changed = diffs(plan)
    if changed:
        yield "Files"
    for diff in changed:
        yield from _wrapped("  ", f"{names(diff.nodes)}  {diff.path}", hang=4)
        for line in diff.lines:
            yield from _wrapped("    ", line, hang=8)


def _findings(plan: "Plan") -> "Iterator[str]":
    if plan.findings:
        yield "Findings"
    for finding in told_once(plan.findings):
        yield from _wrapped("  ! ", finding_title(finding), hang=4)
        place = finding_place(finding, plan.desired.path)
        if place:
            yield from _wrapped("      ", place, hang=8)
        yield from _wrapped("      ", finding.detail)
        if finding.hint:
            yield from _wrapped("      Hint: ", finding.hint, hang=12)


def _end(plan: "Plan") -> "Iterator[str]":
    if stops := obstacle(plan):
        yield from _wrapped("", stops)
        if plan.snapshot is not None and plan.has_changes and not plan.blocked:
            yield from _wrapped("", f"Review digest: {plan.review_digest}", hang=2)
    elif plan.has_changes:
        yield f"Digest: {plan.digest}"
    yield visible(plan.sentence)


def _wrapped(start: str, text: str, hang: int | None = None) -> "Iterator[str]":
    """*text* after *start*; what is longer than a line goes on below, indented.

    A word that is longer than a line stays whole, but for commas in it.
    """
    indent = " " * (len(start) if hang is None else hang)
    lines = textwrap.wrap(
        visible(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
    for line in lines:
        yield from _at_commas(line, indent)


def _at_commas(line: str, indent: str) -> "Iterator[str]":
    """*line* in parts that fit: a list of many ids is one word."""
    while len(line) > WIDTH and (end := line.rfind(",", len(indent), WIDTH) + 1):
        yield line[:end]
        line = indent + line[end:]
    yield line
