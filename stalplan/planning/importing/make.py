"""All of an import: from nodes that were read to a text whose first plan is known."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.model.desired import read_desired
from stalplan.model.live import NodeReport, Unreachable
from stalplan.names import NodeName, Role
from stalplan.planning.importing.draft import Draft, Out
from stalplan.planning.importing.drafting import draft_of, owner_of
from stalplan.planning.importing.ids import choose_ids
from stalplan.planning.importing.labels import Labels, evident, wish_of
from stalplan.planning.importing.met import Met, NotImported, Terms
from stalplan.planning.importing.remarks import Note, notes_of
from stalplan.planning.importing.roles import Held, held_roles
from stalplan.planning.look import Known, Lost, look
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Plan
from stalplan.planning.said import OF_THE_COORDINATOR
from stalplan.planning.scene import Scene, scene_of
from stalplan.stalwart.releases import Release, ServerVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalplan.model.live import Seen
    from stalplan.model.records import State
    from stalplan.model.rewriting.writing import Value
    from stalplan.model.wishes import Desired

_DRAFT = "the draft"  # no one sees its mistakes: it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The text of a desired file, and what there is to say of it.

    *plan* is what `stalplan plan` will show of it, as the nodes were when they were
    read. *unread* nodes, with the reason, are in the text as comments only. *merged*:
    *nodes* came to those that were in the file before.
    """

    text: str = field(repr=False)
    plan: Plan
    notes: tuple[Note, ...]
    unread: "Mapping[NodeName, str]"
    nodes: tuple[NodeName, ...]
    release: Release
    merged: bool = False


def import_nodes(
    met: Sequence[Met],
    terms: Terms,
    *,
    created: datetime,
    recorded: "Callable[[str], State | None]" = lambda _cluster: None,
) -> Imported:
    """The desired file of a cluster as it is.

    *created* is UTC, for the file's first line. *recorded* yields what was written
    down of a cluster of that name, which counts for the first plan. Raises NotImported
    where no node could be read, or no release is known.
    """
    release = release_of(met, terms)
    known, unread = known_of(met, terms, release)
    none_was_read(known, unread)
    ids = choose_ids([*known.values()], ())
    kept = [each for each in met if each.asked.name in known]
    labels = evident([each.asked for each in kept])
    draft = draft_of(met, known, terms, release, ids, labels)
    seen = [each.seen for each in kept]
    state = recorded(_desired(draft).cluster)
    held = held_roles(_scene(draft, seen))
    for role, each in held.items():
        _ask_for(draft, role, each, labels, ids, unread)
    plan = _planned(draft, seen, state, created)
    if in_the_way := _no_coordinator(plan, draft):
        plan = _planned(draft, seen, state, created)
    told = {(note.path, note.code) for note in in_the_way}
    rest = (n for n in notes_of(plan, draft.has) if (n.path, n.code) not in told)
    notes = (*in_the_way, *rest)
    _remark(draft, met, notes, unread, created)
    assert _desired(draft).digest == plan.desired.digest, "remarks change nothing"
    return Imported(
        text=draft.text(),
        plan=plan,
        notes=notes,
        unread=unread,
        nodes=tuple(known),
        release=release,
    )


def release_of(met: Sequence[Met], terms: Terms) -> Release:
    """The line that was told, else the one that most nodes run, the newer of equals.

    Raises NotImported where no node's binary tells it.
    """
    if terms.release is not None:
        return terms.release
    lines: Counter[Release] = Counter()
    why = "No node's binary tells its release."
    for each in met:
        seen = each.seen
        if isinstance(seen, NodeReport) and seen.server_version is not None:
            try:
                lines[ServerVersion.parse(seen.server_version).line] += 1
            except ValueError as error:
                why = f"{seen.node}: {error}."
    if not lines:
        raise NotImported(why, hint=f"stalplan import --release {max(Release)} …")
    return max(lines, key=lambda line: (lines[line], line))


def known_of(
    met: Sequence[Met], terms: Terms, release: Release
) -> "tuple[dict[NodeName, Known], dict[NodeName, str]]":
    """The nodes whose file was read, each machine once, and why others weren't."""
    numbers = {each.asked.name: number for number, each in enumerate(met)}
    everybody = draft_of(met, {}, terms, release, numbers, {})
    everybody.out = frozenset()
    desired = _desired(everybody)
    nodes = {node.name: node for node in desired.nodes}
    known: dict[NodeName, Known] = {}
    unread: dict[NodeName, str] = {}
    machines: defaultdict[tuple[str, str], list[NodeName]] = defaultdict(list)
    for each in met:
        name = each.asked.name
        looked = look(nodes[name], each.seen, desired, None)
        if isinstance(looked, Lost):
            code = "" if isinstance(each.seen, Unreachable) else _code(looked)
            unread[name] = f"{code}{looked.error}"
            continue
        if key := looked.report.host_key:
            machine = machines[key, looked.file.real_path]
            machine.append(name)
            if len(machine) > 1:
                unread[name] = (
                    f"SP608: it shows the same host key as {machine[0]} and has the "
                    "same file: they are one machine."
                )
                continue
        known[name] = looked
    return known, unread


def none_was_read(
    known: "Mapping[NodeName, Known]", unread: "Mapping[NodeName, str]"
) -> None:
    """Raises NotImported if so."""
    if not known:
        raise NotImported(
            "No node's file could be read:\n"
            + "\n".join(f"{name}: {why}" for name, why in unread.items())
        )


def _code(lost: Lost) -> str:
    return f"{lost.findings[0].code}: "


def _scene(draft: Draft, seen: "Sequence[Seen]") -> Scene:
    return scene_of(_desired(draft), seen, None, Options(), {})


def _desired(draft: Draft) -> "Desired":
    return read_desired(draft.text().encode(), file=_DRAFT)


def _planned(
    draft: Draft, seen: "Sequence[Seen]", state: "State | None", created: datetime
) -> Plan:
    desired = _desired(draft)
    return make_plan(desired, seen, state, options=Options(), created=created).plan


def _no_coordinator(plan: Plan, draft: Draft) -> tuple[Note, ...]:
    """Why the coordinator can't be asked for, which then is only a comment.

    Some nodes would not have its store, or could not use it.
    """
    path = ("cluster", "coordinator")
    name = draft.cluster.get(path[1:])
    if not isinstance(name, str):
        return ()
    alike: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for each in plan.findings:
        if each.code in OF_THE_COORDINATOR and each.blocks:
            alike[each.code, each.detail].append(each.node or "")
    if alike:
        draft.cluster[path[1:]] = Out(name)
    return tuple(
        Note(path=path, code=code, text=f"{listed(nodes)}: {detail}")
        for (code, detail), nodes in alike.items()
    )


def _ask_for(
    draft: Draft,
    role: Role,
    held: Held,
    labels: Labels,
    ids: "Mapping[NodeName, int]",
    unread: "Mapping[NodeName, str]",
) -> None:
    """Write one role; where an id may be an unread node's, as a comment only."""
    wish: Value = held.holders
    if not isinstance(held.holders, str):
        wish = wish_of(held.holders, labels, ids)
    if held.strangers and unread:
        shown = [list(shard) for shard in held.shown]
        draft.roles[role,] = Out(shown[0] if len(shown) == 1 else shown)
        draft.remark(
            ("roles", role),
            f"Not managed: {listed(held.strangers)} may be {' or '.join(unread)}.",
        )
    else:
        draft.roles[role,] = wish


def _remark(
    draft: Draft,
    met: Sequence[Met],
    notes: Sequence[Note],
    unread: "Mapping[NodeName, str]",
    created: datetime,
) -> None:
    """Put what is worth knowing beside the lines that it is about."""
    day = created.astimezone(UTC).date()
    read = len(draft.nodes) - len(unread)
    count = f"{read} node" if read == 1 else f"{read} nodes"
    draft.remark((), f"Written by `stalplan import` on {day}, as {count} had it.")
    for note in notes:
        if not _goes_without_saying(note, draft):
            draft.remark(note.path, note.remark)
    for each in met:
        if (why := unread.get(each.asked.name)) is not None:
            path = ("nodes", each.asked.name)
            draft.remark(path, f"Not read. {why}")
    if draft.cluster.get(("coordinator",)) is False and read > 1:
        draft.remark(
            ("cluster", "coordinator"), "no node has one: they don't hear each other"
        )
    _remark_hostnames(draft)
    _remark_config(draft, met, unread)


def _goes_without_saying(note: Note, draft: Draft) -> bool:
    """Whether the value's own comment says it: ids of nodes that weren't read."""
    return note.code in ("SP201", "SP203") and isinstance(
        draft.roles.get(note.path[1:]), Out
    )


def _remark_hostnames(draft: Draft) -> None:
    for name, table in draft.nodes.items():
        path = ("nodes", name, "hostname")
        hostname = table.get(("hostname",))
        if isinstance(hostname, Out):
            draft.remark(path, "left as it is: it can't be asked for so")
        elif isinstance(hostname, str):
            owner = owner_of(hostname, draft.nodes)
            if owner not in (None, name):
                draft.remark(path, f"by its name that is {owner}'s")


def _remark_config(
    draft: Draft, met: Sequence[Met], unread: "Mapping[NodeName, str]"
) -> None:
    """Which file the unit names, where all name one."""
    paths = {
        each.seen.file.path
        for each in met
        if each.asked.name not in unread
        and isinstance(each.seen, NodeReport)
        and each.seen.file
    }
    if len(paths) == 1 and ("config",) not in draft.service:
        draft.remark(("service", "unit"), f"it runs with {paths.pop()}")
