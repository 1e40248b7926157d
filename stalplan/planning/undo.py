"""Steps that were carried out -> the way back, proven on the model of the cluster."""

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.model.health import HealthAsk
from stalplan.names import NODE_IDS, Digest, NodeName
from stalplan.planning.health import health_ask
from stalplan.planning.look import Known, Lost, look
from stalplan.planning.moments import Crew, View, view_of
from stalplan.planning.order import NoOrder
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from stalplan.model.live import Seen
    from stalplan.model.records import State
    from stalplan.model.wishes import Desired
    from stalplan.stalwart.releases import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one step did to one node's file, and the bytes that were there before.

    *data* has the digest *base* and may hold passwords.
    """

    step: int
    node: NodeName
    base: Digest
    result: Digest
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """One part to be undone, and what must be true once its old file is started."""

    part: Part
    health: HealthAsk


@dataclass(slots=True)
class _Moment:
    """Who runs as what, while parts are undone one after the other."""

    views: "dict[NodeName, View]"
    taken: frozenset[int]  # ids of nodes that weren't asked and may run
    down: int
    most_down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnWay:
    """What each node's file holds, and its server says, at the moment reached."""

    release: "Release"
    known: "Mapping[NodeName, Known]"
    holds: dict[NodeName, Digest]
    greets: "dict[NodeName, str | None]"


def way_back(
    desired: "Desired",
    seen: "Sequence[Seen]",
    state: "State | None",
    parts: "Sequence[Part]",
    *,
    assume_down: "Collection[NodeName]" = (),
) -> "tuple[tuple[Back, ...], ...] | NoOrder":
    """The last step first; parts in one group may be undone at the same time.

    No moment on the way adds a doubled id or has more nodes down than may be; where
    the way leads through one that does, the rule and nothing else is the answer.
    """
    known, lost = _looked(desired, seen, state)
    blind = [name for name, each in lost.items() if each.report is None]
    if blind:
        rule = f"{listed(blind)} can't be asked, so what it runs is not known."
        return NoOrder(rule=rule, nodes=tuple(blind), hint="stalplan recover")
    moment = _Moment(
        views={
            name: view_of(each.process.runs, ())
            for name, each in known.items()
            if each.process.up
        },
        taken=frozenset(_taken(desired, known, state, assume_down)),
        down=sum(not each.process.up for each in known.values()),
        most_down=desired.apply.max_unavailable,
    )
    groups: list[tuple[Back, ...]] = []
    on_way = _OnWay(
        release=desired.release,
        known=known,
        holds={name: each.file.digest for name, each in known.items()},
        greets={name: each.process.runs.hostname for name, each in known.items()},
    )
    for _, step in groupby(
        sorted(parts, key=lambda part: (-part.step, part.node)),
        key=lambda part: part.step,
    ):
        told = []
        for part in step:
            made = _undone(on_way, part, moment)
            if isinstance(made, NoOrder):
                return made
            told.append(made)
        backs = [back for back, _ in told]
        at_once = _at_once(moment, [views for _, views in told])
        groups += [tuple(backs)] if at_once else [(back,) for back in backs]
    return tuple(groups)


def _looked(
    desired: "Desired", seen: "Sequence[Seen]", state: "State | None"
) -> "tuple[dict[NodeName, Known], dict[NodeName, Lost]]":
    recorded = state.nodes if state else {}
    answers = {each.node: each for each in seen}
    known: dict[NodeName, Known] = {}
    lost: dict[NodeName, Lost] = {}
    for node in desired.nodes:
        if node.name not in answers:
            continue
        answer, last = answers[node.name], recorded.get(node.name)
        looked = look(node, answer, desired, last)
        if isinstance(looked, Known):
            known[node.name] = looked
        else:
            lost[node.name] = looked
    return known, lost


def _taken(
    desired: "Desired",
    known: "Mapping[NodeName, Known]",
    state: "State | None",
    assume_down: "Collection[NodeName]",
) -> "Iterator[int]":
    """Ids of nodes whose server may run with what nobody can see: wanted and last."""
    recorded = state.nodes if state else {}
    for node in desired.nodes:
        if node.name in known or node.name in assume_down:
            continue
        yield node.node_id.value
        if node.name in recorded:
            yield recorded[node.name].node_id % NODE_IDS


_Views = tuple["View | None", "View"]


def _undone(
    way: _OnWay, part: Part, moment: _Moment
) -> "tuple[Back, _Views] | NoOrder":
    """The part with its health; *moment* is the one after it. Or the rule it breaks."""
    each = way.known.get(part.node)
    if each is None:
        rule = f"{part.node}'s file can't be read, so what it runs is not known."
        return NoOrder(rule=rule, nodes=(part.node,))
    if way.holds[part.node] != part.result:
        rule = f"{part.node}'s file was changed since; it is left as it is."
        return NoOrder(rule=rule, nodes=(part.node,), hint="stalplan plan")
    try:
        config = parse(part.data, each.version)
    except ConfigRefused:
        rule = f"The server of {part.node} could not read its old file."
        return NoOrder(rule=rule, nodes=(part.node,))
    reads = effective(config, way.release, each.report.unit_environment)
    before, after = moment.views.get(part.node), view_of(reads, ())
    if before is not None and (rule := _breaks(moment, part.node, before, after)):
        return NoOrder(rule=rule, nodes=(part.node,), hint="stalplan recover")
    if before is not None:  # one that was found stopped stays so
        moment.views[part.node] = after
    asked = health_ask(config, reads, each.node.service)
    health = replace(asked, hostname_before=way.greets[part.node])
    way.greets[part.node] = reads.hostname
    way.holds[part.node] = part.base
    return Back(part=part, health=health), (before, after)


def _breaks(moment: _Moment, name: NodeName, before: View, after: View) -> str:
    """The hard rule that a stop and start of *name* would break, if any."""
    if moment.down >= moment.most_down:
        return (
            f"{moment.down} of at most {moment.most_down} nodes are down already; "
            f"{name} would be one too many."
        )
    if before.low_id == after.low_id:
        return ""
    others = Crew()
    for other, view in moment.views.items():
        if other != name:
            others.add(view)
    if after.low_id in others.ids or after.low_id in moment.taken:
        return f"{name} would get the id {after.low_id} back while another node has it."
    return ""


def _at_once(moment: _Moment, views: "Sequence[_Views]") -> bool:
    """Whether no order of these starts and stops doubles an id or stops too many."""
    moving = [(before, after) for before, after in views if before is not None]
    if moment.down + len(moving) > moment.most_down:
        return False
    ids = [{before.low_id, after.low_id} for before, after in moving]
    return sum(map(len, ids)) == len(set().union(*ids))
