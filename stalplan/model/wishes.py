"""What the desired file asks for, checked and resolved, without its layout."""

from dataclasses import dataclass, field
from typing import Literal

from stalplan.model.inventory import Node
from stalplan.model.secrets import SecretRef
from stalplan.model.stores import ApiSettings, StoreWish
from stalplan.names import Digest, NodeName, Role
from stalplan.stalwart.releases import Release
from stalplan.stalwart.stores import STORE_PREFIX


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every node holds the role: the server's default, so the key goes."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """No node holds the role: its list names only an id that no node has."""


@dataclass(frozen=True, slots=True)
class Shards:
    """The nodes of each shard, in id order, labels resolved. Before 0.14: one shard."""

    shards: tuple[tuple[NodeName, ...], ...]


RoleWish = Everyone | Nobody | Shards


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplySettings:
    """How careful apply is. Times are seconds."""

    max_unavailable: int = 1
    settle: float = 0.0
    order: tuple[NodeName, ...] = ()
    spare_id: int | None = None
    lease: float = 900.0
    plan_lifetime: float = 86_400.0
    keep_runs: int = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the desired file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The desired cluster. Making one is the only validation."""

    file: str  # as given on the command line
    digest: Digest  # of the parsed content with sorted keys
    cluster: str
    release: Release
    nodes: tuple[Node, ...]  # by name
    coordinator: str | Literal[False] | None = None  # None: left as found
    roles: dict[Role, RoleWish] = field(default_factory=dict)  # absent: not managed
    stores: dict[str, StoreWish] = field(default_factory=dict)  # by id; as roles
    apply: ApplySettings = field(default_factory=ApplySettings)
    api: ApiSettings | None = None
    places: dict[tuple[str, ...], Place] = field(default_factory=dict, compare=False)

    @property
    def secret_refs(self) -> tuple[SecretRef, ...]:
        """The references that planning needs, each once, in a fixed order."""
        found = {
            ref: None
            for _, store in sorted(self.stores.items())
            for _, ref in store.refs
        }
        return tuple(found)

    @property
    def store_keys(self) -> tuple[str, ...]:
        """The flat keys of the managed stores."""
        return tuple(
            f"{STORE_PREFIX}{id_}.{key}"
            for id_, store in self.stores.items()
            for key in store.values
        )

    def place(self, *path: str) -> Place | None:
        """Where `path` (such as "nodes", "mx1", "id") stands, or what holds it."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return None
