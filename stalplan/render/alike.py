"""Findings that say the same, told once: a list may hold a hundred bad entries."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.model.cluster import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalplan.findings import Finding


def told_once(findings: "Iterable[Finding]") -> "list[Finding]":
    """*findings* for people: each text once, in the place of the first that has it.

    Its detail then says how many more there are in that file, and on which nodes. All
    of them, each with its key, are in the formats that programs read.
    """
    alike: dict[Finding, list[Finding]] = {}
    for finding in findings:
        text = replace(finding, node=None, file=None, line=None, key=None)
        alike.setdefault(text, []).append(finding)
    return [_joined(first, others) for first, *others in alike.values()]


def _joined(first: "Finding", others: "Sequence[Finding]") -> "Finding":
    here = [each for each in others if each.node == first.node]
    nodes = sorted({each.node for each in others if each.node} - {first.node})
    told = [first.detail]
    told += [_more(first, here)] if here else []
    told += [f"The same on {listed(nodes)}."] if nodes else []
    return replace(first, detail=" ".join(told))


def _more(first: "Finding", here: "Sequence[Finding]") -> str:
    last = max(each.line or 0 for each in here)
    count = f"And {len(here)} more like it"
    if not last:
        return f"{count}."
    return f"{count}, {'on this line' if last == first.line else f'up to line {last}'}."
