"""Rules about the node id and the host name of one file."""

import re
from typing import TYPE_CHECKING, Final

from stalplan.names import NODE_IDS
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.releases import HOSTNAME, NODE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.findings import Finding
    from stalplan.model.file_rules.subject import Subject
    from stalplan.stalwart.parse import FlatConfig

_QUALIFIED: Final = re.compile(
    r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+"
)
_LONGEST_NAME: Final = 253


def node_id_is_readable(subject: "Subject") -> "Iterator[Finding]":
    """Without a readable id the server runs as id 1, and so does the next one.

    Source: stalwart v0.15.5, crates/common/src/config/network.rs.
    """
    text = subject.config.get(NODE_ID)
    if text is None:
        hint = ""
        if (key := node_id_elsewhere(subject.config)) is not None:
            line = subject.config.entry(key).first_line
            hint = f"The server doesn't take {key} (line {line}) for it."
        yield subject.finding(
            "SP102", "There is no cluster.node-id: the server runs as id 1.", hint=hint
        )
        return
    kinds = {kind for kind, _ in macros_in(text)}
    if kinds & {"file", "cfg"}:
        return  # what the server makes of it is known on the node alone
    if subject.effective.node_id_error and (subject.expanded or not kinds):
        yield subject.finding(
            "SP102",
            "The text of cluster.node-id is no number that the server reads: it runs"
            " as id 1, and refuses every settings reload.",
            NODE_ID,
        )


def node_id_elsewhere(config: "FlatConfig") -> str | None:
    """The first key that someone may have meant to be the node id."""
    for key in config:
        plain = key.lower().replace("_", "-")
        if plain.startswith(NODE_ID) or plain.endswith(f".{NODE_ID}"):
            return key
    return None


def node_id_is_small(subject: "Subject") -> "Iterator[Finding]":
    """The server keeps nine bits of the id; 0 is legal, but the manual says positive.

    Source: stalwart v0.15.5, crates/utils/src/snowflake.rs.
    """
    reads = subject.effective
    if reads.node_id_text is None or reads.node_id_error:
        return
    if reads.node_id >= NODE_IDS:
        yield subject.finding(
            "SP103",
            f"Id {reads.node_id} counts as {reads.node_id % NODE_IDS}: the server"
            " keeps nine bits of it.",
            NODE_ID,
        )
    elif reads.node_id == 0:
        yield subject.finding(
            "SP106",
            "The server takes id 0; its manual asks for a positive one.",
            NODE_ID,
        )


def node_id_is_no_macro(subject: "Subject") -> "Iterator[Finding]":
    """An env macro is read in time; the others are read after the listeners start.

    Source: stalwart v0.15.5, crates/common/src/manager/boot.rs.
    """
    kinds = {kind for kind, _ in macros_in(subject.config.get(NODE_ID, ""))}
    if kinds & {"file", "cfg"}:
        yield subject.finding(
            "SP105",
            "The id comes from a file or another key, which the server reads too late:"
            " it logs an error at every start and makes some ids at random.",
            NODE_ID,
            hint="Write the number, or use an env macro.",
        )
    elif "env" in kinds:
        yield subject.finding(
            "SP104",
            "The id comes from a variable of the server's environment, so it is known"
            " only on the node.",
            NODE_ID,
        )


def hostname_is_set(subject: "Subject") -> "Iterator[Finding]":
    """Without a name the server takes the machine's, which is often unqualified."""
    if subject.effective.hostname is None:
        yield subject.finding(
            "SP402",
            "There is no server.hostname: the server announces the machine's own name,"
            " and some of its parts announce localhost.",
            HOSTNAME if subject.config.keys_under(HOSTNAME) else None,
        )


def hostname_is_qualified(subject: "Subject") -> "Iterator[Finding]":
    """Other mail servers want a lower-case name with a domain, and look it up."""
    name, key = subject.effective.hostname, subject.effective.hostname_key
    if name is None or key is None or (macros_in(name) and not subject.expanded):
        return
    if len(name) > _LONGEST_NAME or not _QUALIFIED.fullmatch(name):
        yield subject.finding(
            "SP404",
            f'"{name}" is not a lower-case name with a domain, such as'
            ' "mx1.example.org".',
            key,
        )
