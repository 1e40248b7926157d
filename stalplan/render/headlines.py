"""The sentences that every format starts from: one line per change, no markup."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from stalplan.findings import CATALOGUE, Finding, Scope, Severity
from stalplan.model.cluster import listed
from stalplan.model.stores import MASKS
from stalplan.planning.changes import (
    Action,
    Change,
    DropKey,
    Join,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    RoleHolders,
    SetCoordinator,
    SetHostname,
    SetId,
    SetStore,
)
from stalplan.planning.facts import facts
from stalplan.planning.plan import Origin, Plan
from stalplan.planning.shown import as_written, quoted, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.names import NodeName

MARKS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}

_PLACES = {
    Scope.DESIRED: "desired",
    Scope.LIVE: "today",
    Scope.DURING: "on the way",
}

_ORIGINS = {Origin.BRANCH: "from this branch", Origin.PENDING: "pending before it"}

_MANY = 12  # names that a line still takes


def mark(change: Change) -> str:
    """`+`, `~` or `-`: what colour goes by."""
    return MARKS[facts(change).action]


def headline(change: Change) -> str:  # noqa: C901, PLR0911 - one per kind
    """What changes, on one line."""
    match change:
        case Join(node=node, after=after):
            return f"{node} joins as id {after}"
        case Leave(node=node, before=before):
            return f"{node} (id {before}) leaves"
        case SetId(node=node, after=after):
            return f"{node}: node id none -> {after}"
        case Renumber(node=node, before=before, after=after):
            return f"{node}: node id {_text(before)} -> {after}"
        case SetHostname(node=node, before=before, after=after):
            return f"{node}: hostname {_text(before)} -> {_text(after)}"
        case SetCoordinator(before=before, after=after):
            return f"coordinator {_text(before)} -> {_text(after)}"
        case SetStore(store=store, key=key, before=before, after=after):
            return f"store {store}: {key} {_value(before)} -> {_value(after)}"
        case MoveRole(role=role, before=before, after=after):
            return f"role {role}: {holders(before)} -> {holders(after)}"
        case DropKey(node=node, key=key, after=None):
            return f"{node}: {key} goes, and means nothing"
        case DropKey(node=node, key=key):
            return f"{node}: {key} loses entries that mean nothing"
        case Restart(node=node):
            return f"{node} restarts"
        case _:
            assert_never(change)


@dataclass(frozen=True, slots=True)
class Row:
    """One or more changes that read alike: a mark, a line, a cause, and why.

    The line of several names no node; *why* names all of them. With a base to compare
    with, *cause* says too whether the branch brings them.
    """

    mark: str
    headline: str
    cause: str
    why: str
    changes: tuple[Change, ...]

    @property
    def nodes(self) -> "tuple[NodeName, ...]":
        """The nodes of all the changes."""
        return tuple(node for each in self.changes for node in facts(each).nodes)


def rows(plan: Plan) -> list[Row]:
    """The plan's changes in order; one new hostname of many nodes is one row."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for index, (change, cause) in enumerate(
        zip(plan.changes, causes(plan), strict=True)
    ):
        key: tuple[object, ...] = (cause, index)
        if isinstance(change, SetHostname):
            key = (cause, change.before, change.after, change.reason)
        alike.setdefault(key, []).append(change)
    return [_row(changes, plan, str(cause)) for (cause, *_), changes in alike.items()]


def causes(plan: Plan) -> list[str]:
    """Why live and desired differ, of each change; with a base also who brings it."""
    if plan.base is None:
        return [str(change.cause) for change in plan.changes]
    return [
        f"{change.cause}, {_ORIGINS[origin]}"
        for change, origin in zip(plan.changes, plan.base.origins, strict=True)
    ]


def _row(changes: "Sequence[Change]", plan: Plan, cause: str) -> Row:
    first = changes[0]
    line, where = headline(first), _scope(first, plan)
    if isinstance(first, SetHostname) and len(changes) > 1:
        line = f"hostname {_text(first.before)} -> {_text(first.after)}"
        nodes = [node for change in changes for node in facts(change).nodes]
        where = f"{len(changes)} changes: on {names(nodes)}."
    why = f"{where} {first.reason}".strip()
    return Row(mark(first), line, cause, why, tuple(changes))


def _scope(change: Change, plan: Plan) -> str:
    """Which nodes' files a change of many nodes is made in; empty for one node's."""
    if not isinstance(change, MoveRole | SetCoordinator | SetStore):
        return ""
    if len(change.nodes) == len(plan.nodes) > 1:
        return f"On {_all(len(plan.nodes))} nodes."
    return f"On {names(change.nodes)}."


def _all(count: int) -> str:
    return "both" if count == 2 else f"all {count}"  # noqa: PLR2004 - a word of its own


def holders(table: RoleHolders) -> str:
    """Who holds a role: `every node`, `nobody`, `mx1, mx2`; shards: `mx1 | mx2`."""
    if table == "all":
        return "every node"
    if table == "none":
        return "nobody"
    return " | ".join(", ".join(shard) for shard in table)


def names(nodes: "Sequence[NodeName]") -> str:
    """All the names, in words where they are few."""
    return listed(nodes) if len(nodes) <= _MANY else ", ".join(nodes)


def title(plan: Plan) -> str:
    """What the plan is of."""
    count = len(plan.nodes)
    nodes = "1 node" if count == 1 else f"{count} nodes"
    return f"Cluster {plan.cluster}, release {plan.release}, {nodes}"


def obstacle(plan: Plan) -> str:
    """Why the plan can't be applied, or an empty text."""
    count = sum(finding.blocks for finding in plan.findings)
    if count == 0 and plan.snapshot is not None:
        taken = f"{plan.snapshot.taken:%Y-%m-%d %H:%M} UTC"
        return f"This is a preview from the snapshot of {taken}: it is never applied."
    if count == 0:
        return "" if plan.complete else "This plan is not complete."
    verb = "finding stands" if count == 1 else "findings stand"
    return f"This plan can't be applied: {count} {verb} in the way."


def finding_title(finding: "Finding") -> str:
    """A finding's code, weight and summary."""
    place = _PLACES[finding.scope]
    if finding.blocks:
        place += ", blocks"
    elif _ends(finding):
        place += ", ended by this plan"
    return f"{finding.code} {finding.severity}: {finding.summary} ({place})"


def _ends(finding: "Finding") -> bool:
    """Whether a fault of today is one that the plan repairs."""
    usual, _ = CATALOGUE.get(finding.code, (finding.severity, ""))
    is_info = finding.severity is Severity.INFO
    return finding.scope is Scope.LIVE and is_info and usual is not Severity.INFO


def finding_place(finding: "Finding", desired: str) -> str:
    """Where to look: `mx1:/path:12`, or as much of it as is known.

    The file *desired* lies on no node, also where it is about one.
    """
    node = None if finding.file == desired else finding.node
    parts = (node, finding.file, finding.line)
    return visible(":".join(str(part) for part in parts if part is not None))


def _text(value: str | None) -> str:
    """A bare text where it is plain, quoted where its ends could be missed."""
    if value is None:
        return "none"
    plain = value.isascii() and value.isprintable() and value and " " not in value
    return value if plain else quoted(value)


def _value(value: str | tuple[str, ...] | None) -> str:
    """A store's text or list of them; a mask is no text and has no quotes."""
    if isinstance(value, tuple) or value in MASKS:
        return as_written(value)
    return _text(value)
