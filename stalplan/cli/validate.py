"""`stalplan validate`: the desired file, without asking any node."""

import json
from typing import TYPE_CHECKING

import click

from stalplan.cli.app import App
from stalplan.cli.options import DESIRED_FILE, Command, common, text_or_json
from stalplan.model.desired_rules import desired_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.findings import Finding
    from stalplan.model.wishes import Desired


@click.command("validate", cls=Command)
@text_or_json
@common
@click.pass_obj
def command(app: App, /, *, file: str | None, state: str | None, form: str) -> int:  # noqa: ARG001 - --state is common to all commands
    """Check the desired file

    Reads that one file, and nothing over the network. Tells every mistake in it at
    once, each with its line and column.

    \b
    Examples:
      stalplan validate
      stalplan validate -f clusters/mail.toml --format json

    Exits 0, with warnings too; 3 if the file is wrong.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    desired = app.read_desired(file or DESIRED_FILE)
    findings = desired_findings(desired)
    if form == "json":
        app.terminal.write_raw(_json(desired, findings))
    else:
        app.terminal.write(_text(desired, findings))
    return 0


def _text(desired: "Desired", findings: "Sequence[Finding]") -> str:
    nodes = _counted(len(desired.nodes), "node")
    roles = _counted(len(desired.roles), "managed role")
    lines = [f"{desired.file} is valid: {nodes}, release {desired.release}, {roles}."]
    for finding in findings:
        place = f"{finding.file}:{finding.line}: " if finding.line else ""
        lines += [
            "",
            f"  ! {finding.code} {finding.severity}: {finding.summary}",
            f"    {place}{finding.detail}",
        ]
        if finding.hint:
            lines.append(f"    Hint: {finding.hint}")
    return "\n".join(lines) + "\n"


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _json(desired: "Desired", findings: "Sequence[Finding]") -> str:
    from stalplan.planning.plan_json import finding_to_json  # noqa: PLC0415 - only here

    document = {
        "format_version": "1.0",
        "cluster": desired.cluster,
        "release": desired.release,
        "desired": {"path": desired.file, "digest": desired.digest},
        "nodes": [node.name for node in desired.nodes],
        "roles": list(desired.roles),
        "findings": [finding_to_json(finding) for finding in findings],
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
