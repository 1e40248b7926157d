"""What GitLab shows in a merge request: the counts, and the findings."""

import hashlib
import json
import posixpath
from typing import TYPE_CHECKING

from stalplan.findings import Severity
from stalplan.planning.json_text import json_text
from stalplan.render.findings import finding_line, finding_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalplan.findings import Finding
    from stalplan.planning.plan import Plan
    from stalplan.render.failure import Failure

_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARNING: "minor",
    Severity.INFO: "info",
}
_BLOCKS = "blocker"


def render_gitlab(plan: "Plan") -> str:
    """The counts, as a report of the kind `terraform` tells them.

    Source: GitLab's documentation, "Integrate custom Terraform reports"; a report
    that lacks one of the three keys is shown as one that could not be made.
    """
    summary = plan.summary
    counts = {
        "create": summary.add,
        "update": summary.change,
        "delete": summary.remove,
    }
    return json_text(counts)


def render_code_quality(plan: "Plan", at: str | None = None) -> str:
    """The findings as GitLab's code-quality report, on lines of the desired file.

    *at* is the desired file in the repository. A finding keeps its fingerprint when
    lines move, so that a merge request shows only what it brings and what it ends.

    Source: GitLab's documentation, "Code Quality report format".
    """
    path = at or plan.desired.path
    prints = fingerprints(plan.cluster, plan.findings)
    issues = [
        _issue(
            finding,
            text=finding_text(finding, at=plan.desired.path),
            place=(path, finding_line(plan, finding)),
            fingerprint=fingerprint,
        )
        for finding, fingerprint in zip(plan.findings, prints, strict=True)
    ]
    return json_text(issues)


def render_failure(failure: "Failure", at: str | None = None) -> str:
    """The findings behind a failure, or the failure, as a code-quality report."""
    path = at or "stalplan.toml"
    prints = fingerprints("", failure.findings)
    issues = [
        _issue(
            finding,
            text=finding_text(finding, at=finding.file or ""),
            place=(path, finding.line),
            fingerprint=fingerprint,
        )
        for finding, fingerprint in zip(failure.findings, prints, strict=True)
    ] or [
        {
            "description": f"{failure.summary}: {failure.text}",
            "check_name": "stalplan",
            "fingerprint": _hashed(failure.summary),
            "severity": _BLOCKS,
            "location": _location(path, None),
        }
    ]
    return json_text(issues)


def fingerprints(cluster: str, findings: "Iterable[Finding]") -> list[str]:
    """What tells one finding from another, wherever its line is and however worded."""
    seen: dict[tuple[str, ...], int] = {}
    found = []
    for finding in findings:
        what = (
            *(cluster, finding.code, finding.scope),
            *(finding.node or "", finding.key or ""),
        )
        seen[what] = number = seen.get(what, 0) + 1
        found.append(_hashed(*what, str(number)))
    return found


def _hashed(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _issue(
    finding: "Finding", *, text: str, place: tuple[str, int | None], fingerprint: str
) -> dict[str, object]:
    severity = _BLOCKS if finding.blocks else _SEVERITIES[finding.severity]
    return {
        "description": f"{finding.code} {finding.summary}: {text}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": _location(*place),
    }


def _location(path: str, line: int | None) -> dict[str, object]:
    """GitLab matches paths from the repository's top and wants a line."""
    return {"path": posixpath.normpath(path), "lines": {"begin": line or 1}}
