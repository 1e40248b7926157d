"""The steps from top to bottom, and beside them how long each risk lasts."""

from typing import TYPE_CHECKING

from stalplan.render.diffs import lines
from stalplan.render.html.elements import tag
from stalplan.render.html.parts import code_lines, everyone, folded, some
from stalplan.render.risks import AtRisk, at_risk
from stalplan.render.stretches import Stretch, own_words, stretches, told_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from stalplan.planning.plan import Plan

_LANES = 6  # bars side by side; what has no place is still told in words


def anchors(plan: "Plan") -> dict[int, str]:
    """Where on the page each step is told."""
    return {
        number: _anchor(stretch)
        for stretch in stretches(plan)
        for number in range(stretch.first, stretch.last + 1)
    }


def timeline(plan: "Plan") -> "list[Element]":
    """A list of steps; steps in a row that do alike are one entry."""
    risks = at_risk(plan)
    lanes = _laid_out(risks)
    shown = [_entry(stretch, risks, lanes) for stretch in stretches(plan)]
    return [tag("ol", shown, class_="steps")] if shown else []


def _anchor(stretch: Stretch) -> str:
    return f"step-{stretch.first}"


def _entry(
    stretch: Stretch, risks: "Sequence[AtRisk]", lanes: "Sequence[Sequence[AtRisk]]"
) -> "Element":
    label = "Step" if stretch.alone else "Steps"
    return tag(
        "li",
        tag(
            "div",
            [_lane(stretch, lane) for lane in lanes],
            class_="lanes",
            aria_hidden="true",
        ),
        tag(
            "div",
            tag(
                "h3",
                tag("span", f"{label} {stretch.numbers}", class_="number"),
                " ",
                some(stretch.nodes),
            ),
            _acts(stretch),
            everyone(stretch.nodes),
            list(_told(stretch)),
            code_lines(lines(stretch.edits)) if stretch.edits else None,
            list(_said(stretch, risks)),
            class_="step",
        ),
        id=_anchor(stretch),
    )


def _acts(stretch: Stretch) -> "Element":
    pace = f", {stretch.pace}" if stretch.pace else ""
    return tag("p", " \u2192 ".join(stretch.actions), pace, class_="acts")


def _told(stretch: Stretch) -> "Iterator[Element]":
    """What the steps are for; of many nodes, by those that do alike."""
    if len(stretch.told) == 1:
        yield folded(told_lines(stretch)[0], class_="why")
        return
    alike = [
        tag("li", own_words(told))
        if len(told.nodes) == 1
        else tag(
            "li", tag("strong", some(told.nodes)), f": {told.why}", everyone(told.nodes)
        )
        for told in stretch.told
    ]
    yield tag("ul", alike, class_="alike")


def _said(stretch: Stretch, risks: "Sequence[AtRisk]") -> "Iterator[Element]":
    for risk in risks:
        until = f"Until step {risk.until} is done: "
        if risk.since == stretch.first and stretch.alone:
            yield tag(
                "p", tag("strong", until), risk.sentence, class_=f"risk {risk.what}"
            )
        elif risk.since < stretch.first < risk.until:
            yield tag(
                "p",
                "Still, until step ",
                str(risk.until),
                ": ",
                risk.sentence,
                class_="still",
            )
        elif stretch.first <= risk.until <= stretch.last:
            yield tag(
                "p", f"Ends with step {risk.until}: {risk.sentence}", class_="over"
            )


def _laid_out(risks: "Sequence[AtRisk]") -> list[list[AtRisk]]:
    """Risks in lanes side by side, so that none covers another."""
    lanes: list[list[AtRisk]] = []
    for risk in risks:
        free = next((lane for lane in lanes if lane[-1].until <= risk.since), None)
        if free is not None:
            free.append(risk)
        elif len(lanes) < _LANES:
            lanes.append([risk])
    return lanes


def _lane(stretch: Stretch, lane: "Sequence[AtRisk]") -> "Element":
    """The part of a lane beside one entry: a risk begins, lasts or ends, or none."""
    here = [
        each
        for each in lane
        if each.since <= stretch.last and stretch.first <= each.until
    ]
    bars = [tag("i", class_=f"{each.what} {_part(stretch, each)}") for each in here]
    return tag("span", bars)


def _part(stretch: Stretch, risk: AtRisk) -> str:
    if risk.since >= stretch.first:
        return "begins"
    if risk.until > stretch.last:
        return "lasts"
    return "ends" if risk.until < stretch.last or stretch.alone else "closes"
