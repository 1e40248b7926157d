"""Findings for a reviewer's tools: their place in the repository, and their text."""

from typing import TYPE_CHECKING

from stalplan.findings import CATALOGUE, Severity
from stalplan.planning.facts import facts, node_address
from stalplan.planning.shown import visible
from stalplan.render.headlines import finding_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.findings import Finding
    from stalplan.planning.changes import Change
    from stalplan.planning.plan import Plan

ROLES = "cluster.roles."


def finding_line(plan: "Plan", finding: "Finding") -> int | None:
    """The line of the desired file that *finding* is about, from 1.

    What was found in a node's file is about the line that names the node.
    """
    if finding.file == plan.desired.path:
        return finding.line
    if finding.node is not None:
        return plan.desired.lines.get(node_address(finding.node))
    key = finding.key or ""
    role = f"roles.{key.removeprefix(ROLES)}" if key.startswith(ROLES) else key
    return plan.desired.lines.get(role)


def change_line(plan: "Plan", change: "Change") -> int | None:
    """The line of the desired file that asks for *change*, from 1."""
    return plan.desired.lines.get(facts(change).address)


def finding_text(finding: "Finding", *, at: str) -> str:
    """Detail and hint on one line; where *at* is not its file, its place first."""
    place = finding_place(finding, at) if finding.file != at else ""
    told = [f"{place}:" if place else "", finding.detail]
    told.append(f"Hint: {finding.hint}" if finding.hint else "")
    return visible(" ".join(part for part in told if part))


def usual(code: str) -> tuple[Severity, str]:
    """A code's severity and summary where the catalogue has it."""
    return CATALOGUE.get(code, (Severity.WARNING, code))


def counted(findings: "Sequence[Finding]") -> str:
    """Which findings there are and how many of each: `SP601 Node unreachable (3)`."""
    by_code: dict[tuple[str, str], int] = {}
    for finding in findings:
        kind = (finding.code, finding.summary)
        by_code[kind] = by_code.get(kind, 0) + 1
    return ", ".join(
        f"{code} {summary}" + (f" ({count})" if count > 1 else "")
        for (code, summary), count in by_code.items()
    )
