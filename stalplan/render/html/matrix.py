"""The cluster as a table: nodes, ids and roles, before and after."""

import re
from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.render.html.elements import tag
from stalplan.render.html.parts import everyone, some
from stalplan.render.html.timeline import anchors
from stalplan.render.table import LEAVES, NOT_READ, symbol, table, words
from stalplan.stalwart.effective import Off

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from stalplan.names import Role
    from stalplan.planning.plan import Plan
    from stalplan.render.table import Cell, Line, Table

_ARROW = " \u2192 "
_FEW_STEPS = 4  # that a line links to one by one


def matrix(plan: "Plan") -> "list[Element]":
    """A row for each node, or for all nodes that are alike; what changes is marked."""
    found = table(plan)
    links = anchors(plan)
    head = tag(
        "tr",
        tag("th", "Node", scope="col"),
        tag("th", "Id", scope="col"),
        [_role(role) for role in found.roles],
        tag("th", "Step", scope="col"),
    )
    shown = tag(
        "table",
        tag("thead", head),
        tag("tbody", [_line(line, links) for line in found.lines]),
    )
    return [
        tag("p", "Who runs what: today \u2192 once it is done.", class_="legend"),
        tag(
            "div",
            shown,
            class_="scroll",
            role="region",
            tabindex="0",
            aria_label="Table of nodes and roles",
        ),
        *_below(found),
    ]


def _below(found: "Table") -> "Iterator[Element]":
    """What the signs mean, and which roles have no column."""
    if found.roles:
        yield tag(
            "p",
            "\u25cf runs the role, \u2013 does not, 2/3 runs the second of three "
            "parts, ? is not known. What changes is framed.",
            class_="legend",
        )
    if found.by_all:
        whole = all(line.note not in {LEAVES, NOT_READ} for line in found.lines)
        nodes = "every node" if whole else "every node that was read"
        roles = listed(found.by_all)
        yield tag("p", f"On {nodes}, today and then: {roles}.", class_="legend")


def _role(role: "Role") -> "Element":
    """A heading that may break after a dot or a dash."""
    pieces = re.split(r"(?<=[.-])", role)
    broken = [part for piece in pieces for part in (tag("wbr"), piece)]
    return tag("th", broken[1:], scope="col")


def _line(line: "Line", links: "Mapping[int, str]") -> "Element":
    return tag(
        "tr",
        tag(
            "th",
            _names(line),
            tag("span", line.note, class_="note") if line.note else None,
            scope="row",
        ),
        _ids(line),
        [_cell(cell) for cell in line.cells],
        tag("td", _steps(line, links), class_="at"),
        class_="changing" if line.changes else None,
    )


def _names(line: "Line") -> "list[Element | None]":
    return [tag("span", some(line.nodes), class_="node"), everyone(line.nodes)]


def _ids(line: "Line") -> "Element":
    if len(line.ids) > 1:
        return tag("td", tag("span", "as they are", class_="same"))
    ((before, after),) = line.ids
    if before == after:
        return tag("td", before or "?")
    first, last = before or "none", after or ("free" if line.note == LEAVES else "?")
    return tag("td", tag("span", first, _ARROW, last, class_="moves"))


def _cell(cell: "Cell") -> "Element":
    said = tag("span", words(cell), class_="said")
    if not cell.changes:
        kind = "off" if isinstance(cell.before, Off) else None
        return tag(
            "td",
            tag("span", symbol(cell.before), aria_hidden="true"),
            said,
            class_=kind,
        )
    kind = "moves"
    if isinstance(cell.before, Off):
        kind = "begins"
    elif isinstance(cell.after, Off):
        kind = "ends"
    signs = f"{symbol(cell.before)}{_ARROW}{symbol(cell.after)}"
    return tag("td", tag("span", signs, class_=kind, aria_hidden="true"), said)


def _steps(line: "Line", links: "Mapping[int, str]") -> "list[Element | str]":
    if len(line.steps) > _FEW_STEPS:
        return [f"{len(line.steps)} steps, {line.steps[0]} to {line.steps[-1]}"]
    shown: list[Element | str] = []
    for number in line.steps:
        shown += [", "] if shown else []
        shown.append(tag("a", str(number), href=f"#{links[number]}"))
    return shown or ["\u2013"]
