"""Why a step stands where it does, in sentences made of what it changes."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.planning.values import store_of
from stalplan.stalwart.releases import HOSTNAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stalplan.names import NodeName, Role
    from stalplan.planning.moments import View
    from stalplan.planning.order import Problem
    from stalplan.planning.plan import FileEdit
    from stalplan.planning.steps import Moment


def why(problem: "Problem", moment: "Moment", edits: "Sequence[FileEdit]") -> str:
    """What the start brings, and what it makes room for."""
    name = moment.move.name
    if moment.move.passing:
        return _passing(problem, moment)
    said = [f"{name} is first, as apply.order asks."] if name in problem.first else []
    if moment.before is None:
        said.append(f"{name} was found stopped and is started.")
    else:
        said += _changed(name, moment.before, moment.after, moment.shared)
    stores = sorted({store for edit in edits if (store := store_of(edit.key))})
    if stores:
        said.append(f"{name} gets new settings of the store {listed(stores)}.")
    hostname = next((edit.after for edit in edits if edit.key == HOSTNAME), None)
    if isinstance(hostname, str):
        said.append(f"{name} announces itself as {hostname}.")
    return " ".join(said or [_as_before(name, edits)])


def _as_before(name: "NodeName", edits: "Sequence[FileEdit]") -> str:
    """Of a start that changes nothing of what we watch."""
    if not edits:
        return f"{name} starts anew with what its file holds."
    gone = [edit.key for edit in edits if edit.after is None]
    kept = [edit.key for edit in edits if edit.after is not None]
    done = [f"{listed(kept)} plainly written"] if kept else []
    done += [f"without {listed(gone)}"] if gone else []
    return f"{name} runs what it ran, {' and '.join(done)}."


def _passing(problem: "Problem", moment: "Moment") -> str:
    assert moment.before is not None, "only running nodes hold an id for a while"
    freed = moment.before.low_id
    takers = sorted(
        mover.name
        for mover in problem.movers
        if mover.after.low_id == freed and mover.name != moment.move.name
    )
    return (
        f"{moment.move.name} holds the spare id {moment.after.low_id} for a while, so "
        f"that {listed(takers)} can take id {freed}."
    )


def _changed(
    name: "NodeName", before: "View", after: "View", shared: "Sequence[NodeName]"
) -> "Iterator[str]":
    if before.low_id != after.low_id:
        text = f"{name} takes id {after.low_id} in place of {before.low_id}"
        if shared:
            text += f", which {listed(shared)} {_has(shared)} too"
        yield f"{text}."
    yield from _roles(name, before, after)
    if before.coordinator != after.coordinator:
        where = f"to the coordinator {after.coordinator}"
        gone = f"{name} leaves its coordinator."
        yield f"{name} moves {where}." if after.coordinator else gone


def _roles(name: "NodeName", before: "View", after: "View") -> "Iterator[str]":
    begins = sorted(after.parts.keys() - before.parts.keys())
    ends = sorted(before.parts.keys() - after.parts.keys())
    both = before.parts.keys() & after.parts.keys()
    other = sorted(role for role in both if before.parts[role] != after.parts[role])
    if begins:
        yield f"{name} begins to run {listed(begins)}."
    if ends:
        yield f"{name} ends running {listed(ends)}."
    if other:
        yield f"{name} runs another part of {listed(other)}."
    seen = {*begins, *ends, *other}
    lists = sorted(_differing(before.tables, after.tables) - seen)
    if lists:
        yield f"{name} learns the new list of {listed(lists)}."


def _differing(
    before: "Mapping[Role, object]", after: "Mapping[Role, object]"
) -> set[str]:
    return {str(role) for role in after if before.get(role) != after[role]}


def _has(names: "Sequence[NodeName]") -> str:
    return "has" if len(names) == 1 else "have"
