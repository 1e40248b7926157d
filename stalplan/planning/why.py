"""Why a step stands where it does, in sentences made of what it changes."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.planning.plan import Risk
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
        said += _id(problem, moment, moment.before)
        said += _roles(problem, moment, moment.before)
        said += _coordinator(name, moment.before, moment.after)
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
    return (
        f"{moment.move.name} holds the spare id {moment.after.low_id} for a while, so "
        f"that {listed(_takers(problem, moment, freed))} can take id {freed}."
    )


def _takers(problem: "Problem", moment: "Moment", freed: int) -> list["NodeName"]:
    return sorted(
        mover.name
        for mover in problem.movers
        if mover.after.low_id == freed and mover.name != moment.move.name
    )


def _id(problem: "Problem", moment: "Moment", before: "View") -> "Iterator[str]":
    after, freed = moment.after.low_id, before.low_id
    if freed == after:
        return
    text = f"{moment.move.name} takes id {after} in place of {freed}"
    if moment.shared:
        text += f", which {listed(moment.shared)} {_has(moment.shared)} too"
    elif takers := _takers(problem, moment, freed):
        text += f", which {listed(takers)} can take then"
    yield f"{text}."


def _coordinator(name: "NodeName", before: "View", after: "View") -> "Iterator[str]":
    if before.coordinator != after.coordinator:
        where = f"to the coordinator {after.coordinator}"
        gone = f"{name} leaves its coordinator."
        yield f"{name} moves {where}." if after.coordinator else gone


def _roles(problem: "Problem", moment: "Moment", before: "View") -> "Iterator[str]":
    name, after = moment.move.name, moment.after
    begins = sorted(after.parts.keys() - before.parts.keys())
    ends = sorted(before.parts.keys() - after.parts.keys())
    both = before.parts.keys() & after.parts.keys()
    other = sorted(role for role in both if before.parts[role] != after.parts[role])
    if begins:
        yield f"{name} begins to run {listed(begins)}."
    yield from _ends(problem, moment, ends)
    if other:
        yield f"{name} runs another part of {listed(other)}."
    seen = {*begins, *ends, *other}
    lists = sorted(_differing(before.tables, after.tables) - seen)
    if lists:
        yield f"{name} learns the new list of {listed(lists)}."


def _ends(
    problem: "Problem", moment: "Moment", roles: "Sequence[Role]"
) -> "Iterator[str]":
    """Of roles that end here; a single holder ends before the next one begins."""
    next_ones = {
        exposure.role: exposure.nodes
        for exposure in moment.exposure
        if exposure.what is Risk.UNCOVERED
        and exposure.role in problem.watch.single
        and len(exposure.nodes) == 1
    }
    plain = [role for role in roles if role not in next_ones]
    if plain:
        yield f"{moment.move.name} ends running {listed(plain)}."
    for (taker,) in sorted({next_ones[role] for role in roles if role not in plain}):
        handed = [role for role in roles if next_ones.get(role) == (taker,)]
        yield (
            f"{moment.move.name} ends running {listed(handed)} before {taker} begins, "
            f"so that {'it is' if len(handed) == 1 else 'they are'} never run twice."
        )


def _differing(
    before: "Mapping[Role, object]", after: "Mapping[Role, object]"
) -> set[str]:
    return {str(role) for role in after if before.get(role) != after[role]}


def _has(names: "Sequence[NodeName]") -> str:
    return "has" if len(names) == 1 else "have"
