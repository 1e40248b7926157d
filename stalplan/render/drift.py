"""Drift for people, and as JSON."""

import json
from typing import TYPE_CHECKING

from stalplan.errors import NodeUnreachable
from stalplan.planning.shown import visible

if TYPE_CHECKING:
    from stalplan.names import NodeName
    from stalplan.planning.drift import Drift, DriftReport, Touched
    from stalplan.planning.facts import Value

NO_DRIFT = "No drift. The nodes are as they were last applied.\n"
NO_DIFFERENCE = "No drift. Nothing is recorded yet, and the nodes match {file}.\n"
SERVER = "in the server's own form, as a save in its web admin leaves it"


def drift_text(report: "DriftReport", *, cluster: str, file: str) -> str:
    """What drifted, since when, and by whom as far as can be told."""
    blocks = [_headed(report, cluster, file)] if report.drifts else []
    blocks += [_entry(drift, report) for drift in report.drifts]
    blocks += [note + "\n" for note in _notes(report)]
    if report.drifts:
        blocks.append(_counted(report))
    elif not report.lost:
        blocks.append(
            NO_DRIFT if report.recorded else NO_DIFFERENCE.format(file=visible(file))
        )
    return "\n".join(blocks)


def _headed(report: "DriftReport", cluster: str, file: str) -> str:
    since = "what was last applied" if report.recorded else f"what {file} asks for"
    return f"{cluster} differs from {visible(since)}:\n"


def _entry(drift: "Drift", report: "DriftReport") -> str:
    lines = [f"  ~ {drift.address}: {told(drift.before)} -> {told(drift.after)}"]
    if drift.unreadable:
        lines.append("      some of it means nothing to the server")
    for name in drift.nodes:
        touched = report.touched.get(name)
        if touched is not None:
            lines += [f"      {line}" for line in _by_whom(name, touched)]
    return "\n".join(lines) + "\n"


def _by_whom(name: "NodeName", touched: "Touched") -> list[str]:
    since = f"{touched.since:%Y-%m-%d %H:%M:%S} UTC"
    form = SERVER if touched.server_form else "by hand or by another program"
    lines = [
        f"{name}: file written {since},",
        f"  {form}; it belongs to {touched.owner}",
    ]
    if touched.in_effect is False:
        lines.append("  not in effect: the server started before that")
    return lines


def told(value: "Value") -> str:
    """A value on one line; a role's shards as `mx1, mx2 | mx3`."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return visible(value)
    parts = (part if isinstance(part, str) else ", ".join(part) for part in value)
    return visible(" | ".join(parts))


def _notes(report: "DriftReport") -> list[str]:
    notes = []
    if report.elsewhere:
        names = ", ".join(report.elsewhere)
        secrets = ", or in secrets" if report.masked else ""
        notes.append(
            f"  Changed in settings that stalplan does not manage{secrets}: {names}."
        )
    if report.unrecorded:
        names = ", ".join(report.unrecorded)
        notes.append(f"  Never applied, so there is nothing to compare with: {names}.")
    notes += [
        f"  ! {name} could not be compared: {visible(why)}"
        for name, why in sorted(report.lost.items())
    ]
    return notes


def _counted(report: "DriftReport") -> str:
    nodes = {name for drift in report.drifts for name in drift.nodes}
    settings = _number(len(report.drifts), "setting")
    return f"Drift: {settings} on {_number(len(nodes), 'node')}.\n"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def drift_json(report: "DriftReport", *, cluster: str) -> str:
    """The same as one document."""
    document: dict[str, object] = {
        "format_version": "1.0",
        "cluster": cluster,
        "compared_with": "state" if report.recorded else "desired",
        "drift": [_document(drift, report) for drift in report.drifts],
        "changed_elsewhere": list(report.elsewhere),
        "unrecorded": list(report.unrecorded),
        "errors": dict(report.lost),
        "findings": [],
    }
    if report.lost:
        lost = "\n".join(f"{name}: {why}" for name, why in report.lost.items())
        document["error"] = NodeUnreachable(lost).document
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _document(drift: "Drift", report: "DriftReport") -> dict[str, object]:
    return {
        "address": drift.address,
        "before": drift.before,
        "after": drift.after,
        "unreadable": drift.unreadable,
        "nodes": {name: _trace(report.touched.get(name)) for name in drift.nodes},
    }


def _trace(touched: "Touched | None") -> dict[str, object] | None:
    if touched is None:
        return None
    return {
        "since": f"{touched.since:%Y-%m-%dT%H:%M:%SZ}",
        "owner": touched.owner,
        "server_form": touched.server_form,
        "in_effect": touched.in_effect,
    }
