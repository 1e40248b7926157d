"""Changes, findings and files: lists that need no drawing."""

from typing import TYPE_CHECKING

from stalplan.findings import Severity
from stalplan.render.alike import told_once
from stalplan.render.diffs import diffs
from stalplan.render.headlines import finding_place, finding_title, names, rows
from stalplan.render.html.elements import tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from stalplan.findings import Finding
    from stalplan.names import NodeName
    from stalplan.planning.plan import Plan
    from stalplan.render.headlines import Row

_WORDS = {"+": ("add", "added"), "~": ("change", "changed"), "-": ("remove", "removed")}
_LONGEST = 320  # characters that stand unfolded
_FEW_FILES = 3  # diffs that stand unfolded


def changes(plan: "Plan") -> "list[Element]":
    """A list of what comes, changes and goes, each with why."""
    shown = rows(plan)
    return (
        [tag("ul", [_change(row) for row in shown], class_="changes")] if shown else []
    )


def _change(row: "Row") -> "Element":
    word, kind = _WORDS[row.mark]
    return tag(
        "li",
        tag("span", f"{row.mark} {word}", class_=f"mark {kind}"),
        tag(
            "div",
            folded(row.headline, class_="headline"),
            folded(
                row.why, class_="why", before=tag("span", row.cause, class_="cause")
            ),
        ),
    )


def folded(text: str, *, class_: str, before: "Element | None" = None) -> "Element":
    """*text* as a paragraph; a very long one opens to the whole of it."""
    lead = (before, None if before is None else " ")
    if len(text) <= _LONGEST:
        return tag("p", *lead, _with_arrows(text), class_=class_)
    start = text[: text.rfind(" ", 0, _LONGEST)]
    more = tag("span", "\u2026 all of it", class_="more")
    return tag(
        "details",
        tag("summary", *lead, _with_arrows(start), " ", more),
        tag("p", _with_arrows(text)),
        class_=class_,
    )


def _with_arrows(text: str) -> "Iterator[Element | str]":
    """*text* in which no line breaks within an arrow."""
    first, *rest = text.split(" -> ")
    yield first
    for part in rest:
        yield from (" ", tag("span", "->", class_="arrow"), f" {part}")


def findings(plan: "Plan") -> "list[Element]":
    """What is wrong, worst first; remarks that ask for nothing are folded."""
    loud = [each for each in plan.findings if each.severity is not Severity.INFO]
    quiet = [each for each in plan.findings if each.severity is Severity.INFO]
    shown = [_finding_list(loud, plan.desired.path)] if loud else []
    if quiet:
        what = "remark" if len(quiet) == 1 else "remarks"
        shown.append(
            tag(
                "details",
                tag(
                    "summary",
                    f"{len(quiet)} {what}: what this plan ends, and what is so",
                ),
                _finding_list(quiet, plan.desired.path),
            )
        )
    return shown


def _finding_list(found: "Sequence[Finding]", desired: str) -> "Element":
    shown = [_finding(each, desired) for each in told_once(found)]
    return tag("ul", shown, class_="findings")


def _finding(finding: "Finding", desired: str) -> "Element":
    place = finding_place(finding, desired)
    return tag(
        "li",
        tag("h3", finding_title(finding)),
        tag("p", tag("code", place), class_="place") if place else None,
        folded(finding.detail, class_="detail"),
        tag("p", "Hint: ", finding.hint, class_="hint") if finding.hint else None,
        class_=f"{finding.severity}{' blocks' if finding.blocks else ''}",
    )


def files(plan: "Plan") -> "list[Element]":
    """One diff of the managed lines for all nodes whose files change alike."""
    changed = diffs(plan)
    is_open = "open" if len(changed) <= _FEW_FILES else None
    return [
        tag(
            "details",
            tag(
                "summary",
                tag("strong", some(diff.nodes)),
                " ",
                tag("code", diff.path),
                f" {len(diff.lines)} lines" if len(diff.lines) > 1 else " 1 line",
            ),
            everyone(diff.nodes),
            code_lines(diff.lines),
            class_="file",
            open=is_open,
        )
        for diff in changed
    ]


def code_lines(lines: "Iterable[str]") -> "Element":
    """Lines of a diff, coloured by their first character, which says it too."""
    shown = []
    for line in lines:
        kind = {"+": "added", "-": "removed"}.get(line[:1])
        span = tag("span", line, class_=kind)
        span.text = f"{span.text}\n"
        shown.append(span)
    return tag("pre", tag("code", shown))


def some(nodes: "Sequence[NodeName]") -> str:
    """The nodes' names where they are few, else the first and how many they are."""
    text = names(nodes)
    if len(text) <= _LONGEST // 4:
        return text
    return f"{len(nodes)} nodes, {nodes[0]} first"


def everyone(nodes: "Sequence[NodeName]") -> "Element | None":
    """All names, where `some` has left out any, behind a word to open them."""
    text = names(nodes)
    if text == some(nodes):
        return None
    return tag("details", tag("summary", "Their names"), tag("p", text), class_="names")
