"""What each release line reads, as far as clusters are concerned."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, Self

ROLE_PREFIX: Final = "cluster.roles."
NODE_ID: Final = "cluster.node-id"
COORDINATOR: Final = "cluster.coordinator"
HOSTNAME: Final = "server.hostname"
OLD_HOSTNAME: Final = "lookup.default.hostname"  # still read second, up to 0.15.5
REPORT_DOMAIN: Final = "report.domain"
OLD_DOMAIN: Final = "lookup.default.domain"

# Keys of the gossip protocol, which 0.12 replaced by the coordinator.
# Source: stalwart v0.11.8, crates/jmap/src/services/gossip/spawn.rs.
GOSSIP_KEYS: Final = (
    "cluster.advertise-addr",
    "cluster.bind-addr",
    "cluster.bind-port",
    "cluster.heartbeat",
    "cluster.key",
    "cluster.seed-nodes",
)


class Release(StrEnum):
    """A release line whose cluster settings live in config.toml."""

    V0_11 = "0.11"  # from 0.11.2 on: before, there were other keys and no roles
    V0_12 = "0.12"
    V0_13 = "0.13"
    V0_14 = "0.14"
    V0_15 = "0.15"


_LINES: Final = tuple(Release)
_VERSION: Final = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?")
_FIRST_PATCH_WITH_ROLES: Final = 2  # of 0.11

# Source: stalwart v0.11.8, v0.13.4, v0.14.1, v0.15.5,
# crates/common/src/config/network.rs.
_ROLES_0_11: Final = (
    "acme.renew",
    "metrics.calculate",
    "metrics.push",
    "purge.accounts",
    "purge.stores",
)
_ROLES_0_14: Final = (
    *_ROLES_0_11,
    "calendar-alerts",
    "fts-indexing",
    "imip-processing",
    "push-notifications",
)


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """A release line, and the patch release where it is known.

    *patch* None stands for the last patch release of the line.
    """

    line: Release
    patch: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `0.13` or `0.13.0`.

        Raises ValueError, with a sentence, where it is no release with cluster
        settings in its file.
        """
        found = _VERSION.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is no release: write it like 0.15 or 0.13.0")
        line, patch = f"{found[1]}.{found[2]}", found[3]
        number = None if patch is None else int(patch)
        if line in _LINES and not (line == "0.11" and number in {0, 1}):
            return cls(Release(line), number)
        if (int(found[1]), int(found[2])) >= (0, 16):
            raise ValueError(
                f"Stalwart {text} keeps its cluster settings in the database, not in"
                " config.toml"
            )
        if line in _LINES:
            raise ValueError(f"Stalwart {text} reads other keys; 0.11.2 is the first")
        raise ValueError(f"Stalwart {text} is none of the releases 0.11.2 to 0.15")

    @property
    def lenient_keys(self) -> bool:
        """Whether bare keys may hold any character, as from 0.13.1 on."""
        if self.line is Release.V0_13:
            return self.patch != 0
        return self.line > Release.V0_13

    def __str__(self) -> str:
        return self.line if self.patch is None else f"{self.line}.{self.patch}"


@cache
def roles_of(release: Release) -> tuple[str, ...]:
    """The names below `cluster.roles.` that *release* reads, sorted."""
    match release:
        case Release.V0_11 | Release.V0_12 | Release.V0_13:
            roles: tuple[str, ...] = _ROLES_0_11
        case Release.V0_14:
            roles = (*_ROLES_0_14, "bayes-training")
        case Release.V0_15:
            roles = (*_ROLES_0_14, "merge-threads", "spam-training")
    return tuple(sorted(roles))


def forerunner_of(role: str) -> str | None:
    """The name that *role* had in the line before, and that its own line ignores.

    Source: stalwart v0.14.1 and v0.15.5, crates/common/src/config/network.rs.
    """
    return "bayes-training" if role == "spam-training" else None


def shards_of(release: Release) -> bool:
    """Whether each entry of a role's list is a shard, as from 0.14 on.

    Source: stalwart v0.13.4 and v0.14.1, crates/common/src/config/network.rs.
    """
    return release >= Release.V0_14


def has_coordinator(release: Release) -> bool:
    """Whether the release reads `cluster.coordinator`, as from 0.12 on."""
    return release >= Release.V0_12


def reads(key: str, release: Release) -> bool:
    """Whether *release* reads *key*, which begins with `cluster.`."""
    if key == NODE_ID:
        return True
    if key.startswith(ROLE_PREFIX):
        name = key.removeprefix(ROLE_PREFIX)
        roles = roles_of(release)
        return name in roles or any(name.startswith(f"{role}.") for role in roles)
    if has_coordinator(release):
        return key == COORDINATOR
    return any(key == gossip or key.startswith(f"{gossip}.") for gossip in GOSSIP_KEYS)
