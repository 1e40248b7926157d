"""Lists whose elements are statements of their own: `k.0000 = …`, `k.0 = …`."""

import re
from typing import TYPE_CHECKING, Final

from stalplan.stalwart.outline import Kind
from stalplan.stalwart.page import EditRefused, Page, Splice, splice
from stalplan.stalwart.sites import Site, removals
from stalplan.stalwart.writing import written

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS: Final = re.compile(r"[0-9]+")


def is_entry(key: str, root: str) -> bool:
    """Whether *key* is an element, or part of one, of a list at *root*."""
    if not key.startswith(f"{root}."):
        return False
    return _DIGITS.fullmatch(key[len(root) + 1 :].partition(".")[0]) is not None


def _number(site: Site, root: str) -> str | None:
    """The digits that end the key of an element's statement."""
    if not site.is_statement or site.value.kind is not Kind.TEXT:
        return None
    rest = site.value.key[len(root) + 1 :]
    return rest if _DIGITS.fullmatch(rest) else None


def one_spelling(
    page: Page, root: str, site: Site, sites: list[Site]
) -> list[Site] | None:
    """The statements that spell a list as *site* does, by number; None if none can.

    They stand in one section and their numbers have one width, so that their byte
    order is that of the numbers.
    """
    number = _number(site, root)
    if number is None or number not in _written_key(page, site):
        return None
    alike = [
        other
        for other in sites
        if other.section is site.section
        and len(_number(other, root) or "") == len(number)
    ]
    return sorted(alike, key=lambda other: other.value.key)


def _written_key(page: Page, site: Site) -> str:
    return page.text[site.statement.key_start : site.statement.key_end]


def entry_splices(
    page: Page, root: str, sites: list[Site], items: "Sequence[str]"
) -> list[Splice]:
    """Make the statements *sites*, sorted by number, hold *items*, at least one."""
    result: list[Splice] = []
    kept = sites[: len(items)]
    for site, text in zip(kept, items, strict=False):
        value = site.value
        if value.text != text:
            old = page.text[value.start : value.end]
            result.append(splice(value.start, value.end, written(text, old)))
    if len(sites) > len(items):
        return result + removals(page, root, sites[len(items) :])
    if len(items) == len(sites):
        return result
    numbers = [_number(site, root) or "" for site in sites]
    width, last = len(numbers[-1]), int(numbers[-1])
    more = len(items) - len(sites)
    if len(str(last + more)) > width:
        width, last = len(str(len(items) - 1)), len(sites) - 1
        for index, site in enumerate(sites):
            result.append(_renumbered(page, site, numbers[index], f"{index:0{width}}"))
    model = sites[-1]
    lines = [
        _line_like(page, model, numbers[-1], f"{last + 1 + index:0{width}}", text)
        for index, text in enumerate(items[len(sites) :])
    ]
    end = model.statement.end
    return [*result, splice(end, end, _started(page, end) + "".join(lines))]


def divided(page: Page, site: Site, items: "Sequence[str]", width: int) -> list[Splice]:
    """Make a statement with one text a list of statements, numbered with *width*."""
    statement, value = site.statement, site.value
    width = max(width, len(str(len(items) - 1)))
    old = page.text[value.start : value.end]
    result = [splice(statement.key_end, statement.key_end, f".{0:0{width}}")]
    if value.text != items[0]:
        result.append(splice(value.start, value.end, written(items[0], old)))
    head = page.indent(statement.key_start) + _written_key(page, site)
    between = page.text[statement.key_end : value.start]
    lines = [
        f"{head}.{index:0{width}}{between}{written(text, old)}{page.eol}"
        for index, text in enumerate(items[1:], 1)
    ]
    end = statement.end
    return [*result, splice(end, end, _started(page, end) + "".join(lines))]


def _started(page: Page, end: int) -> str:
    """A line end where the text before *end* has none."""
    return "" if page.text[:end].endswith("\n") else page.eol


def _renumbered(page: Page, site: Site, old: str, new: str) -> Splice:
    key = _written_key(page, site)
    start = site.statement.key_start + key.rindex(old)
    return splice(start, start + len(old), new)


def _line_like(page: Page, site: Site, old: str, new: str, text: str) -> str:
    """The line of *site* with another number and text, and without its comment."""
    statement = site.statement
    head, _, tail = _written_key(page, site).rpartition(old)
    if not page.stands_first(statement.key_start):  # a statement begins its line
        raise EditRefused(page.line_number(statement.key_start), "no line of its own")
    token = written(text, page.text[site.value.start : site.value.end])
    between = page.text[statement.key_end : site.value.start]
    return (
        page.indent(statement.key_start)
        + head
        + new
        + tail
        + between
        + token
        + page.eol
    )
