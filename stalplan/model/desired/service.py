"""[service], and what a node says differently: how its server is run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stalplan.model.desired.fields import (
    Reader,
    Table,
    absolute_path,
    argv,
    duration,
    health,
    manager,
    unit,
)
from stalplan.model.desired.mistakes import dotted, few, listed
from stalplan.model.inventory import ServiceSettings

if TYPE_CHECKING:
    from stalplan.model.desired.mistakes import Mistakes
    from stalplan.model.desired.places import Path
    from stalplan.names import NodeName

SERVICE_KEYS: dict[str, Reader] = {
    "manager": manager,
    "unit": unit,
    "config": absolute_path,
    "start": argv,
    "stop": argv,
    "active": argv,
    "version": argv,
    "pid": argv,
    "health": health,
    "health_timeout": duration(),
    "stop_timeout": duration(),
    "before_stop": argv,
    "after_healthy": argv,
}

# What each manager has no use for; "command" needs the rest of these to work.
_COMMANDS = ("start", "stop", "active", "version", "pid")
_NOT_FOR: dict[str, tuple[str, ...]] = {
    "systemd": _COMMANDS,
    "docker": _COMMANDS,
    "podman": _COMMANDS,
    "command": ("unit",),
}
_NEEDED = ("start", "stop", "active", "config")

Level = Literal["node", "default"]


@dataclass(slots=True)
class Services:
    """The [service] table, and the settings of each node made from it.

    What a node is missing is told once for all nodes that miss it.
    """

    defaults: Table
    broken: bool  # a key of [service] is wrong, so that none may be called missing
    missing: "dict[Path, list[tuple[NodeName, tuple[str, ...]]]]" = field(
        default_factory=dict
    )

    def of(
        self, mistakes: "Mistakes", node: "NodeName", own: Table, *, broken: bool
    ) -> ServiceSettings:
        """The settings of *node*, whose table sets *own*."""
        merged = {**self.defaults, **own}
        kind = merged.get("manager", "systemd")
        chosen: Level = "node" if "manager" in own else "default"
        where = ("nodes", node, "service") if chosen == "node" else ("service",)
        for key in _NOT_FOR[kind]:
            if key in own or (key in merged and chosen == "default"):
                path = ("nodes", node, "service") if key in own else ("service",)
                mistakes.at_key((*path, key), _unwanted((*path, key), kind))
            merged.pop(key, None)
        if kind == "command" and not (broken or self.broken):
            absent = tuple(key for key in _NEEDED if key not in merged)
            if absent:
                at = (*where, "manager")
                self.missing.setdefault(at, []).append((node, absent))
        return ServiceSettings(**merged)

    def tell_missing(self, mistakes: "Mistakes", nodes: int) -> None:
        """What no node's own mistake is: keys that `manager = "command"` needs."""
        for path, lacking in self.missing.items():
            groups: dict[tuple[str, ...], list[str]] = {}
            for node, absent in lacking:
                groups.setdefault(absent, []).append(node)
            for absent, names in groups.items():
                whose = "" if len(names) == nodes else f" on {few(names)}"
                if path[0] == "nodes":
                    whose = ""
                mistakes.at_key(
                    path,
                    f'{dotted(path)} "command" also needs {listed(absent)}{whose}',
                )


def _unwanted(path: "Path", kind: str) -> str:
    if kind == "command":
        return f'{dotted(path)} has no use with manager = "command"'
    return f'{dotted(path)} is for manager = "command" only'
