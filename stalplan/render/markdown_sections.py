"""The parts of a plan in Markdown, each from all it has to say to the least."""

from typing import TYPE_CHECKING

from stalplan.findings import Severity
from stalplan.planning.changes import Cause
from stalplan.render.alike import told_once
from stalplan.render.bases import base_lines, base_title
from stalplan.render.diffs import diffs, lines
from stalplan.render.findings import counted
from stalplan.render.headlines import (
    finding_place,
    finding_title,
    names,
    obstacle,
    rows,
)
from stalplan.render.markup import code, fenced, html_code, prose
from stalplan.render.risks import at_risk, risks
from stalplan.render.stretches import stretches, told_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalplan.findings import Finding
    from stalplan.names import NodeName
    from stalplan.planning.plan import Plan
    from stalplan.render.headlines import Row
    from stalplan.render.stretches import Stretch

FEW = 6  # lines that a summary takes of one kind
UNFOLDED = 10  # diffs, or names of nodes, that are seen before anyone unfolds them


def danger(plan: "Plan") -> "Iterator[str]":
    """What to know before anything else; nothing where there is no danger."""
    told = list(_dangers(plan))
    if told:
        yield from ("### Danger", "", *(f"- {each}" for each in told))


def _dangers(plan: "Plan") -> "Iterator[str]":
    if stops := obstacle(plan):
        blocking = counted([finding for finding in plan.findings if finding.blocks])
        yield f"**{prose(stops)}** {prose(blocking)}.".replace(" .", "")
    unseen = [node.name for node in plan.nodes if not node.reached]
    if unseen:
        what = "were" if len(unseen) > 1 else "was"
        yield f"{_few(unseen)} {what} not read: nothing is known of the file there."
    undone = sum(change.cause is Cause.DRIFT for change in plan.changes)
    if undone:
        what = "change undoes" if undone == 1 else "changes undo"
        yield f"{undone} {what} what was changed on nodes since the last apply."
    meanwhile = at_risk(plan)
    for risk in meanwhile if len(meanwhile) <= FEW else ():
        span = f"Until step {risk.until} is done"
        yield f"{span}, from the end of step {risk.since}: {prose(risk.sentence)}"
    if len(meanwhile) > FEW:
        yield f"{len(meanwhile)} times something is at risk on the way: see the steps."
    warnings = [each for each in plan.findings if each.severity is Severity.WARNING]
    if warnings:
        what = "warning" if len(warnings) == 1 else "warnings"
        yield f"{len(warnings)} {what}: {prose(counted(warnings))}."


def _few(nodes: "Sequence[NodeName]") -> str:
    return names(nodes) if len(nodes) <= FEW else f"{len(nodes)} nodes"


def base(plan: "Plan") -> "Iterator[str]":
    """What the branch brings and gives up; nothing where there is no base."""
    if plan.base is not None:
        yield from (f"### {prose(base_title(plan.base))}", "")
        yield from (f"- {prose(line)}" for line in base_lines(plan))


def changes(plan: "Plan") -> "Iterator[str]":
    """A line for each change, with why it is made."""
    if plan.changes:
        yield from (
            "### Changes",
            "",
            "| | change | cause | why |",
            "|---|---|---|---|",
        )
    for row in rows(plan):
        yield f"| {code(row.mark)} | {_line(row)} | {row.cause} | {_why(row)} |"


def _line(row: "Row") -> str:
    return code(row.headline, cell=True)


def _why(row: "Row") -> str:
    return prose(row.why, cell=True)


def bare_changes(plan: "Plan") -> "Iterator[str]":
    """A line for each change and no more: this is never cut."""
    if plan.changes:
        yield from ("### Changes", "")
    for row in rows(plan):
        whom = f", {len(row.changes)} changes: {names(row.nodes)}"
        yield f"- {code(f'{row.mark} {row.headline}')}" + (
            whom if len(row.changes) > 1 else ""
        )


def steps(plan: "Plan") -> "Iterator[str]":
    """What happens in which order, what each step is for, and what is at risk."""
    if plan.steps:
        yield from ("### Steps", "")
    told = risks(plan)
    for stretch in stretches(plan):
        yield _heading(stretch)
        for line in told_lines(stretch):
            yield f"  - {prose(line)}"
        if stretch.queue:
            yield f"  - {prose(stretch.queue)}"
        for risk in told[stretch.first]:
            yield f"  - **At risk:** {prose(risk)}"
        if stretch.edits:
            yield ""
            yield from (f"  {line}" for line in fenced(lines(stretch.edits)))
            yield ""


def bare_steps(plan: "Plan") -> "Iterator[str]":
    """What happens in which order, and what is at risk."""
    if plan.steps:
        yield from ("### Steps", "")
    told = risks(plan)
    for stretch in stretches(plan):
        yield _heading(stretch)
        for risk in told[stretch.first]:
            yield f"  - **At risk:** {prose(risk)}"


def no_steps(plan: "Plan") -> "Iterator[str]":
    """How many there are."""
    if plan.steps:
        yield from ("### Steps", "", f"{len(plan.steps)}, none of them told here.")


def _heading(stretch: "Stretch") -> str:
    what = "Step" if stretch.alone else "Steps"
    return f"- **{what} {stretch.numbers}** {prose(stretch.heading)}"


def findings(plan: "Plan") -> "Iterator[str]":
    """All of them; those that only inform are folded."""
    if plan.findings:
        yield from ("### Findings", "")
    informing = [each for each in plan.findings if each.severity is Severity.INFO]
    grave = [each for each in plan.findings if each.severity is not Severity.INFO]
    yield from _told(plan, grave)
    if informing:
        yield from ("", "<details>") if grave else ("<details>",)
        what = "finding that only informs"
        if len(informing) > 1:
            what = "findings that only inform"
        yield from (f"<summary>{len(informing)} {what}</summary>", "")
        yield from _told(plan, informing)
        yield from ("", "</details>")


def grave_findings(plan: "Plan") -> "Iterator[str]":
    """Without those that only inform."""
    yield from _findings(
        plan, [each for each in plan.findings if each.severity is not Severity.INFO]
    )


def blocking_findings(plan: "Plan") -> "Iterator[str]":
    """Those that stand in the way."""
    yield from _findings(plan, [each for each in plan.findings if each.blocks])


def counted_findings(plan: "Plan") -> "Iterator[str]":
    """How many there are of each code."""
    yield from _findings(plan, [])


def _findings(plan: "Plan", told: "Iterable[Finding]") -> "Iterator[str]":
    if plan.findings:
        yield from ("### Findings", "")
    kept = dict.fromkeys(told)
    yield from _told(plan, kept)
    rest = [finding for finding in plan.findings if finding not in kept]
    if rest:
        yield f"- And {len(rest)} more: {prose(counted(rest))}."


def _told(plan: "Plan", found: "Iterable[Finding]") -> "Iterator[str]":
    yield from (_finding(each, plan.desired.path) for each in told_once(found))


def _finding(finding: "Finding", desired: str) -> str:
    place = finding_place(finding, desired)
    told = [f"**{prose(finding_title(finding))}**"]
    told += [f"{code(place)}:"] if place else []
    told.append(prose(finding.detail))
    told += [f"Hint: {prose(finding.hint)}"] if finding.hint else []
    return f"- {' '.join(told)}"


def files(plan: "Plan") -> "Iterator[str]":
    """What each file loses and gets, folded."""
    found = diffs(plan)
    if not found:
        return
    yield from ("### Files", "")
    if len(found) > UNFOLDED:
        yield from ("<details>", f"<summary>{len(found)} diffs</summary>", "")
    for diff in found:
        few = len(diff.nodes) <= UNFOLDED
        whom = names(diff.nodes) if few else f"{len(diff.nodes)} nodes"
        yield "<details>"
        yield f"<summary>{whom}: {html_code(diff.path)}</summary>"
        yield from () if few else ("", f"{', '.join(diff.nodes)}:")
        yield from ("", *fenced(diff.lines), "", "</details>")
    if len(found) > UNFOLDED:
        yield from ("", "</details>")


def no_files(plan: "Plan") -> "Iterator[str]":
    """How many files change."""
    if plan.edits:
        yield from ("### Files", "", f"{plan.summary.files}, no diff of them here.")


def digests(plan: "Plan") -> "Iterator[str]":
    """What an approval names, if only that nothing changes; nothing that is blocked."""
    if plan.blocked:
        return
    if plan.complete and plan.digest is not None:
        yield from (f"Digest: {code(plan.digest)}", "")
    yield f"Review digest: {code(plan.review_digest)}"
