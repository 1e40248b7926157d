"""What a reviewer reads: the closed union of changes to a cluster.

A change speaks of nodes and roles; what it does to each file are its edits. Texts
of a server's file are as found, so a before may be no number at all.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from stalplan.names import NodeId, NodeName, Role

RoleHolders = Literal["all", "none"] | tuple[tuple[str, ...], ...]
"""Who holds a role: node names per shard, `id 7` for an id without a node."""


class Action(StrEnum):
    """Whether something comes, changes or goes; the order is that of display."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Cause(StrEnum):
    """Why live and desired differ, as far as the recorded state can tell."""

    DESIRED = "desired"  # live is as recorded, so the desired file has changed
    DRIFT = "drift"  # live is no longer as recorded
    NEW = "new"  # nothing is recorded of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """*node* has no cluster settings yet and gets all of them."""

    node: NodeName
    after: NodeId
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """*node* is recorded and no longer desired; its machine is not touched."""

    node: NodeName
    before: str
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetId:
    """*node* has no id in its file and gets one."""

    node: NodeName
    after: NodeId
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumber:
    """*node* takes another id. Needs a restart, and every role list follows."""

    node: NodeName
    before: str
    after: NodeId
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHostname:
    """*node* announces another name in SMTP, reports, and autoconfig."""

    node: NodeName
    before: str | None
    after: str
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCoordinator:
    """*nodes* speak to each other through another store, or no longer at all."""

    nodes: tuple[NodeName, ...]
    before: str | None
    after: str | None
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStore:
    """A setting of a store's comes, changes or goes in the file of each of *nodes*.

    *before* and *after* are masked: two secrets read alike, and may differ.
    """

    store: str
    key: str  # below `store.ID.`
    nodes: tuple[NodeName, ...]
    before: str | tuple[str, ...] | None
    after: str | tuple[str, ...] | None
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRole:
    """Other nodes hold *role*: one change, an edit in the file of each of *nodes*."""

    role: Role
    nodes: tuple[NodeName, ...]
    before: RoleHolders
    after: RoleHolders
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropKey:
    """*key* goes from *node*'s file, or loses entries, and means what it meant."""

    node: NodeName
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...] | None
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """*node* runs with other values than its file holds, and is started anew."""

    node: NodeName
    cause: Cause
    reason: str


Change = (
    Join
    | Leave
    | SetId
    | Renumber
    | SetHostname
    | SetCoordinator
    | SetStore
    | MoveRole
    | DropKey
    | Restart
)
