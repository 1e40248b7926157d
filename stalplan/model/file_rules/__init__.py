"""What one file alone shows to be wrong: one small function per rule, one tuple."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from stalplan.findings import Finding, Scope
from stalplan.model.file_rules import ids, reading, roles, stores
from stalplan.model.file_rules.subject import Subject
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused

if TYPE_CHECKING:
    from stalplan.names import NodeName
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release

__all__ = ["RULES", "Subject", "file_findings"]

Rule = Callable[[Subject], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    ids.node_id_is_readable,
    ids.node_id_is_small,
    ids.node_id_is_no_macro,
    roles.lists_mean_what_they_say,
    roles.keys_are_read,
    roles.one_node_trains,
    roles.pushes_are_sent_once,
    roles.renewal_does_not_last,
    stores.coordinator_works,
    stores.coordinator_is_built_in,
    stores.kafka_is_one_text,
    stores.redis_cluster_has_resp3,
    stores.gossip_is_gone,
    ids.hostname_is_set,
    ids.hostname_is_qualified,
    reading.is_toml,
    reading.managed_keys_are_local,
    reading.macros_end,
)


def file_findings(
    config: "FlatConfig | ConfigRefused",
    release: "Release",
    *,
    file: str,
    node: "NodeName | None" = None,
    scope: Scope = Scope.LIVE,
    env: Mapping[str, str] | None = None,
    rules: tuple[Rule, ...] = RULES,
    store_keys: tuple[str, ...] = (),
    before: "Release | None" = None,
    made: "Effective | None" = None,
) -> list[Finding]:
    """All that the rules find in one file, worst first.

    *config* is what a server reads, or its refusal. *env* holds the variables of the
    server's environment that macros name; None: they are not known, and a text with a
    macro is then no fault. *store_keys* are the managed keys of stores. *before* is the
    release that the node has now, where that is known to be another one. *made* is what
    the file makes of a server of *release* with *env*, where somebody has asked before.
    """
    if isinstance(config, ConfigRefused):
        return [reading.refusal(config, file=file, node=node, scope=scope)]
    subject = Subject(
        config=config,
        effective=made or effective(config, release, env),
        release=release,
        scope=scope,
        file=file,
        node=node,
        expanded=env is not None,
        store_keys=store_keys,
        before=before,
    )
    results = [finding for rule in rules for finding in rule(subject)]
    return sorted(results, key=lambda finding: finding.sort_key)
