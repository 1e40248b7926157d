"""What a step of GitHub Actions gives: annotations, outputs and its summary.

Source: GitHub's documentation, "Workflow commands for GitHub Actions"; actions/runner,
src/Runner.Common/ActionCommand.cs.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.findings import Severity
from stalplan.planning.changes import Cause
from stalplan.planning.plan import Origin
from stalplan.planning.shown import visible
from stalplan.render.alike import told_once
from stalplan.render.bases import base_lines, base_title
from stalplan.render.findings import change_line, finding_line, finding_text
from stalplan.render.headlines import causes, headline, mark, obstacle
from stalplan.render.markdown import fitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalplan.planning.plan import Base, Plan
    from stalplan.render.failure import Failure

SUMMARY = 1 << 20
"""Bytes of all summaries that one step writes; with more GitHub shows none."""

MOST = 10
"""Annotations of a kind that GitHub shows of one step."""

KINDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note beside a line of a file in the repository; None: beside the file."""

    kind: str
    title: str
    text: str
    line: int | None


def render_github(plan: "Plan", at: str | None = None) -> str:
    """Annotations on *at*, the desired file in the repository, and the sentence.

    Errors stand first; where there are more than ten of a kind the tenth tells how
    many are not shown.
    """
    lines = [_command(each, at or plan.desired.path) for each in _shown(_notes(plan))]
    return "".join(f"{line}\n" for line in [*lines, harmless(plan.sentence)])


def render_failure(failure: "Failure", at: str | None = None) -> str:
    """An annotation for each finding behind a failure, or one for the failure."""
    notes = [
        Annotation(
            KINDS[finding.severity],
            f"{finding.code} {finding.summary}",
            finding_text(finding, at=finding.file or ""),
            finding.line if at else None,
        )
        for finding in told_once(failure.findings)
    ] or [Annotation("error", failure.summary, failure.text, None)]
    return "".join(f"{_command(each, at)}\n" for each in _shown(notes))


def step_summary(plan: "Plan", room: int = SUMMARY) -> str:
    """The plan in Markdown for the step's summary, of at most *room* bytes."""
    return fitted(plan, room, lambda text: len(text.encode()))


def outputs(plan: "Plan") -> dict[str, str]:
    """What later steps and jobs can ask for, by name.

    The digests are empty where there is none; so are the counts of a branch's changes
    where the plan was not compared with a base.
    """
    severities = [finding.severity for finding in plan.findings]
    summary, base = plan.summary, plan.base
    return {
        "cluster": visible(plan.cluster),
        "sentence": visible(plan.sentence),
        "has_changes": _word(plan.has_changes),
        "complete": _word(plan.complete),
        "blocked": _word(plan.blocked),
        "add": str(summary.add),
        "change": str(summary.change),
        "remove": str(summary.remove),
        "files": str(summary.files),
        "restarts": str(summary.restarts),
        "from_branch": "" if base is None else str(base.origins.count(Origin.BRANCH)),
        "pending": "" if base is None else str(base.origins.count(Origin.PENDING)),
        "drift_left": "" if base is None else str(_drift_left(base)),
        "errors": str(severities.count(Severity.ERROR)),
        "warnings": str(severities.count(Severity.WARNING)),
        "digest": plan.digest or "",
        "review_digest": visible(plan.review_digest),
    }


def _drift_left(base: "Base") -> int:
    """How many changes that would undo drift the branch no longer asks for."""
    return sum(change.cause is Cause.DRIFT for change in base.gone)


def output_file(values: "dict[str, str]") -> str:
    """*values* as GITHUB_OUTPUT takes them, each ended by what is not in it."""
    return "".join(_output(name, value) for name, value in values.items())


def _output(name: str, value: str) -> str:
    end = "END"
    while end in value:
        end += "_"
    return f"{name}<<{end}\n{value}\n{end}\n"


def _word(flag: bool) -> str:  # noqa: FBT001 - a value, not a switch
    return "true" if flag else "false"


def _notes(plan: "Plan") -> "Iterator[Annotation]":
    """Errors and warnings, then the changes, then what only informs.

    That a plan is a preview is a note of its own, unless an error says more; so is
    what the branch brings and leaves.
    """
    informing = []
    if plan.snapshot is not None and not plan.blocked:
        yield Annotation("notice", "Preview", obstacle(plan), None)
    if plan.base is not None:
        text = " ".join(base_lines(plan))
        yield Annotation("notice", base_title(plan.base), text, None)
    for finding in told_once(plan.findings):
        note = Annotation(
            KINDS[finding.severity],
            f"{finding.code} {finding.summary}",
            finding_text(finding, at=plan.desired.path),
            finding_line(plan, finding),
        )
        if finding.severity is Severity.INFO:
            informing.append(note)
        else:
            yield note
    for change, cause in zip(plan.changes, causes(plan), strict=True):
        text = f"{mark(change)} {headline(change)} [{cause}] {change.reason}"
        title = f"Change of cluster {plan.cluster}"
        yield Annotation("notice", title, text, change_line(plan, change))
    yield from informing


def _shown(notes: "Iterable[Annotation]") -> "Iterator[Annotation]":
    every = list(notes)
    for kind in KINDS.values():
        alike = [note for note in every if note.kind == kind]
        if len(alike) <= MOST:
            yield from alike
        else:
            yield from _first(alike)


def _first(alike: "Sequence[Annotation]") -> "Iterator[Annotation]":
    yield from alike[: MOST - 1]
    rest = len(alike) - MOST + 1
    text = f"GitHub shows {MOST} of a kind; the step's summary has all of them."
    yield Annotation(alike[0].kind, f"And {rest} more", text, None)


def _command(note: Annotation, at: str | None) -> str:
    told = {"title": note.title}
    if at:
        told["file"] = at
        told |= {"line": str(note.line)} if note.line is not None else {}
    parameters = ",".join(f"{key}={_property(text)}" for key, text in told.items())
    return f"::{note.kind} {parameters}::{_data(note.text)}"


def _data(text: str) -> str:
    text = visible(text).replace("%", "%25")
    return text.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def harmless(text: str) -> str:
    """*text* on one line that the runner does not take for a command of its own."""
    line = visible(text)
    return line.replace("::", r"\x3a:", 1) if line.lstrip().startswith("::") else line
