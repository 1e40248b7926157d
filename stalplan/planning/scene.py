"""Everything a plan is made from, looked at once: nodes, ids, goals, results."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from stalplan.findings import Finding
from stalplan.planning.goals import Goal, goal_of
from stalplan.planning.look import Known, Lost, look
from stalplan.planning.lower import Lowered, lower, unedited
from stalplan.planning.numbers import Numbers, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalplan.model.live import NodeReport, Seen
    from stalplan.model.records import State
    from stalplan.model.secrets import Secrets
    from stalplan.model.wishes import Desired
    from stalplan.names import NodeName
    from stalplan.planning.plan import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is wanted, what there is, and each file's end, by node.

    *movable* nodes may change; of the others *results* holds the file as it is.
    *refused* tells of files that can't be edited.
    """

    desired: "Desired"
    options: "Options"
    state: "State | None" = field(repr=False)
    secrets: "Secrets | None" = field(repr=False)  # as `make_plan` takes them
    known: "Mapping[NodeName, Known]"
    lost: "Mapping[NodeName, Lost]"
    movable: "frozenset[NodeName]"
    numbers: Numbers
    goals: "Mapping[NodeName, Goal]"
    results: "Mapping[NodeName, Lowered]" = field(repr=False)
    refused: tuple[Finding, ...]

    @property
    def reports(self) -> "list[NodeReport]":
        """Of every node that answered, by name."""
        found = [known.report for known in self.known.values()]
        found += [lost.report for lost in self.lost.values() if lost.report]
        return sorted(found, key=lambda report: report.node)

    def changed(self, name: "NodeName") -> bool:
        """Whether the node's file is to change."""
        return self.results[name].digest != self.known[name].file.digest

    def restarts_as_it_is(self, name: "NodeName") -> bool:
        """Whether the node is restarted for what its file holds already."""
        process = self.known[name].process
        unknown = process.unknown and self.options.restart_unknown
        return name in self.movable and process.up and (process.pending or unknown)


def scene_of(
    desired: "Desired",
    seen: "Sequence[Seen]",
    state: "State | None",
    options: "Options",
    secrets: "Secrets | None",
    looked_before: "Mapping[NodeName, Known | Lost]" = MappingProxyType({}),
) -> Scene:
    """Read, number, set goals, and lower them to files."""
    recorded = state.nodes if state else {}
    answers = {each.node: each for each in seen}
    known: dict[NodeName, Known] = {}
    lost: dict[NodeName, Lost] = {}
    for node in sorted(desired.nodes, key=lambda node: node.name):
        if node.name not in answers or node.name in options.not_asked:
            continue
        looked = looked_before.get(node.name) or look(
            node, answers[node.name], desired, recorded.get(node.name)
        )
        if isinstance(looked, Known):
            known[node.name] = looked
        else:
            lost[node.name] = looked
    movable = frozenset(
        name for name in known if not options.target or name in options.target
    )
    # Who couldn't be read stands in the way, and so will have its id by then.
    to_come = frozenset(lost) if not options.target else lost.keys() & options.target
    numbers = number(
        desired, known, movable | to_come, state, leaving=not options.target
    )
    goals = {name: goal_of(known[name], desired, numbers, secrets) for name in known}
    results: dict[NodeName, Lowered] = {}
    refused: list[Finding] = []
    for name, goal in goals.items():
        lowered = lower(goal, desired.release) if name in movable else None
        if isinstance(lowered, Finding):
            refused.append(lowered)
        results[name] = (
            lowered if isinstance(lowered, Lowered) else unedited(known[name])
        )
    return Scene(
        desired=desired,
        options=options,
        state=state,
        secrets=secrets,
        known=known,
        lost=lost,
        movable=movable,
        numbers=numbers,
        goals=goals,
        results=results,
        refused=tuple(refused),
    )
