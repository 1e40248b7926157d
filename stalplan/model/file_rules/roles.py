"""Rules about the role lists of one file."""

import re
from typing import TYPE_CHECKING, Final

from stalplan.model.cluster import listed
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.releases import ROLE_PREFIX, Release, roles_of, shards_of
from stalplan.stalwart.spelling import RoleList, role_table, shard, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.findings import Finding
    from stalplan.model.file_rules.subject import Subject

_INTEGER: Final = re.compile(r"[0-9]+")
SPAM_TRAINING: Final = "spam-training"
PUSH: Final = "push-notifications"
ACME: Final = "acme.renew"


def lists_mean_what_they_say(subject: "Subject") -> "Iterator[Finding]":
    """The readings that 0.14 changed, and what no release reads.

    Source: stalwart v0.13.4 and v0.14.1, crates/common/src/config/network.rs.
    """
    for role in roles_of(subject.release):
        found = subject.effective.lists.get(role)
        if found is None:
            continue
        yield from _bad_entries(subject, role, found)
        yield from _changed_meaning(subject, role, found)
        yield from _read_from_now_on(subject, role, found)
        several = len(found.entries) > 1
        if several and len(spellings(subject.config, ROLE_PREFIX + role)) > 1:
            yield subject.finding(
                "SP211",
                f"{role} is written in several spellings, which the server joins.",
                ROLE_PREFIX + role,
            )


def _bad_entries(subject: "Subject", role: str, found: RoleList) -> "Iterator[Finding]":
    bad = [e for e in found.bad if subject.expanded or not macros_in(e.text)]
    table = subject.effective.tables.get(role)
    everybody = "no entry is left, so every node runs it" if table is None else ""
    for entry in bad:
        list_of_0_14 = shard(entry.text, Release.V0_14) is not None
        if not shards_of(subject.release) and list_of_0_14 and everybody:
            yield subject.finding(
                "SP206",
                f"{role} holds a list in one text, which {subject.release} can't read:"
                f" {everybody}.",
                entry.key,
                hint="Write one number per entry: [1, 2].",
            )
            continue
        what = "shard" if shards_of(subject.release) else "entry"
        yield subject.finding(
            "SP207",
            f"An entry of {role} can't be read: the server drops the whole {what};"
            f" {everybody or 'the others count'}.",
            entry.key,
        )


def _changed_meaning(
    subject: "Subject", role: str, found: RoleList
) -> "Iterator[Finding]":
    table = found.table or ()
    if not shards_of(subject.release) or role not in roles_of(Release.V0_13):
        return
    if len(table) < 2 or found.bad:  # noqa: PLR2004 - one shard is no change
        return
    bare = all(
        _INTEGER.fullmatch(entry.text) and subject.config.is_bare(entry.key)
        for entry in found.entries
    )
    if bare:
        yield subject.finding(
            "SP205",
            f"{role} lists {len(table)} numbers: up to 0.13 all of these nodes did all"
            f" of it, from 0.14 on each does one of {len(table)} parts.",
            ROLE_PREFIX + role,
            hint='Write ["1,2"] for nodes that share the work, ["1", "2"] for parts.',
        )


def _read_from_now_on(
    subject: "Subject", role: str, found: RoleList
) -> "Iterator[Finding]":
    """Texts that the node's server drops, and that count once it is upgraded."""
    if subject.before is None or shards_of(subject.before):
        return
    if not shards_of(subject.release) or role not in roles_of(subject.before):
        return
    today = role_table(subject.config, role, subject.before)
    bad = {entry.key for entry in found.bad}
    fresh = [e for e in today.bad if e.key not in bad and not macros_in(e.text)]
    if not fresh:
        return
    now = f"{subject.before} can't read it, and"
    if today.table is None:
        yield subject.finding(
            "SP206",
            f"{role} holds a list in one text: {now} every node runs the role; from"
            " 0.14 on only the nodes of the list do.",
            fresh[0].key,
            hint=f'"{role}" = "all" under [roles] keeps it so.',
        )
        return
    yield subject.finding(
        "SP207",
        f"An entry of {role} is a list in one text: {now} the others count; from 0.14"
        " on it counts too.",
        fresh[0].key,
    )


def keys_are_read(subject: "Subject") -> "Iterator[Finding]":
    """A role that this release doesn't know is ignored without a word."""
    seen: set[str] = set()
    for entry in subject.effective.unread:
        if not entry.key.startswith(ROLE_PREFIX):
            continue
        name = re.sub(r"\.[0-9]+(\..*)?$", "", entry.key.removeprefix(ROLE_PREFIX))
        if name not in seen:
            seen.add(name)
            yield subject.finding(
                "SP208",
                f"Stalwart {subject.release} has no role {name}, and ignores the key.",
                ROLE_PREFIX + name,
                hint=_successor(name, subject.release),
            )


def _successor(name: str, release: Release) -> str:
    if name == "bayes-training" and release is Release.V0_15:
        return f"0.15 calls it {SPAM_TRAINING}; without that key every node does it."
    return ""


def one_node_trains(subject: "Subject") -> "Iterator[Finding]":
    """The manual asks for exactly one node; shards make no difference to this role.

    Source: stalwart v0.15.5, crates/services/src/housekeeper/mod.rs.
    """
    table = subject.effective.tables.get(SPAM_TRAINING)
    ids = sorted({number for ids in table or () for number in ids})
    if len(ids) > 1:
        yield subject.finding(
            "SP209",
            f"{SPAM_TRAINING} names ids {listed(map(str, ids))}; each would train the"
            " same model.",
            ROLE_PREFIX + SPAM_TRAINING,
        )


def pushes_are_sent_once(subject: "Subject") -> "Iterator[Finding]":
    """Nodes that share a shard all notify the same users.

    Source: stalwart v0.15.5, crates/services/src/state_manager/push.rs.
    """
    table = subject.effective.tables.get(PUSH)
    twice = next((ids for ids in table or () if len(ids) > 1), None)
    if twice:
        yield subject.finding(
            "SP210",
            f"Ids {listed(map(str, twice))} would notify the same users: each needs"
            " its own shard.",
            ROLE_PREFIX + PUSH,
        )


def renewal_does_not_last(subject: "Subject") -> "Iterator[Finding]":
    """A settings reload schedules renewals on every node, whatever the role says.

    Source: stalwart v0.13.4 and v0.15.5, crates/services/src/housekeeper/mod.rs.
    """
    if subject.effective.tables.get(ACME) is not None:
        yield subject.finding(
            "SP212",
            f"{ACME} holds from the start to the next settings reload; from then on"
            " every node renews certificates.",
            ROLE_PREFIX + ACME,
        )
