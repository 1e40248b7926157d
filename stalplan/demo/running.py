"""What one process of the stand-in server runs with, whatever its file says later."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stalplan.stalwart.effective import Effective, On, Shard, effective
from stalplan.stalwart.parse import FlatConfig
from stalplan.stalwart.releases import ServerVersion

# The roles whose gate looks at the reloaded settings; the others rest on the start.
# Source: stalwart v0.15.5 crates/services/src/{housekeeper,task_manager}/mod.rs.
LIVE_ROLES = frozenset(
    {
        "calendar-alerts",
        "fts-indexing",
        "imip-processing",
        "merge-threads",
        "metrics.calculate",
        "push-notifications",
    }
)

RoleView = str | dict[str, int]  # "on", "off", or {"shard": i, "of": n}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error the server logs and lives with. *kind* is `parse` or `build`."""

    kind: str
    key: str
    error: str

    @property
    def event(self) -> str:
        """The name of its log event."""
        return f"config.{self.kind}-error"

    def __str__(self) -> str:
        """As the log's details tell it."""
        if self.kind == "build":
            return f'Build error for key "{self.key}": {self.error}'
        return f'Failed to parse setting "{self.key}": {self.error}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The cluster settings in effect. *coordinator* is None where none was reached."""

    node_id: int
    hostname: str
    coordinator: str | None
    roles: dict[str, RoleView]
    problems: tuple[Problem, ...]


def read_running(
    config: FlatConfig,
    version: ServerVersion,
    environ: Mapping[str, str],
    *,
    coordinator_down: bool = False,
) -> Running:
    """What a server of *version* makes of *config* at its start; it never refuses."""
    found = effective(config, version.line, environ)
    reached = found.coordinator_usable is True and not coordinator_down
    return Running(
        node_id=found.node_id,
        hostname=socket.gethostname().lower() or "localhost"
        if found.hostname is None
        else found.hostname,
        coordinator=found.coordinator if reached else None,
        roles={role: _view(held) for role, held in found.roles.items()},
        problems=tuple(_problems(config, found, reached=reached)),
    )


def reloaded(before: Running, after: Running) -> Running:
    """What a reload changes: hostname and live roles, not id, not coordinator."""
    live = {role: view for role, view in after.roles.items() if role in LIVE_ROLES}
    return replace(before, hostname=after.hostname, roles=before.roles | live)


def _view(held: object) -> RoleView:
    match held:
        case Shard(index=index, of=of):
            return {"shard": index, "of": of}
        case On():
            return "on"
        case _:
            return "off"


def _problems(
    config: FlatConfig, found: Effective, *, reached: bool
) -> Iterator[Problem]:
    if found.coordinator is not None and not reached:
        if found.coordinator_usable:
            key = f"store.{found.coordinator}.urls"
            yield Problem("build", key, "Failed to connect: Connection refused")
        missing = f'Coordinator backend "{found.coordinator}" not found'
        yield Problem("parse", "cluster.coordinator", missing)
    for key in found.errors:
        text = found.node_id_text if key == "cluster.node-id" else config.get(key)
        yield Problem("parse", key, f'Invalid integer value "{text or ""}"')
