"""Drift -> the desired file asks for what the nodes have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.errors import DesiredFileWrong
from stalplan.model.rewriting import set_value
from stalplan.model.rewriting.members import role_path
from stalplan.names import NODE_IDS, NodeName, Role
from stalplan.planning.shown import visible
from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    OLD_HOSTNAME,
    ROLE_PREFIX,
)

if TYPE_CHECKING:
    from stalplan.model.rewriting.writing import Value
    from stalplan.model.wishes import Desired
    from stalplan.planning.drift import Drift, DriftReport, Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A drift that the desired file can't ask for, and why."""

    drift: "Drift"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The file's text with what could be adopted, and what could not.

    *unwritten* are drifts of what the file does not manage: there is nothing to
    write, and what was recorded of them follows the node.
    """

    text: str
    written: "tuple[Drift, ...]"
    unwritten: "tuple[Drift, ...]"
    refused: tuple[Refused, ...]

    def left(self, name: NodeName) -> frozenset[str | None]:
        """The keys of *name*'s file whose drift was refused; None for a store's."""
        return frozenset(
            key
            for each in self.refused
            if name in each.drift.nodes
            for key in _keys_of(each.drift.path)
        )

    @property
    def nodes(self) -> tuple[NodeName, ...]:
        """Nodes of which some drift was not refused."""
        taken = (*self.written, *self.unwritten)
        return tuple(sorted({name for each in taken for name in each.nodes}))


def _keys_of(path: "Path") -> tuple[str | None, ...]:
    match path:
        case ("nodes", _, "id"):
            return (NODE_ID,)
        case ("nodes", _, "hostname"):
            return (HOSTNAME, OLD_HOSTNAME)
        case ("cluster", "coordinator"):
            return (COORDINATOR,)
        case ("roles", role):
            return (ROLE_PREFIX + role,)
        case _:
            return (None,)


class _Unfit(Exception):
    """Why a drift can't be wished for."""


Wishes = Mapping["Drift", "Value"]

Check = Callable[[str], "Desired"]
"""The desired file's reader; raises DesiredFileWrong."""


def adopt(
    text: str, desired: "Desired", report: "DriftReport", *, day: str, check: Check
) -> Adopted:
    """Write each drift into *text*, with a comment that says what stood there.

    One that would make the file wrong is refused alone. *day* is when, for the
    comment.
    """
    wishes: dict[Drift, Value] = {}
    unwritten: list[Drift] = []
    refused: dict[Drift, str] = {}
    for drift in report.drifts:
        try:
            wish = _wish(drift, desired, report.drifts)
        except _Unfit as error:
            refused[drift] = str(error)
            continue
        if wish is None:
            unwritten.append(drift)
        else:
            wishes[drift] = wish
    left, found = wishes, True
    while left and found:  # an id may be free only once another node has left it
        found = False
        for some in (*({drift: left[drift]} for drift in left), _ids_of(left)):
            try:
                changed = _all_written(text, some, day)
                check(changed)
            except DesiredFileWrong as error:
                refused |= dict.fromkeys(some, error.detail.splitlines()[0])
                continue
            text, found = changed, bool(some)
            left = {drift: left[drift] for drift in left if drift not in some}
            break
    return Adopted(
        text=text,
        written=tuple(drift for drift in wishes if drift not in left),
        unwritten=tuple(unwritten),
        refused=tuple(
            Refused(drift, refused[drift])
            for drift in report.drifts
            if drift in refused and (drift in left or drift not in wishes)
        ),
    )


def _ids_of(wishes: "Wishes") -> "Wishes":
    """Those of ids: nodes that swapped theirs can only be adopted together."""
    return {each: wishes[each] for each in wishes if each.path[-1] == "id"}


def _all_written(text: str, wishes: "Wishes", day: str) -> str:
    for drift, wish in wishes.items():
        text = _written(text, drift, wish, day)
    return text


def _written(text: str, drift: "Drift", wish: "Value", day: str) -> str:
    path = drift.path
    if path[0] == "roles":
        path = role_path(text, Role(path[1])) or path
    was = "none" if drift.before is None else visible(_plain(drift.before))
    return set_value(text, path, wish, comment=f"adopted {day}, was {was}")


def _plain(value: object) -> str:
    """A value for a comment; a role in shards as `mx1, mx2 | mx3`."""
    if isinstance(value, str):
        return value
    assert isinstance(value, tuple)
    return " | ".join(", ".join(shard) for shard in value)


def _wish(
    drift: "Drift", desired: "Desired", drifts: "Sequence[Drift]"
) -> "Value | None":
    """What the file is to ask for; None where it does not manage this at all."""
    match drift.path:
        case ("nodes", _, "id"):
            return _id(drift.after)
        case ("nodes", name, "hostname"):
            return _hostname(drift, desired, name)
        case ("cluster", "coordinator"):
            if desired.coordinator is None:
                return None
            _told_once(drift, drifts)
            return str(drift.after) if drift.after is not None else False
        case ("roles", role):
            if role not in desired.roles:
                return None
            _told_once(drift, drifts)
            if drift.before == drift.after:
                raise _Unfit("the file can't ask for what means nothing")
            return _holders(drift, desired)
        case _:
            raise _Unfit("the file has no way to ask for it")


def _id(text: object) -> int:
    """An id that the file may ask for."""
    if text is None:
        raise _Unfit("the file can't ask for a node without an id")
    if isinstance(text, str) and text.isascii() and text.isdigit():
        number = int(text)
        if number < NODE_IDS:
            return number
    raise _Unfit(f"the file can ask for ids from 0 to {NODE_IDS - 1} only")


def _hostname(drift: "Drift", desired: "Desired", name: str) -> str | None:
    managed = any(
        node.name == name and node.hostname is not None for node in desired.nodes
    )
    if not managed:
        return None
    if drift.after is None:
        raise _Unfit("the file can't ask for a node without a hostname")
    return str(drift.after)


def _told_once(drift: "Drift", drifts: "Sequence[Drift]") -> None:
    """What is asked of the whole cluster can be only one thing."""
    others = {each.nodes for each in drifts if each.address == drift.address}
    if len(others) > 1:
        names = sorted(name for nodes in others for name in nodes)
        raise _Unfit(f"{', '.join(names)} do not say the same")


def _holders(drift: "Drift", desired: "Desired") -> "Value":
    if not isinstance(drift.after, tuple):
        return drift.after or "all"
    shards = [list(shard) for shard in drift.after if not isinstance(shard, str)]
    named = {each for shard in shards for each in shard}
    strangers = sorted(named - {node.name for node in desired.nodes})
    if len(strangers) == len(named):
        return "none"
    if strangers:
        raise _Unfit(f"no node of the file is {', '.join(strangers)}")
    return shards[0] if len(shards) == 1 else shards
