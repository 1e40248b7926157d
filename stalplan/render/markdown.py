"""The plan for a review page: Markdown that no text of a node can break out of."""

import re
from typing import TYPE_CHECKING

from stalplan.planning.shown import visible
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalplan.planning.plan import Plan

_SPECIAL = re.compile(r"([\\`*_\[\]<>|&~#])")


def render_markdown(plan: "Plan") -> str:
    """The plan as CommonMark with GitHub's tables. The last line is the sentence."""
    blocks = [
        [f"## {escaped(title(plan))}"],
        list(_changes(plan)),
        list(_steps(plan)),
        list(_files(plan)),
        list(_findings(plan)),
        list(_end(plan)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def escaped(text: str) -> str:
    """*text* as itself: on one line, without any mark-up or HTML of its own."""
    return _SPECIAL.sub(r"\\\1", visible(text))


def _changes(plan: "Plan") -> "Iterator[str]":
    if not plan.changes:
        return
    yield from ("### Changes", "", "| | change | cause | why |", "|---|---|---|---|")
    for row in rows(plan):
        cells = (f"`{row.mark}`", escaped(row.headline), row.cause, escaped(row.why))
        yield f"| {' | '.join(cells)} |"


def _steps(plan: "Plan") -> "Iterator[str]":
    if not plan.steps:
        return
    yield from ("### Steps", "")
    at_risk = risks(plan)
    for step in plan.steps:
        acts = ", ".join(step.actions)
        yield f"{step.number}. **{escaped(names(step.nodes))}**: {acts}."
        yield f"   {escaped(step.why)}"
        for risk in at_risk[step.number]:
            yield f"   **At risk:** {escaped(risk)}"
        if step.edits:
            yield ""
            yield from (f"   {line}" for line in _fenced(lines(step.edits)))


def _files(plan: "Plan") -> "Iterator[str]":
    changed = diffs(plan)
    if changed:
        yield "### Files"
    for diff in changed:
        yield from ("", f"{escaped(names(diff.nodes))}: {escaped(diff.path)}", "")
        yield from _fenced(diff.lines)


def _fenced(texts: "Iterable[str]") -> list[str]:
    """A block of code whose fence is longer than any run of backticks in it."""
    body = list(texts)
    longest = max((len(run) for run in re.findall("`+", "\n".join(body))), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", *body, fence]


def _findings(plan: "Plan") -> "Iterator[str]":
    if plan.findings:
        yield from ("### Findings", "")
    for finding in plan.findings:
        place = finding_place(finding)
        told = [f"**{escaped(finding_title(finding))}**"]
        told += [f"{escaped(place)}:"] if place else []
        told.append(escaped(finding.detail))
        told += [f"Hint: {escaped(finding.hint)}"] if finding.hint else []
        yield f"- {' '.join(told)}"


def _end(plan: "Plan") -> "Iterator[str]":
    if stops := obstacle(plan):
        yield from (f"**{stops}**", "")
    elif plan.has_changes:
        yield from (f"Digest: `{plan.digest}`", "")
    yield escaped(plan.sentence)
