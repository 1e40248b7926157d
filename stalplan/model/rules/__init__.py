"""What is wrong with a cluster: one small function per rule, one tuple of them.

Rules that one file can break stand in `model/file_rules`; these compare nodes.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stalplan.model.rules.coordinator import (
    coordinator_is_the_same,
    kafka_groups_differ,
)
from stalplan.model.rules.hostnames import hostnames_are_alike
from stalplan.model.rules.ids import ids_are_unique
from stalplan.model.rules.roles import (
    lists_name_nodes,
    roles_are_held,
    roles_have_lists,
    tables_agree,
)

if TYPE_CHECKING:
    from stalplan.findings import Finding
    from stalplan.model.cluster import Cluster

Rule = Callable[["Cluster"], Iterator["Finding"]]

RULES: tuple[Rule, ...] = (
    ids_are_unique,
    roles_are_held,
    roles_have_lists,
    lists_name_nodes,
    tables_agree,
    coordinator_is_the_same,
    kafka_groups_differ,
    hostnames_are_alike,
)


def cluster_findings(cluster: "Cluster") -> list["Finding"]:
    """All that the rules find in *cluster*, worst first."""
    results = [finding for rule in RULES for finding in rule(cluster)]
    return sorted(results, key=lambda finding: finding.sort_key)
