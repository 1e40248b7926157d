"""Rules about the names that servers announce."""

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
    names = {
        member.name: member.effective.hostname
        for member in cluster.members
        if member.effective.hostname is not None
    }
    if len(set(names.values())) > 1:
        said = ", ".join(f"{node}: {name}" for node, name in sorted(names.items()))
        yield found("SP401", cluster.scope, f"{said}.", key=HOSTNAME)


def licence_is_for_the_name(before: Member, after: str | None) -> "Iterator[Finding]":
    """An Enterprise licence is checked against the hostname.

    Source: stalwart v0.15.5, crates/common/src/enterprise/config.rs.
    """
    if before.effective.hostname == after or LICENCE_KEY not in before.config:
        return
    yield found(
        "SP403",
        Scope.DESIRED,
        f"{before.name} has an Enterprise licence, which is for one hostname: it may "
        "be void with another.",
        node=before.name,
        file=before.path,
        line=before.line(HOSTNAME),
        key=HOSTNAME,
    )
