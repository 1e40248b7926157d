"""Rules about the coordinator of one file, its store, and what 0.11 left behind."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.stalwart.effective import OFFICIAL_TYPES, ascii_lower
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.releases import COORDINATOR, GOSSIP_KEYS, has_coordinator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.findings import Finding
    from stalplan.model.file_rules.subject import Subject


def coordinator_works(subject: "Subject") -> "Iterator[Finding]":
    """The store that is named exists, and its type can coordinate.

    Source: stalwart v0.15.5, crates/common/src/config/mod.rs.
    """
    reads = subject.effective
    store = reads.coordinator
    unknown = store is not None and macros_in(store) and not subject.expanded
    if store is None or unknown:
        return
    hint = "Name a store of type redis or nats that every node's file has."
    if reads.coordinator_type is None:
        yield subject.finding(
            "SP302",
            f"The coordinator is the store {store!r}, and this file has no"
            f" store.{store}.type: the server starts uncoordinated.",
            COORDINATOR,
            hint=hint,
        )
    elif not reads.coordinator_usable and not macros_in(reads.coordinator_type):
        yield subject.finding(
            "SP303",
            f"The coordinator is the store {store!r}, whose type can't coordinate: the"
            " server starts uncoordinated.",
            COORDINATOR,
            hint=hint,
        )


def coordinator_is_built_in(subject: "Subject") -> "Iterator[Finding]":
    """The official builds hold redis and nats only.

    Source: stalwart v0.12.5 to v0.15.5, Dockerfile and .github/workflows/ci.yml.
    """
    kind = _kind(subject)
    if kind is not None and subject.effective.coordinator_usable:
        if kind in OFFICIAL_TYPES:
            return
        key = f"store.{subject.effective.coordinator}.type"
        yield subject.finding(
            "SP304", f"The official builds and images have no {kind} in them.", key
        )


def kafka_is_one_text(subject: "Subject") -> "Iterator[Finding]":
    """The server first takes a list of brokers, then asks for the plain key.

    Source: stalwart v0.15.5, crates/store/src/backend/kafka/mod.rs.
    """
    key = f"store.{subject.effective.coordinator}.brokers"
    listed_brokers = subject.config.keys_under(key)
    if _kind(subject) == "kafka" and listed_brokers and key not in subject.config:
        yield subject.finding(
            "SP305",
            "The brokers are a list: the server finds none and drops the store.",
            key,
            hint=f'{key} = "broker1:9092,broker2:9092"',
        )


def redis_cluster_has_resp3(subject: "Subject") -> "Iterator[Finding]":
    """Messages are pushed to subscribers by the newer protocol only."""
    prefix = f"store.{subject.effective.coordinator}"
    kind = subject.config.get(f"{prefix}.redis-type")
    protocol = subject.config.get(f"{prefix}.protocol-version")
    if protocol is not None and macros_in(protocol):
        return  # what it yields is known on the node alone
    if _kind(subject) == "redis" and kind == "cluster" and protocol != "resp3":
        yield subject.finding(
            "SP306",
            "A redis cluster pushes messages to its subscribers by resp3 only.",
            f"{prefix}.redis-type",
            hint=f'{prefix}.protocol-version = "resp3"',
        )


def gossip_is_gone(subject: "Subject") -> "Iterator[Finding]":
    """Keys of the gossip protocol, which no release from 0.12 on reads."""
    if not has_coordinator(subject.release):
        return
    left = [key for key in GOSSIP_KEYS if subject.config.keys_under(key)]
    if left:
        yield subject.finding(
            "SP307",
            f"Stalwart {subject.release} doesn't read {listed(left)}.",
            left[0],
        )


def _kind(subject: "Subject") -> str | None:
    kind = subject.effective.coordinator_type
    return None if kind is None else ascii_lower(kind)
