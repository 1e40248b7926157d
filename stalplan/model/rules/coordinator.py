"""Rules about the store that lets nodes hear each other."""

from collections import defaultdict
from typing import TYPE_CHECKING

from stalplan.findings import Finding, found
from stalplan.model.cluster import Cluster, Member, listed
from stalplan.stalwart.effective import ascii_lower
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.releases import COORDINATOR, has_coordinator

if TYPE_CHECKING:
    from collections.abc import Iterator


def coordinator_is_the_same(cluster: Cluster) -> "Iterator[Finding]":
    """Nodes on different coordinators, or on none, don't hear each other.

    Stores of one id and of two types are two. Where the store or its type is missing,
    another rule tells.
    """
    if not has_coordinator(cluster.release):
        return
    named = _by_store(cluster)
    if len(named) < 2:  # noqa: PLR2004 - one is agreement
        return
    said = "; ".join(
        f"{listed([member.name for member in members])}: {store or 'none'}"
        for store, members in sorted(named.items())
    )
    place = min(named.values(), key=lambda members: (len(members), members[0].name))[0]
    yield found(
        "SP301",
        cluster.scope,
        f"The nodes don't have one coordinator. {said}.",
        node=place.name,
        file=place.path,
        line=place.line(COORDINATOR),
        key=COORDINATOR,
    )


def _by_store(cluster: Cluster) -> dict[str, list[Member]]:
    """The members by their coordinator, and its type where types differ."""
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for member in cluster.members:
        if kind := _kind(member):
            kinds[member.effective.coordinator or ""].add(kind)
    named: defaultdict[str, list[Member]] = defaultdict(list)
    for member in cluster.members:
        store = member.effective.coordinator or ""
        kind = _kind(member) or "no type"
        named[f"{store} ({kind})" if len(kinds[store]) > 1 else store].append(member)
    return named


def _kind(member: Member) -> str | None:
    """The type as the server compares it; None where it is no type that coordinates.

    No text of another type is told: it may be anything.
    """
    reads = member.effective
    if reads.coordinator_type is None or not reads.coordinator_usable:
        return None
    return ascii_lower(reads.coordinator_type)


def kafka_groups_differ(cluster: Cluster) -> "Iterator[Finding]":
    """One consumer group gets each message once: one node hears it, no other does."""
    groups: defaultdict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in cluster.members:
        if member.effective.coordinator_type == "kafka":
            key = f"store.{member.effective.coordinator}.group-id"
            groups[key, member.config.get(key, "")].append(member)
    for (key, group), members in sorted(groups.items()):
        if group and not macros_in(group) and len(members) > 1:
            yield found(
                "SP308",
                cluster.scope,
                f"{listed([member.name for member in members])} share one consumer "
                "group, so each message reaches only one of them.",
                node=members[0].name,
                file=members[0].path,
                line=members[0].line(key),
                key=key,
                hint="Give each node a group-id of its own.",
            )
