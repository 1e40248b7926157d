"""Where a plan's changes come from, by the plan of the file at another revision."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.planning.facts import facts
from stalplan.planning.plan import Base, Origin, Plan

if TYPE_CHECKING:
    from collections.abc import Hashable

    from stalplan.planning.changes import Change


def with_base(
    plan: Plan, base: Plan | None, *, revision: str, commit: str, problem: str = ""
) -> Plan:
    """*plan*, knowing which of its changes *base* has too; no digest changes by it.

    *base* is the plan of the desired file at *revision*, made from the same look at
    the nodes; None, with *problem*, where there is none.
    """
    pending = {_what(change) for change in base.changes} if base else set()
    origins = tuple(
        Origin.PENDING if _what(change) in pending else Origin.BRANCH
        for change in plan.changes
    )
    asked = {facts(change).address for change in plan.changes}
    gone = tuple(
        change
        for change in (base.changes if base else ())
        if facts(change).address not in asked
        and not plan.unread.issuperset(facts(change).nodes)  # it may still be asked for
    )
    told = Base(
        revision=revision, commit=commit, origins=origins, gone=gone, problem=problem
    )
    return replace(plan, base=told)


def _what(change: "Change") -> "Hashable":
    """What makes two changes the same; a list may meanwhile be on more nodes."""
    told = facts(change)
    return told.kind, told.address, told.before, told.after
