"""Changing the elements of `[ ... ]` without disturbing what stands between them."""

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, NamedTuple

from stalplan.stalwart.outline import Kind, Value
from stalplan.stalwart.page import Page, Splice, splice
from stalplan.stalwart.writing import written_alike, written_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_REST_OF_ELEMENT: Final = re.compile(r"[ \t\r]*(,)?[ \t\r]*(?:#[^\n]*)?\n")
_REST_OF_LINE: Final = re.compile(r"[ \t\r]*(?:#[^\n]*)?\n")
_SEPARATOR: Final = re.compile(r",[ \t]*")
_TO_COMMA: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*(?=,)")
_COMMA: Final = re.compile(r",[ \t]*")
_MOST_COMPARED: Final = 10_000  # pairs of elements; in longer lists fewer stay


class _Run(NamedTuple):
    """Elements from *first* to before *last* make way for texts from *new* to *end*."""

    first: int
    last: int
    new: int
    end: int

    @property
    def replaced(self) -> int:
        """How many of the elements only get another text."""
        return min(self.last - self.first, self.end - self.new)


def array_splices(page: Page, array: Value, items: "Sequence[str]") -> list[Splice]:
    """Make an array hold *items*, at least one, and nothing else.

    What stays keeps its place, comment and layout, and so does what only gets another
    text; an element that goes takes the comment on its own line with it. Holes and
    nested arrays count as elements with another text.
    """
    texts = list(items)
    elements = list(array.parts)
    if elements and elements[-1].kind is Kind.HOLE:
        elements.pop()  # the comma behind the last one
    old = [part.text if part.kind is Kind.TEXT else None for part in elements]
    if old == texts:
        return []
    if not elements:
        return [_first_elements(page, array, texts)]
    runs = list(_runs(old, texts))
    tokens = written_alike(texts, _models(page, elements, texts, runs))
    result: list[Splice] = []
    for element, number in _kept(len(elements), runs):
        part, token = elements[element], tokens[number]
        if page.text[part.start : part.end] != token:
            result.append(splice(part.start, part.end, token))
    for run in runs:
        behind = run.first + run.replaced
        if new := tokens[run.new + run.replaced : run.end]:
            result += _insertions(page, elements, behind, new)
        elif behind < run.last:
            result += _removals(page, elements, behind, run.last)
    return result


def _first_elements(page: Page, array: Value, texts: list[str]) -> Splice:
    """Fill an array without elements; a comment in it stays behind them."""
    whole = written_list(texts)
    if page.text[array.start + 1 : array.end - 1].strip():
        return splice(array.start + 1, array.start + 1, whole[1:-1])
    return splice(array.start, array.end, whole)


def _runs(old: "Sequence[str | None]", new: list[str]) -> "Iterator[_Run]":
    """Where the two differ, with as much between as can stay."""
    first, last, end = 0, len(old), len(new)
    while first < min(last, end) and old[first] == new[first]:
        first += 1
    while min(last, end) > first and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
    ours, theirs = old[first:last], new[first:end]
    blocks: Sequence[tuple[int, int, int]] = [(len(ours), len(theirs), 0)]
    if len(ours) * len(theirs) <= _MOST_COMPARED:
        matcher = SequenceMatcher[str | None](None, ours, theirs, autojunk=False)
        blocks = matcher.get_matching_blocks()
    at, number = first, first
    for element, text, size in blocks:
        if at < first + element or number < first + text:
            yield _Run(at, first + element, number, first + text)
        at, number = first + element + size, first + text + size


def _kept(count: int, runs: list[_Run]) -> "Iterator[tuple[int, int]]":
    """The elements, of *count*, that stay in the list, each with its text's number."""
    at = number = 0
    for run in runs:
        for offset in range(run.first - at):
            yield at + offset, number + offset
        for offset in range(run.replaced):
            yield run.first + offset, run.new + offset
        at, number = run.last, run.end
    for offset in range(count - at):
        yield at + offset, number + offset


def _models(
    page: Page, elements: list[Value], texts: list[str], runs: list[_Run]
) -> list[str]:
    """For each text an element as it is written, to write the text like."""
    tokens = [
        page.text[part.start : part.end] if part.kind is Kind.TEXT else ""
        for part in elements
    ]
    model = next(filter(None, tokens), '"')
    kept = {number: tokens[element] for element, number in _kept(len(elements), runs)}
    models: list[str] = []
    for number in range(len(texts)):
        model = kept.get(number) or model
        models.append(model)
    return models


def _own_line(page: Page, element: Value) -> "re.Match[str] | None":
    """What follows an element that has its line for itself."""
    if not page.stands_first(element.start):
        return None
    return _REST_OF_ELEMENT.match(page.text, element.end)


def _insertions(
    page: Page, elements: list[Value], before: int, tokens: list[str]
) -> list[Splice]:
    """Put new elements before the one numbered *before*, or behind the last one."""
    element = elements[max(0, before - 1)]
    rest = _own_line(page, element)
    if not rest:
        second = elements[1].start if len(elements) > 1 else elements[0].end
        between = page.text[elements[0].end : second]
        separator = between if _SEPARATOR.fullmatch(between) else ", "
        if not before:
            text = "".join(token + separator for token in tokens)
            return [splice(element.start, element.start, text)]
        text = "".join(separator + token for token in tokens)
        return [splice(element.end, element.end, text)]
    indent = page.indent(element.start)
    lines = [f"{indent}{token},{page.eol}" for token in tokens]
    if not before:
        start = page.line_start(element.start)
        return [splice(start, start, "".join(lines))]
    if rest[1]:
        return [splice(rest.end(), rest.end(), "".join(lines))]
    lines[-1] = f"{indent}{tokens[-1]}{page.eol}"
    comma = splice(element.end, element.end, ",")
    return [comma, splice(rest.end(), rest.end(), "".join(lines))]


def _removals(page: Page, elements: list[Value], first: int, last: int) -> list[Splice]:
    """Take away the elements from *first* to before *last*, never all of them."""
    gone = elements[first:last]
    if all(part.kind is Kind.HOLE for part in gone):
        return [splice(part.end, part.end + 1, "") for part in gone]  # its comma
    if all(_is_own_line(page, part) for part in gone):
        return [
            splice(page.line_start(e.start), page.line_end(e.end), "") for e in gone
        ]
    start, end = gone[0].start, gone[-1].end
    if last == len(elements):
        return _cut_behind(page, elements[first - 1].end, start, end)
    return _cut_before(page, start, end, elements[last].start, leads=not first)


def _is_own_line(page: Page, element: Value) -> bool:
    """Whether an element has its line for itself, with its comma if it has one."""
    rest = _own_line(page, element)
    return rest is not None and (bool(rest[1]) or _comma(page, element.end) is None)


def _comma(page: Page, at: int) -> int | None:
    """Where the comma stands that follows *at*, if one does."""
    found = _TO_COMMA.match(page.text, at)
    return found.end() if found else None


def _cut_before(
    page: Page, start: int, end: int, following: int, *, leads: bool
) -> list[Splice]:
    """Cut out what is between *start* and *end*, and its comma before *following*.

    The rest of its line goes too. Comments on lines of their own stay with the
    element that follows, and so does its line. *leads*: nothing is left before it.
    """
    newline = page.text.find("\n", end, following)
    remarks = newline >= 0 and "#" in page.text[newline:following]
    if newline < 0 or not (remarks or (not leads and page.stands_first(following))):
        return [splice(start, following, "")]
    comma = _comma(page, end)
    indent = page.indent(start)
    blanks = len(indent) - len(indent.rstrip(" \t"))
    result = [splice(start - blanks, newline, "")]
    if (
        comma is not None
        and comma > newline
        and (found := _COMMA.match(page.text, comma))
    ):
        result.append(splice(comma, found.end(), ""))
    return result


def _cut_behind(page: Page, before: int, start: int, end: int) -> list[Splice]:
    """Cut out what is between *start* and *end*, the last of a list.

    What stays ends at *before*. Comments between them are not joined with what
    follows on a line.
    """
    if "#" not in page.text[before:start]:
        return [splice(before, end, "")]
    comma = _comma(page, before)
    newline = page.text.find("\n", before)
    if comma is None or comma < newline:
        result = [splice(start, end, "")]
        if (trailing := _comma(page, end)) is not None:
            result.append(splice(trailing, trailing + 1, ""))
        return result
    if page.stands_first(comma) and _REST_OF_LINE.match(page.text, end):
        return [splice(page.line_start(comma), page.line_end(end), "")]
    return [splice(comma, end, "")]
