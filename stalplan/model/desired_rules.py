"""What can be said about a desired cluster without asking any node.

Errors are told while the file is read; what remains here never blocks.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, Severity, found
from stalplan.model.desired.mistakes import few
from stalplan.model.stores import StoreText
from stalplan.model.wishes import Everyone, Nobody, Shards
from stalplan.names import NodeName, Role
from stalplan.stalwart.effective import OFFICIAL_TYPES
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.releases import shards_of

if TYPE_CHECKING:
    from stalplan.model.stores import StoreWish
    from stalplan.model.wishes import Desired, RoleWish

Rule = Callable[["Desired"], Iterator[Finding]]

_LONGEST_NAME = 253  # Source: RFC 1035, section 2.3.4, without the closing dot
_QUALIFIED = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def desired_findings(desired: "Desired") -> list[Finding]:
    """Warnings and remarks about *desired*, worst first."""
    results = [finding for rule in RULES for finding in rule(desired)]
    return sorted(results, key=lambda finding: finding.sort_key)


def id_zero_is_legal(desired: "Desired") -> Iterator[Finding]:
    """The server takes 0 although its manual asks for a positive number.

    Source: stalwart v0.15.5 crates/utils/src/config/utils.rs.
    """
    for node in desired.nodes:
        if node.node_id.value == 0:
            yield _finding(
                desired,
                "SP106",
                ("nodes", node.name, "id"),
                f"{node.name} has id 0: servers take it, though the manual asks for "
                "a positive number.",
                node=node.name,
            )


def nobody_is_meant(desired: "Desired") -> Iterator[Finding]:
    """`"none"` is legal, but the work of the role is then never done."""
    for role, wish in desired.roles.items():
        if isinstance(wish, Nobody):
            yield _finding(
                desired,
                "SP201",
                ("roles", role),
                f'{role} is "none": no node will do its work.',
                severity=Severity.WARNING,
            )


def spam_training_has_one_node(desired: "Desired") -> Iterator[Finding]:
    """The manual asks for exactly one node; shards make no difference to this role.

    Source: stalwart v0.15.5 crates/services/src/housekeeper/mod.rs.
    """
    role = Role("spam-training")
    several = _holders(desired, desired.roles.get(role))
    if len(several) > 1:
        yield _finding(
            desired,
            "SP209",
            ("roles", role),
            f"{role} is on {few(several)}; each would train the same model.",
            hint=f'"{role}" = ["{several[0]}"]',
        )


def push_notifications_need_shards(desired: "Desired") -> Iterator[Finding]:
    """Nodes that share a shard all notify the same users.

    Source: stalwart v0.15.5 crates/services/src/state_manager/push.rs.
    """
    role = Role("push-notifications")
    wish = desired.roles.get(role)
    if not shards_of(desired.release) or wish is None or isinstance(wish, Nobody):
        return
    everyone = (_holders(desired, wish),)
    shards = wish.shards if isinstance(wish, Shards) else everyone
    twice = next((shard for shard in shards if len(shard) > 1), None)
    if twice:
        holders = _holders(desired, wish)
        lists = ", ".join(f'["{name}"]' for name in holders[:3])
        yield _finding(
            desired,
            "SP210",
            ("roles", role),
            f"{few(twice)} would notify the same users: each needs its own shard.",
            hint=f'"{role}" = [{lists}{", …" if len(holders) > 3 else ""}]',  # noqa: PLR2004 - enough to see the form
        )


def acme_renew_does_not_last(desired: "Desired") -> Iterator[Finding]:
    """A settings reload schedules renewals on every node, whatever the role says.

    Source: stalwart v0.13.4, v0.15.5 crates/services/src/housekeeper/mod.rs.
    """
    role = Role("acme.renew")
    if isinstance(desired.roles.get(role), Nobody | Shards):
        yield _finding(
            desired,
            "SP212",
            ("roles", role),
            f"{role} holds from a node's start to its next settings reload; from "
            "then on every node renews certificates.",
        )


def hostnames_differ(desired: "Desired") -> Iterator[Finding]:
    """One name for all and a name each are both in use; a mixture may be a slip."""
    names: dict[str, list[NodeName]] = {}
    for node in desired.nodes:
        if node.hostname is not None:
            names.setdefault(node.hostname, []).append(node.name)
    if len(names) > 1:
        each = few([f"{name} ({few(nodes)})" for name, nodes in names.items()])
        yield _finding(desired, "SP401", ("cluster", "hostname"), f"{each}.")


def hostnames_are_qualified(desired: "Desired") -> Iterator[Finding]:
    """Other mail servers want a lower-case name with a domain, and look it up."""
    told: set[tuple[str, ...]] = set()
    for node in desired.nodes:
        path: tuple[str, ...] = ("nodes", node.name, "hostname")
        own = path in desired.places
        path = path if own else ("cluster", "hostname")
        if node.hostname is None or path in told or _is_qualified(node.hostname):
            continue
        told.add(path)
        yield _finding(
            desired,
            "SP404",
            path,
            f'"{node.hostname}" is not a lower-case name with a domain, such as '
            '"mx1.example.org".',
            node=node.name if own else None,
        )


def stores_are_built_in(desired: "Desired") -> Iterator[Finding]:
    """The official builds hold redis and nats only.

    Source: stalwart v0.12.5 to v0.15.5, Dockerfile and .github/workflows/ci.yml.
    """
    for id_, store in desired.stores.items():
        kind = _text(store, "type")
        if kind not in OFFICIAL_TYPES:
            yield _finding(
                desired,
                "SP304",
                ("store", id_, "type"),
                f"The official builds and images have no {kind} in them.",
            )


def redis_clusters_push_by_resp3(desired: "Desired") -> Iterator[Finding]:
    """Messages are pushed to subscribers by the newer protocol only."""
    for id_, store in desired.stores.items():
        protocol = _text(store, "protocol-version") or "resp2"
        if _text(store, "redis-type") == "cluster" and protocol == "resp2":
            yield _finding(
                desired,
                "SP306",
                ("store", id_, "redis-type"),
                "A redis cluster pushes messages to its subscribers by resp3 only.",
                hint='protocol-version = "resp3"',
            )


def kafka_groups_differ(desired: "Desired") -> Iterator[Finding]:
    """One consumer group gets each message once: one node hears it, no other does."""
    for id_, store in desired.stores.items():
        is_kafka = _text(store, "type") == "kafka"
        group = _text(store, "group-id") or ""
        if is_kafka and not macros_in(group) and len(desired.nodes) > 1:
            yield _finding(
                desired,
                "SP308",
                ("store", id_, "group-id"),
                "All nodes would share one consumer group, so each message reaches "
                "only one of them.",
                hint='group-id = "%{env:NODE}%", with a variable that differs by node',
            )


RULES: tuple[Rule, ...] = (
    id_zero_is_legal,
    nobody_is_meant,
    spam_training_has_one_node,
    push_notifications_need_shards,
    acme_renew_does_not_last,
    hostnames_differ,
    hostnames_are_qualified,
    stores_are_built_in,
    redis_clusters_push_by_resp3,
    kafka_groups_differ,
)


def _text(store: "StoreWish", key: str) -> str | None:
    """What the file itself says; None where it says nothing, or names a secret."""
    value = store.values.get(key)
    return value.text if isinstance(value, StoreText) else None


def _finding(
    desired: "Desired",
    code: str,
    path: tuple[str, ...],
    detail: str,
    *,
    severity: Severity | None = None,
    node: NodeName | None = None,
    hint: str = "",
) -> Finding:
    """A finding about *path* of the desired file, with its line."""
    place = desired.place(*path)
    return found(
        code,
        Scope.DESIRED,
        detail,
        severity=severity,
        node=node,
        file=desired.file,
        line=place.line if place else None,
        key=".".join(path),
        hint=hint,
    )


def _holders(desired: "Desired", wish: "RoleWish | None") -> tuple[NodeName, ...]:
    """The nodes that hold a role, in id order."""
    if isinstance(wish, Shards):
        names = {name for shard in wish.shards for name in shard}
    else:
        names = {node.name for node in desired.nodes if isinstance(wish, Everyone)}
    by_id = sorted(desired.nodes, key=lambda node: node.node_id)
    return tuple(node.name for node in by_id if node.name in names)


def _is_qualified(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _QUALIFIED.fullmatch(name) is not None
