"""What was odd, and what the first plan will repair: each with its place and code."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from stalplan.findings import CATALOGUE, Finding, Severity
from stalplan.model.desired.mistakes import dotted
from stalplan.names import NodeName
from stalplan.planning.changes import (
    Change,
    DropKey,
    Join,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    SetCoordinator,
    SetHostname,
    SetId,
    SetStore,
)
from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    OLD_HOSTNAME,
    ROLE_PREFIX,
)
from stalplan.stalwart.stores import STORE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from stalplan.model.desired.places import Path
    from stalplan.planning.plan import Plan

Has = Callable[["Path"], bool]

# True of a moment or of a machine's tools, and nothing that the file could say.
_OF_THE_MOMENT = frozenset({"SP503", "SP606", "SP610"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something odd. *path* is where the desired file speaks of it; () for its top.

    *repaired*: the first plan will change it, since the file can't ask for it as it
    is. *code* None: no rule has a word for it.
    """

    path: "Path"
    code: str | None
    text: str
    repaired: bool = False

    @property
    def where(self) -> str:
        """The place for people."""
        return dotted(self.path) if self.path else "cluster"

    @property
    def remark(self) -> str:
        """As a comment tells it."""
        return f"{self.code}: {self.text}" if self.code else self.text


def notes_of(plan: "Plan", has: "Has") -> tuple[Note, ...]:
    """Everything odd that *plan* knows of; nothing twice.

    *has* tells what the file that it was made from speaks of.

    A fault that the plan repairs is told where it does; every change has a note.
    """
    changed = {path: change for change in plan.changes for path in _of_change(change)}
    notes: dict[tuple[Path, str | None], Note] = {}
    for finding in plan.findings:
        if not _is_odd(finding):
            continue
        for path in _places(finding, plan, has, changed):
            note = Note(
                path=path,
                code=finding.code,
                text=_text(finding, path),
                repaired=path in changed,
            )
            notes.setdefault((path, finding.code), note)
    told = {path for path, _ in notes}
    for path, change in changed.items():
        if path not in told:
            notes[path, None] = Note(
                path=path, code=None, text=change.reason, repaired=True
            )
    return tuple(sorted(notes.values(), key=lambda note: (note.path, note.code or "")))


def _text(finding: Finding, path: "Path") -> str:
    """The detail, which may leave it to its place which node it is about."""
    node = finding.node
    if node is None or node in path or _is_named(node, finding.detail):
        return finding.detail
    return f"{node}: {finding.detail}"


def _places(
    finding: Finding, plan: "Plan", has: "Has", changed: "Container[Path]"
) -> "list[Path]":
    """Where to tell it: where it is repaired, else where the file speaks of it.

    Nowhere, where it goes with the repair of something else: a list names an id that
    a node is about to get.
    """
    names = [finding.node] if finding.node else []
    names += [
        node.name
        for node in plan.nodes
        if node.name != finding.node and _is_named(node.name, finding.detail)
    ]
    keys = list(_of_key(finding.key or "", names, has))
    nodes: list[Path] = [("nodes", name) for name in names]
    if finding.severity is Severity.INFO:  # the plan repairs it
        repaired = [path for path in keys if path in changed]
        return repaired or [path for path in nodes if path in changed]
    return [*keys, *nodes, ()][:1]


def _is_odd(finding: Finding) -> bool:
    """Whether it is a fault at all; one that the plan repairs is told as an info."""
    usual, _ = CATALOGUE[finding.code]
    return usual is not Severity.INFO and finding.code not in _OF_THE_MOMENT


def _of_change(change: Change) -> "Iterator[Path]":
    match change:
        case SetId(node=node) | Renumber(node=node):
            yield "nodes", node, "id"
        case SetHostname(node=node):
            yield "nodes", node, "hostname"
        case SetCoordinator():
            yield "cluster", "coordinator"
        case MoveRole(role=role):
            yield "roles", role
        case DropKey(key=key):
            yield "roles", key.removeprefix(ROLE_PREFIX)
        case SetStore(store=store, key=key):
            yield "store", store, key
        case Join(node=node) | Leave(node=node) | Restart(node=node):
            yield "nodes", node
        case _:
            assert_never(change)


def _of_key(key: str, names: "list[NodeName]", has: "Has") -> "Iterator[Path]":
    """Where the file speaks of a server's key on these nodes."""
    if key == NODE_ID or key.endswith(".id"):
        yield from (("nodes", name, "id") for name in names)
    elif key in (HOSTNAME, OLD_HOSTNAME) or key.endswith(".hostname"):
        for name in names:
            path = "nodes", name, "hostname"
            if has(path):
                yield path
    elif key == COORDINATOR or key.startswith(STORE_PREFIX):
        yield "cluster", "coordinator"
    else:
        role = key.removeprefix(ROLE_PREFIX).removeprefix("roles.")
        if role and has(("roles", role)):
            yield "roles", role


def _is_named(name: NodeName, text: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text) is not None
