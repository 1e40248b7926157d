"""Plans for a review: from a snapshot, and against the file at another revision."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.planning.make import make_plan
from stalplan.planning.origins import with_base
from stalplan.planning.preview import preview
from stalplan.planning.snapshot import machine_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stalplan.model.live import Seen
    from stalplan.model.records import State
    from stalplan.model.secrets import Secrets
    from stalplan.model.wishes import Desired
    from stalplan.planning.plan import Options, Plan
    from stalplan.planning.snapshot import Snapshot
    from stalplan.run.base import BaseFile
    from stalplan.run.plan import Look


def plan_offline(
    desired: "Desired",
    snapshot: "Snapshot",
    base: "BaseFile | None",
    *,
    options: "Options",
    created: "datetime",
) -> "Plan":
    """A preview. Opens no connection, runs nothing, and needs no secret."""
    plan = preview(desired, snapshot, options=options, created=created)
    if base is None:
        return plan
    there = None
    if base.desired is not None:
        there = preview(base.desired, snapshot, options=options, created=created)
    return _compared(plan, there, base)


def compared(
    look: "Look",
    desired: "Desired",
    base: "BaseFile",
    *,
    state: "State | None",
    secrets: "Secrets",
) -> "Look":
    """*look*, whose plan then knows what of it comes from the branch."""
    plan, there = look.planned.plan, None
    if base.desired is not None:
        there = make_plan(
            base.desired,
            _same_machines(desired, base.desired, look.seen),
            state,
            options=plan.options,
            created=plan.created,
            secrets=secrets,
        ).plan
    plan = _compared(plan, there, base)
    return replace(look, planned=replace(look.planned, plan=plan))


def _same_machines(
    desired: "Desired", base: "Desired", seen: "Sequence[Seen]"
) -> "list[Seen]":
    """What was seen of nodes that are the same machine for both files."""
    there = {node.name: machine_of(node) for node in base.nodes}
    here = {node.name: machine_of(node) for node in desired.nodes}
    return [each for each in seen if here[each.node] == there.get(each.node)]


def _compared(plan: "Plan", there: "Plan | None", base: "BaseFile") -> "Plan":
    return with_base(
        plan,
        there,
        revision=base.revision,
        commit=base.commit,
        problem=base.problem,
    )
