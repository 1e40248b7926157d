"""Steps that read alike, told once: a large cluster has hundreds of them in a row."""

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from stalplan.render.headlines import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalplan.names import NodeName, Role
    from stalplan.planning.plan import ActionName, FileEdit, Plan, Risk, Step

FEWEST = 5  # steps in a row that are told as one


@dataclass(frozen=True, slots=True)
class Told:
    """What a step is for, and the nodes of which that is said, in their order."""

    nodes: tuple["NodeName", ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One step, or several in a row with the same actions.

    *together* is how many nodes each step has. Only a single step has *edits*, or
    begins a risk.
    """

    first: int
    last: int
    together: int
    nodes: tuple["NodeName", ...]
    actions: tuple["ActionName", ...]
    told: tuple[Told, ...]
    edits: tuple["FileEdit", ...] = ()

    @property
    def alone(self) -> bool:
        """Whether this is a single step."""
        return self.first == self.last

    @property
    def pace(self) -> str:
        """How many nodes at a time; empty for a single step."""
        if self.alone:
            return ""
        return f"{'one' if self.together == 1 else self.together} at a time"

    @property
    def heading(self) -> str:
        """Whom the steps are of, and what happens to each of them."""
        acts = ", ".join(self.actions)
        if self.alone:
            return f"{names(self.nodes)}: {acts}"
        return f"{len(self.nodes)} nodes, {self.pace}: {acts}"

    @property
    def queue(self) -> str:
        """Who goes when, where the heading doesn't say; else empty."""
        return "" if self.alone else f"In this order: {', '.join(self.nodes)}."

    @property
    def numbers(self) -> str:
        """`4`, or `4 to 50`."""
        return str(self.first) if self.alone else f"{self.first} to {self.last}"


def stretches(plan: "Plan") -> list[Stretch]:
    """All steps in their order; those in a row that do alike are one stretch.

    A step that begins a risk, or writes a file that is not the final one, stands
    alone.
    """
    seen: list[Stretch] = []
    for (alone, *_), group in groupby(_kinds(plan.steps), key=lambda each: each[0]):
        steps = [step for _, step in group]
        if alone or len(steps) < FEWEST:
            seen += [_single(step) for step in steps]
        else:
            seen.append(_stretch(steps))
    return seen


def _kinds(steps: "Iterable[Step]") -> "Iterator[tuple[tuple[object, ...], Step]]":
    """Each step with what it must share with its neighbours to be told with them."""
    before: set[tuple[Role | None, Risk]] = set()
    for step in steps:
        now = {(risk.role, risk.what) for risk in step.exposure}
        alone = step.number if step.edits or now - before else 0
        before = now
        yield (alone, step.actions, len(step.nodes)), step


def _single(step: "Step") -> Stretch:
    whole = (Told(step.nodes, step.why),)
    return Stretch(
        first=step.number,
        last=step.number,
        together=len(step.nodes),
        nodes=step.nodes,
        actions=step.actions,
        told=whole if len(step.nodes) < FEWEST else _told([step]),
        edits=step.edits,
    )


def _stretch(steps: "Sequence[Step]") -> Stretch:
    return Stretch(
        first=steps[0].number,
        last=steps[-1].number,
        together=len(steps[0].nodes),
        nodes=tuple(node for step in steps for node in step.nodes),
        actions=steps[0].actions,
        told=_told(steps),
    )


def _told(steps: "Sequence[Step]") -> tuple[Told, ...]:
    alike: dict[str, list[NodeName]] = {}
    for step in steps:
        for node, why in _by_node(step):
            alike.setdefault(why, []).append(node)
    return tuple(Told(tuple(nodes), why) for why, nodes in alike.items())


def _by_node(step: "Step") -> "Iterator[tuple[NodeName, str]]":
    """Each node with its sentences, in which `Each` stands where they begin with it."""
    if len(step.nodes) == 1:
        yield step.nodes[0], _each(step.nodes[0], step.why)
        return
    said: dict[NodeName, list[str]] = {node: [] for node in step.nodes}
    any_name = "|".join(map(re.escape, step.nodes))
    for sentence in re.split(rf"(?<=\.) (?=(?:{any_name}) )", step.why):
        node = next(n for n in step.nodes if sentence.startswith(f"{n} "))
        said[node].append(_each(node, sentence))
    for node, sentences in said.items():
        yield node, " ".join(sentences)


def _each(node: "NodeName", why: str) -> str:
    # No pattern: one per node would have to be compiled, which takes a millisecond.
    begun = f"{node} "
    if why.startswith(begun):
        why = "Each " + why.removeprefix(begun)
    return why.replace(f". {begun}", ". Each ")


def told_lines(stretch: Stretch) -> list[str]:
    """What the steps are for: one line, or one for each group of nodes."""
    if len(stretch.told) == 1:
        return [own_words(stretch.told[0])]
    return [
        own_words(told) if len(told.nodes) == 1 else f"{names(told.nodes)}: {told.why}"
        for told in stretch.told
    ]


def own_words(told: Told) -> str:
    """What is said of the nodes; of a single one by its name."""
    if len(told.nodes) > 1:
        return told.why
    return re.sub(r"(^|\. )Each ", rf"\g<1>{told.nodes[0]} ", told.why)
