"""The findings as SARIF 2.1.0, which code scanning and editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0";
GitHub's documentation, "SARIF support for code scanning".
"""

import posixpath
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stalplan import __version__
from stalplan.findings import Severity
from stalplan.planning.documents import plan_document
from stalplan.planning.json_text import json_text
from stalplan.render.findings import finding_line, finding_text, usual
from stalplan.render.gitlab import fingerprints

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalplan.findings import Finding
    from stalplan.planning.plan import Plan
    from stalplan.render.failure import Failure

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}

FINGERPRINT = "primaryLocationLineHash"
"""The one fingerprint by which GitHub knows a result again."""

Place = tuple[str, int | None]


def render_sarif(plan: "Plan", at: str | None = None) -> str:
    """The findings, each on a line of *at*, the desired file in the repository.

    A planned change is no fault, so it is no result; what changes, and the counts,
    are among the run's properties.
    """
    path = at or plan.desired.path
    results = _results(
        plan.cluster,
        plan.findings,
        [finding_text(finding, at=plan.desired.path) for finding in plan.findings],
        [(path, finding_line(plan, finding)) for finding in plan.findings],
    )
    whole = plan_document(plan)
    kept = (
        *("cluster", "complete", "digest", "review_digest", "snapshot"),
        *("summary", "changes", "base"),
    )
    return _document(
        plan.findings,
        results,
        automationDetails={"id": f"stalplan/{quote(plan.cluster, safe='')}/"},
        invocations=[{"executionSuccessful": True}],
        properties={key: whole[key] for key in kept},
    )


def render_failure(failure: "Failure", at: str | None = None) -> str:
    """The findings behind a failure, and the failure as a notice of the tool."""
    path = at or "stalplan.toml"
    results = _results(
        "",
        failure.findings,
        [finding_text(each, at=each.file or "") for each in failure.findings],
        [(path, finding.line) for finding in failure.findings],
    )
    notice = {
        "level": "error",
        "message": _message(f"{failure.summary}: {failure.text}"),
    }
    invocation = {
        "executionSuccessful": False,
        "exitCode": failure.exit_code,
        "toolExecutionNotifications": [notice],
    }
    return _document(failure.findings, results, invocations=[invocation])


def _document(
    findings: "Iterable[Finding]", results: list[dict[str, Any]], **more: object
) -> str:
    run = {"tool": {"driver": _driver(findings)}, "results": results, **more}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(document)


def _driver(findings: "Iterable[Finding]") -> dict[str, Any]:
    codes = sorted({finding.code for finding in findings})
    return {
        "name": "stalplan",
        "version": __version__,
        "rules": list(map(_rule, codes)),
    }


def _rule(code: str) -> dict[str, Any]:
    severity, summary = usual(code)
    return {
        "id": code,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": f"{summary}."},
        "help": {"text": "Each result says what it is about, and what to do."},
        "defaultConfiguration": {"level": LEVELS[severity]},
    }


def _results(
    cluster: str,
    findings: "Sequence[Finding]",
    texts: "Iterable[str]",
    places: "Iterable[Place]",
) -> list[dict[str, Any]]:
    prints = fingerprints(cluster, findings)
    return [
        {
            "ruleId": finding.code,
            "level": LEVELS[finding.severity],
            "message": _message(f"{finding.summary}: {text}"),
            "locations": [_location(*place)],
            "partialFingerprints": {FINGERPRINT: fingerprint},
        }
        for finding, fingerprint, text, place in zip(
            findings, prints, texts, places, strict=True
        )
    ]


def _message(text: str) -> dict[str, str]:
    """Brackets are escaped: bare ones would make a link of what stands in them."""
    return {"text": re.sub(r"([\\\[\]])", r"\\\1", text)}


def _location(path: str, line: int | None) -> dict[str, Any]:
    """A file of the repository, or one outside of it, which no root leads to."""
    path = posixpath.normpath(path)
    artifact = {"uri": quote(path), "uriBaseId": "%SRCROOT%"}
    if path.startswith("/"):
        artifact = {"uri": f"file://{quote(path)}"}
    return {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": line or 1},
        }
    }
