"""Goals -> edits of files, made on the bytes that were read, and proven there."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, found
from stalplan.model.live import digest_of
from stalplan.planning.plan import FileEdit
from stalplan.planning.stores import live_line, live_texts, shown
from stalplan.stalwart.edit import (
    Edit,
    EditRefused,
    Remove,
    SetList,
    SetText,
    apply_edits,
)
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.proof import ProofFailed, prove
from stalplan.stalwart.releases import NODE_ID, ROLE_PREFIX
from stalplan.stalwart.spelling import spell
from stalplan.stalwart.stores import STORE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalplan.names import Digest
    from stalplan.planning.goals import Goal
    from stalplan.planning.look import Known
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """One node's next file: its bytes, how it differs, and what a start makes of it."""

    data: bytes = field(repr=False)
    digest: "Digest"
    edits: tuple[FileEdit, ...]
    config: "FlatConfig" = field(repr=False)
    effective: "Effective" = field(repr=False)


def lower(goal: "Goal", release: "Release") -> Lowered | Finding:
    """The file that reaches *goal*; a finding where it can't be edited safely."""
    return _edited(goal.known, release, list(_final(goal, release)))


def lower_for_a_while(
    goal: "Goal", release: "Release", node_id: int
) -> Lowered | Finding:
    """The live file with another id, also in its own lists: it loses no role."""
    return _edited(goal.known, release, list(_passing(goal, release, node_id)))


def unedited(known: "Known") -> Lowered:
    """The file as it is."""
    return Lowered(
        data=known.file.data,
        digest=known.file.digest,
        edits=(),
        config=known.config,
        effective=known.starts,
    )


def _final(goal: "Goal", release: "Release") -> "Iterator[Edit]":
    differing = [key for key in goal.wanted if goal.live[key] != goal.wanted[key]]
    for key in differing:
        if not key.startswith((ROLE_PREFIX, STORE_PREFIX)):
            text = goal.wanted[key]
            yield Remove(key) if text is None else SetText(key, text)
    for role, table in goal.tables.items():
        entries = goal.lists.get(role)
        same = table == (entries.table if entries else None)
        plain = entries is None or (table is not None and not entries.bad)
        if same and (plain or role.key not in differing):
            continue  # also where other nodes come to have the ids that it names
        if table is None:
            yield Remove(role.key)
        else:
            yield SetList(role.key, spell(table, release))
    yield from goal.stores.edits()


def _passing(goal: "Goal", release: "Release", node_id: int) -> "Iterator[Edit]":
    yield SetText(NODE_ID, str(node_id))
    own = goal.known.starts.node_id
    for role, entries in goal.lists.items():
        table = entries.table
        if table is None or not any(own in shard for shard in table):
            continue
        moved = tuple(
            tuple(sorted(node_id if i == own else i for i in shard)) for shard in table
        )
        yield SetList(role.key, spell(moved, release))


def _edited(
    known: "Known", release: "Release", edits: "Sequence[Edit]"
) -> Lowered | Finding:
    if not edits:
        return unedited(known)
    base, version = known.file.data, known.version
    try:
        data = apply_edits(base, edits, version)
        prove(base, data, edits, version)
        config = parse(data, version)
    except (EditRefused, ProofFailed, ConfigRefused) as refused:
        return found(
            "SP501",
            Scope.LIVE,
            f"This file can't be edited safely: {refused.message}",
            node=known.node.name,
            file=known.file.path,
            line=refused.line or None,
            hint="Write this part of the file plainly, then plan again.",
        )
    return Lowered(
        data=data,
        digest=digest_of(data),
        edits=tuple(
            sorted(
                (_shown(known, edit) for edit in edits if not _is_there(known, edit)),
                key=lambda edit: edit.key,
            )
        ),
        config=config,
        effective=effective(config, release, known.report.unit_environment),
    )


def _is_there(known: "Known", edit: Edit) -> bool:
    """Whether a key of a store is only written again, after what stood above it."""
    if not edit.key.startswith(STORE_PREFIX):
        return False
    live = live_texts(known.config, edit.key)
    match edit:
        case SetText(text=text):
            return live == text
        case SetList(items=items):
            return live == items
        case Remove():
            return False


def _shown(known: "Known", edit: Edit) -> FileEdit:
    if edit.key.startswith(STORE_PREFIX):
        return _shown_of_store(known, edit)
    entries = known.config.under(edit.key)
    before: str | tuple[str, ...] | None = None
    if entries:
        is_list = edit.key.startswith(ROLE_PREFIX)
        texts = tuple(entry.text for entry in entries)
        before = texts if is_list else known.config.get(edit.key, texts)
    match edit:
        case SetText(text=text):
            after: str | tuple[str, ...] | None = text
        case SetList(items=items):
            after = items
        case Remove():
            after = None
    return FileEdit(
        node=known.node.name,
        key=edit.key,
        before=before,
        after=after,
        line=min((entry.first_line for entry in entries), default=None),
    )


def _shown_of_store(known: "Known", edit: Edit) -> FileEdit:
    """As `_shown`, without any text that may be a secret."""
    match edit:
        case SetText(text=text):
            after = shown(edit.key, text)
        case SetList(items=items):
            after = shown(edit.key, items)
        case Remove():
            after = None
    return FileEdit(
        node=known.node.name,
        key=edit.key,
        before=shown(edit.key, live_texts(known.config, edit.key)),
        after=after,
        line=live_line(known.config, edit.key),
    )
