"""Rules about the names that servers announce."""

from collections import Counter
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, found
from stalplan.model.cluster import Cluster, Member
from stalplan.stalwart.releases import HOSTNAME

if TYPE_CHECKING:
    from collections.abc import Iterator

LICENCE_KEY = "enterprise.license-key"


def hostnames_are_alike(cluster: Cluster) -> "Iterator[Finding]":
    """Nodes usually announce one name; other names may be on purpose."""
    if cluster.hostnames_wished:
        return
    named = [m for m in cluster.members if m.effective.hostname is not None]
    names = Counter(member.effective.hostname for member in named)
    if len(names) < 2:  # noqa: PLR2004 - one is agreement
        return
    said = ", ".join(f"{member.name}: {member.effective.hostname}" for member in named)
    place = min(
        named, key=lambda member: (names[member.effective.hostname], member.name)
    )
    yield found(
        "SP401",
        cluster.scope,
        f"{said}.",
        node=place.name,
        file=place.path,
        line=place.line(place.effective.hostname_key or HOSTNAME),
        key=HOSTNAME,
    )


def licence_is_for_the_name(before: Member, after: str | None) -> "Iterator[Finding]":
    """An Enterprise licence is checked against the hostname.

    Source: stalwart v0.15.5, crates/common/src/enterprise/config.rs.
    """
    if before.effective.hostname == after or LICENCE_KEY not in before.config:
        return
    yield found(
        "SP403",
        Scope.DESIRED,
        "The node has an Enterprise licence, which is for one hostname: it may be void "
        "with another.",
        node=before.name,
        file=before.path,
        line=before.line(HOSTNAME),
        key=HOSTNAME,
    )
