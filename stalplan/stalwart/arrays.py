"""Changing the elements of `[ ... ]` without disturbing what stands between them."""

import re
from typing import TYPE_CHECKING, Final

from stalplan.stalwart.outline import Kind, Value
from stalplan.stalwart.page import Page, Splice, splice
from stalplan.stalwart.writing import written_alike, written_list

if TYPE_CHECKING:
    from collections.abc import Sequence

_REST_OF_ELEMENT: Final = re.compile(r"[ \t\r]*(,)?[ \t\r]*(?:#[^\n]*)?\n")
_SEPARATOR: Final = re.compile(r",[ \t]*")
_NO_COMMENT: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


def is_flat(value: Value) -> bool:
    """Whether *value* is an array of texts only."""
    return value.kind is Kind.ARRAY and all(
        part.kind in {Kind.TEXT, Kind.HOLE} for part in value.parts
    )


def array_splices(page: Page, array: Value, items: "Sequence[str]") -> list[Splice]:
    """Make a flat array hold *items*, at least one.

    What stays keeps its place, comment and layout; an element that goes takes the
    comment on its own line with it.
    """
    texts = list(items)
    elements = [part for part in array.parts if part.kind is Kind.TEXT]
    if [element.text for element in elements] == texts:
        return []
    holes = [part for part in array.parts[:-1] if part.kind is Kind.HOLE]
    if holes or not elements:
        return [splice(array.start, array.end, written_list(texts))]
    first, last, wanted_last = _middle([e.text for e in elements], texts)
    replaced = min(last, wanted_last) - first
    like = [page.text[element.start : element.end] for element in elements]
    models = like[: first + replaced]
    models += [like[max(0, first + replaced - 1)]] * (wanted_last - first - replaced)
    models += like[last:]
    tokens = written_alike(texts, models)
    kept = elements[: first + replaced] + elements[last:]
    new = tokens[first + replaced : wanted_last]
    result = [
        splice(element.start, element.end, token)
        for element, token in zip(
            kept, tokens[: first + replaced] + tokens[wanted_last:], strict=True
        )
        if page.text[element.start : element.end] != token
    ]
    if new:
        result += _insertions(page, elements, first + replaced - 1, new)
    elif first + replaced < last:
        result += _removals(page, elements, first + replaced, last)
    return result


def _middle(old: list[str], new: list[str]) -> tuple[int, int, int]:
    """Where the two begin to differ, and where each ends to.

    At least one old element is in the middle where something is only added before
    the first, so that there is always one to add behind.
    """
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last, wanted_last = len(old), len(new)
    while min(last, wanted_last) > first and old[last - 1] == new[wanted_last - 1]:
        last, wanted_last = last - 1, wanted_last - 1
    if last == 0:
        last, wanted_last = 1, wanted_last + 1
    return first, last, wanted_last


def _own_line(page: Page, element: Value) -> "re.Match[str] | None":
    """What follows an element that has its line for itself."""
    if not page.stands_first(element.start):
        return None
    return _REST_OF_ELEMENT.match(page.text, element.end)


def _insertions(
    page: Page, elements: list[Value], behind: int, tokens: list[str]
) -> list[Splice]:
    """Put new elements behind the one numbered *behind*."""
    element = elements[behind]
    rest = _own_line(page, element)
    if not rest:
        second = elements[1].start if len(elements) > 1 else elements[0].end
        between = page.text[elements[0].end : second]
        separator = between if _SEPARATOR.fullmatch(between) else ", "
        text = "".join(separator + token for token in tokens)
        return [splice(element.end, element.end, text)]
    indent = page.indent(element.start)
    comma = "," if rest[1] else ""
    lines = f",{page.eol}{indent}".join(tokens) + comma + page.eol
    result = [splice(rest.end(), rest.end(), indent + lines)]
    if not comma:
        result.append(splice(element.end, element.end, ","))
    return result


def _removals(page: Page, elements: list[Value], first: int, last: int) -> list[Splice]:
    """Take away the elements from *first* to before *last*, never all of them."""
    gone = elements[first:last]
    if all(_own_line(page, element) for element in gone):
        return [
            splice(page.line_start(e.start), page.line_end(e.end), "") for e in gone
        ]
    between = page.text[elements[first - 1].end : gone[0].start] if first else ""
    if last < len(elements):
        after = page.text[gone[-1].end : elements[last].start]
        if _NO_COMMENT.fullmatch(after):
            return [splice(gone[0].start, elements[last].start, "")]
    elif first and _NO_COMMENT.fullmatch(between):
        return [splice(elements[first - 1].end, gone[-1].end, "")]
    return [_without_comma(page, element) for element in gone]


def _without_comma(page: Page, element: Value) -> Splice:
    """Take away an element and the comma behind it, if that stands right there."""
    comma = re.compile(r"[ \t\r]*,").match(page.text, element.end)
    return splice(element.start, comma.end() if comma else element.end, "")
