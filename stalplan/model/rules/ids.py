"""Rules about node ids that one file alone can't break."""

from collections import defaultdict
from typing import TYPE_CHECKING

from stalplan.findings import Finding, found
from stalplan.model.cluster import Cluster, listed
from stalplan.names import NODE_IDS
from stalplan.stalwart.releases import NODE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.names import NodeName


def ids_are_unique(cluster: Cluster) -> "Iterator[Finding]":
    """No two nodes share an id modulo 512; they would overwrite queued mail.

    Source: stalwart v0.15.5, crates/utils/src/snowflake.rs.
    """
    members = {member.name: member for member in cluster.members}
    holders: defaultdict[int, list[NodeName]] = defaultdict(list)
    for node_id, same in cluster.ids.items():
        holders[node_id % NODE_IDS] += same
    for low, names in sorted(holders.items()):
        if len(names) < 2:  # noqa: PLR2004 - one node has its id to itself
            continue
        place = next((members[name] for name in sorted(names) if name in members), None)
        yield found(
            "SP101",
            cluster.scope,
            f"{listed(sorted(names))} count as one id, {low}: they don't hear each "
            "other, and may overwrite each other's queued mail.",
            node=place.name if place else None,
            file=place.path if place else None,
            line=place.line(NODE_ID) if place else None,
            key=NODE_ID,
            hint="Give each node its own id between 0 and 511.",
        )
