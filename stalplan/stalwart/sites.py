"""Where a key is written: all places that give it, or a key below it, a value."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from stalplan.stalwart.outline import Kind, Statement, Value
from stalplan.stalwart.page import EditRefused, Page, Section, Splice, splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMA: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*(,)[ \t]*")
_REST_OF_PAIR: Final = re.compile(r"[ \t\r]*,[ \t\r]*(?:#[^\n]*)?\n")
_REST_OF_HEADER: Final = re.compile(r"[^\]\n]*\]+[ \t\r]*\n?")


@dataclass(frozen=True, slots=True)
class Site:
    """One statement, or one pair of an inline table; *path* leads to the pair."""

    section: Section = field(repr=False)
    statement: Statement = field(repr=False)
    value: Value
    path: tuple[Value, ...] = ()  # the inline tables around it, outermost first

    @property
    def is_statement(self) -> bool:
        """Whether it has its lines for itself."""
        return not self.path


def is_at_or_below(key: str, root: str) -> bool:
    """Whether *key* is *root* or one of the keys below it."""
    return key == root or key.startswith(f"{root}.")


def sites_of(page: Page, root: str) -> list[Site]:
    """Every place that is about *root* or a key below it, in order.

    Raises EditRefused where *root* is part of another list's element.
    """
    found: list[Site] = []
    for section in page.sections:
        for statement in section.statements:
            key = statement.key
            if is_at_or_below(key, root):
                found.append(Site(section, statement, statement.value))
            elif root.startswith(f"{key}.") and statement.value.parts:
                pairs = _pairs(page, root, statement.value, ())
                found += (Site(section, statement, *pair) for pair in pairs)
    return found


def _pairs(
    page: Page, root: str, container: Value, path: tuple[Value, ...]
) -> "Iterator[tuple[Value, tuple[Value, ...]]]":
    """The pairs about *root* inside an inline table, with the way to them."""
    path = (*path, container)
    for part in container.parts:
        about = is_at_or_below(part.key, root)
        if container.kind is Kind.ARRAY and (about or is_at_or_below(root, part.key)):
            raise EditRefused(
                page.line_number(part.start), f"{root} stands inside another list"
            )
        if about:
            yield part, path
        elif root.startswith(f"{part.key}."):
            yield from _pairs(page, root, part, path)


def removals(
    page: Page, root: str, gone: list[Site], coming: "Sequence[str]" = ()
) -> list[Splice]:
    """Take away *gone*, whole lines at once, and a header that is left without use.

    A header goes where it stood above keys at or below *root*, or above *root*, and
    nothing but blank lines is left below it, and none of the *coming* keys belongs
    into it. One that stands there twice stays.
    """
    result: list[Splice] = []
    statements = {id(site.statement) for site in gone if site.is_statement}
    pairs: dict[int, list[Site]] = {}
    for site in gone:
        if not site.is_statement:
            pairs.setdefault(id(site.statement), []).append(site)
    for inside in pairs.values():
        spans = _pair_spans(page, inside[0].path[0], {id(s.value) for s in inside})
        if spans is None:  # the whole table went
            statements.add(id(inside[0].statement))
        else:
            result += (splice(*span, "") for span in spans)
    names = Counter(section.name for section in page.sections)
    for section in page.sections:
        going = [one for one in section.statements if id(one) in statements]
        needed = names[section.name] > 1 or any(
            key.startswith(f"{section.name}.") for key in coming
        )
        whole = None if needed else _whole_section(page, root, section, going)
        if whole:
            result.append(whole)
            continue
        reach = (section.start, section.end)
        for statement in going:
            start = page.line_start(statement.key_start)
            result.append(splice(start, statement.end, "", reach))
    return result


def _pair_spans(
    page: Page, container: Value, gone: set[int]
) -> list[tuple[int, int]] | None:
    """What to cut out of an inline table; None: all of it, for `{}` is refused."""
    spans: list[tuple[int, int]] = []
    left: list[Value] = []
    going: set[int] = set()
    for part in container.parts:
        inner: list[tuple[int, int]] | None = None if id(part) in gone else []
        if inner is not None and part.kind is Kind.INLINE:
            inner = _pair_spans(page, part, gone)
        if inner is None:
            going.add(id(part))
        else:
            left.append(part)
            spans += inner
    if not left:
        return None
    for number, part in enumerate(container.parts):
        if id(part) in going:
            spans += _with_comma(page, container.parts, number, left)
    return spans


def _with_comma(
    page: Page, parts: "Sequence[Value]", number: int, left: list[Value]
) -> list[tuple[int, int]]:
    """A pair with the comma that divides it from a neighbour that stays.

    Its comment goes too, and its line if nothing else stands on it. No comment may
    come to stand behind the opening brace: the server would take it for a key.
    """
    part = parts[number]
    if part.start < left[0].start:
        return [(part.key_start, parts[number + 1].key_start)]
    if part.start < left[-1].start:
        if page.stands_first(part.key_start):
            line = _REST_OF_PAIR.match(page.text, part.end)
            if line:
                return [(page.line_start(part.key_start), line.end())]
        comma = _COMMA.match(page.text, part.end)
        return [(part.key_start, comma.end() if comma else part.end)]
    before = parts[number - 1].end
    comma = _COMMA.match(page.text, before)
    if comma and "#" in page.text[before : part.key_start]:
        return [comma.span(1), (part.key_start, part.end)]
    return [(before, part.end)]


def _whole_section(
    page: Page, root: str, section: Section, going: list[Statement]
) -> Splice | None:
    """Take away a section that nothing but *going* stands in; None where more does."""
    header = section.header
    if not going or len(going) < len(section.statements):
        return None
    if header is None or header.array or not _is_of(header.name, root):
        return None
    start = page.line_start(header.start)
    end = page.above_comments(section.end, section.body)
    left = page.text[section.body : page.line_start(going[0].key_start)]
    for one, following in pairwise(going):
        left += page.text[one.end : page.line_start(following.key_start)]
    left += page.text[going[-1].end : end]
    commented = page.above_comments(start, 0) != start
    bare = _REST_OF_HEADER.fullmatch(page.text, header.start, header.end)
    if left.strip() or commented or not bare:
        return None
    if end == len(page.text):
        while start and not page.text[page.line_start(start - 1) : start].strip():
            start = page.line_start(start - 1)
    return splice(start, end, "", (min(start, section.start), section.end))


def _is_of(table: str, root: str) -> bool:
    """Whether *table* lies below *root*, or *root* below it."""
    return is_at_or_below(table, root) or is_at_or_below(root, table)
