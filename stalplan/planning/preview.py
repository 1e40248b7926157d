"""A plan from a snapshot: what the live one would show, and nothing to apply."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, Severity, found
from stalplan.planning.desired_lines import desired_lines
from stalplan.planning.digests import review_digest
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Plan, SnapshotInfo
from stalplan.planning.snapshot import Snapshot, machine_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stalplan.model.inventory import Node
    from stalplan.model.wishes import Desired

AGAIN = "stalplan snapshot --out FILE  # where the nodes may be read"


def preview(
    desired: "Desired", snapshot: Snapshot, *, options: Options, created: "datetime"
) -> Plan:
    """The plan that the nodes would have had when they were last read.

    Changes, findings and steps are those of a plan made from the live nodes, as long
    as they are as they were and no secret differs; so is its review digest. A node
    that the snapshot doesn't know, or knows at another place, counts as not asked.
    """
    there = {node.name for node in desired.nodes if _known(node, snapshot)}
    made = make_plan(
        desired,
        [seen for seen in snapshot.seen if seen.node in there],
        snapshot.state,
        options=options,
        created=created,
        secrets=None,
    ).plan
    said = [*made.findings, *_of_the_snapshot(desired, snapshot, options, created)]
    findings = tuple(sorted(said, key=lambda finding: finding.sort_key))
    plan = replace(
        made,
        desired=replace(
            made.desired, lines=desired_lines(desired, made.changes, findings)
        ),
        nodes=tuple(replace(node, base=None, result=None) for node in made.nodes),
        steps=tuple(
            replace(step, result=dict.fromkeys(step.result)) for step in made.steps
        ),
        findings=findings,
        complete=False,
        digest=None,
        snapshot=SnapshotInfo(taken=snapshot.taken.astimezone(UTC)),
    )
    return replace(plan, review_digest=review_digest(plan))


def _known(node: "Node", snapshot: Snapshot) -> bool:
    """Whether the snapshot's facts are of the file that *node* names."""
    return snapshot.machines.get(node.name) == machine_of(node)


def _of_the_snapshot(
    desired: "Desired", snapshot: Snapshot, options: Options, created: "datetime"
) -> "Iterator[Finding]":
    age = created - snapshot.taken
    if age > timedelta(seconds=desired.apply.plan_lifetime):
        yield found(
            "SP610",
            Scope.LIVE,
            f"The nodes were last read on {snapshot.taken:%Y-%m-%d at %H:%M} UTC, "
            f"{_shown(age)} ago; what they have now may differ.",
            hint=AGAIN,
        )
    for node in desired.nodes:
        if _known(node, snapshot) or node.name in options.not_asked:
            continue
        another = node.name in snapshot.machines
        why = "knows it at another place" if another else "doesn't know it"
        yield found(
            "SP601",
            Scope.LIVE,
            f"{node.name} was not read: the snapshot {why}. What its file needs is not "
            "in this preview.",
            severity=Severity.WARNING,
            node=node.name,
            hint="The plan from the live nodes tells, once this change is merged.",
        )


def _shown(age: timedelta) -> str:
    hours = round(age / timedelta(hours=1))
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"  # noqa: PLR2004 - days read better from three on
