"""Where a new key goes: the place a person would choose, in the file's own style."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stalplan.stalwart.outline import Kind, Statement, Value
from stalplan.stalwart.page import Page, Section, Splice, splice
from stalplan.stalwart.writing import written, written_key, written_list

if TYPE_CHECKING:
    from collections.abc import Sequence

_EQUALS: Final = re.compile(r" ?= ?")
_ENTRY: Final = re.compile(r".*\.([0-9]+)", re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class _New:
    """What is to be written: a key with one text, or with a list of them."""

    key: str
    texts: tuple[str, ...]
    listed: bool

    @property
    def segments(self) -> list[str]:
        return self.key.split(".")


def placed(
    page: Page, key: str, texts: "Sequence[str]", *, listed: bool
) -> list[Splice]:
    """Write a key that the file doesn't have.

    Into an inline table, a table or among dotted keys that it belongs to; else, in a
    file with tables, into a new table, and in a flat file on a line of its own.
    """
    new = _New(key, tuple(texts), listed)
    if table := _inline_table(page, key):
        return [_inside(page, table, new)]
    section, depth = _section(page, new)
    neighbour, shared = _neighbour_header(page, new)
    if neighbour and shared > depth:
        return [_new_table_beside(page, neighbour, new)]
    if section is None and len(page.sections) > 1 and len(new.segments) > 1:
        return [_new_table_at_end(page, new)]
    return [_new_line(page, section or page.sections[0], new)]


def _shared(one: list[str], other: list[str]) -> int:
    """How many segments two keys have in common at their beginning."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _inline_table(page: Page, key: str) -> Value | None:
    """The innermost inline table that *key* belongs into."""
    found: Value | None = None
    candidates = [s.value for section in page.sections for s in section.statements]
    while candidates:
        fitting = (
            value
            for value in candidates
            if value.kind is Kind.INLINE and key.startswith(f"{value.key}.")
        )
        inner = next(fitting, None)
        found = inner or found
        candidates = list(inner.parts) if inner else []
    return found


def _inside(page: Page, table: Value, new: _New) -> Splice:
    """A pair behind the last one of an inline table."""
    last = table.parts[-1]
    token = _one_token(page, new)
    pair = f"{written_key(new.key[len(table.key) + 1 :])} = {token}"
    at, separator = last.end, ", "
    if len(table.parts) > 1 and page.stands_first(last.key_start):
        separator = f",{page.eol}{page.indent(last.key_start)}"
    return splice(at, at, separator + pair, (last.key_start, table.end))


def _section(page: Page, new: _New) -> tuple[Section | None, int]:
    """The section that the key fits into best, and how well: shared segments."""
    best: Section | None = None
    depth = 0
    for section in page.sections:
        own = len(section.name.split(".")) if section.name else 0
        if section.name and not new.key.startswith(f"{section.name}."):
            continue
        for statement in section.statements:
            limit = len(new.segments) - 1
            own = max(own, min(limit, _shared(statement.key.split("."), new.segments)))
        if own > depth:
            best, depth = section, own
    return best, depth


def _neighbour_header(page: Page, new: _New) -> tuple[Section | None, int]:
    """The first section of a table that is no parent of the key but a relative."""
    best: Section | None = None
    depth = 0
    for section in page.sections[1:]:
        if not new.key.startswith(f"{section.name}."):
            shared = min(
                len(new.segments) - 1, _shared(section.name.split("."), new.segments)
            )
            if shared > depth:
                best, depth = section, shared
    return best, depth


def _new_table_beside(page: Page, neighbour: Section, new: _New) -> Splice:
    """A table for the key's parent: above its own sub-tables, else below relatives."""
    name = ".".join(new.segments[:-1])
    shared = _shared(neighbour.name.split("."), new.segments)
    head = f"[{written_key(name)}]{page.eol}"
    lines = _lines(page, new, new.segments[-1], None)
    if neighbour.name.startswith(f"{name}."):
        at = page.above_comments(neighbour.start, 0)
        return splice(at, at, f"{head}{lines}{page.eol}", (at, neighbour.end))
    last = next(
        section
        for section in reversed(page.sections)
        if _shared(section.name.split("."), new.segments) == shared
    )
    if last is page.sections[-1]:
        return _at_end(page, head + lines)
    at = page.above_comments(last.end, last.body)
    return splice(at, at, f"{head}{lines}{page.eol}", (last.start, at))


def _new_table_at_end(page: Page, new: _New) -> Splice:
    first = new.segments[0]
    depth = 2 if first == "store" and len(new.segments) > 2 else 1  # noqa: PLR2004 - store.ID.key
    name = ".".join(new.segments[:depth])
    rest = ".".join(new.segments[depth:])
    lines = _lines(page, new, rest, None)
    return _at_end(page, f"[{written_key(name)}]{page.eol}{lines}")


def _at_end(page: Page, table: str) -> Splice:
    """A table behind all others, with a blank line before it."""
    text, end = page.text, len(page.text)
    lead = "" if text.endswith("\n") else page.eol
    last_line = text[page.line_start(max(0, end - 1)) :] if text.endswith("\n") else "x"
    if last_line.strip():
        lead += page.eol
    return splice(end, end, lead + table, (page.sections[-1].start, end))


def _new_line(page: Page, section: Section, new: _New) -> Splice:
    """A line among those of *section*: at its sorted place, else behind relatives."""
    relative = new.key[len(section.name) + 1 :] if section.name else new.key
    before = _before(section, new)
    model = before or next(iter(section.statements), None)
    if before:
        at = before.end
    elif model and section.header is None:
        at = page.above_comments(page.line_start(model.key_start), 0)
    else:
        at = section.body if section.header else section.end
    text = _lines(page, new, relative, model)
    if lead := _started(page, at):
        return splice(at, at, lead + text)
    rank = new.key if _is_sorted(section) else ""
    return Splice(at, at, text, (at, at), line_of=new.key, rank=rank)


def _started(page: Page, at: int) -> str:
    """A line end where the text before *at* has none."""
    return "" if at == 0 or page.text[at - 1] == "\n" else page.eol


def _is_sorted(section: Section) -> bool:
    keys = [statement.key for statement in section.statements]
    return len(keys) > 1 and keys == sorted(keys)


def _before(section: Section, new: _New) -> Statement | None:
    """The statement to write behind; None: before all others."""
    if _is_sorted(section):
        smaller = [s for s in section.statements if s.key < new.key]
        return smaller[-1] if smaller else None
    best: Statement | None = None
    depth = -1
    for statement in section.statements:
        shared = _shared(statement.key.split("."), new.segments)
        if shared >= depth:
            best, depth = statement, shared
    return best


def _lines(page: Page, new: _New, relative: str, model: Statement | None) -> str:
    """The lines for a key, written like the statement *model*."""
    model = model or next(
        (s for section in page.sections for s in section.statements), None
    )
    indent, equals = "", " = "
    if model:
        indent = page.indent(model.key_start)
        between = page.text[model.key_end : model.value.start]
        equals = between if _EQUALS.fullmatch(between) else equals
    width = entry_width(page, new.key) if new.listed else 0
    if not width or (width == 1 and len(new.texts) == 1):
        token = _one_token(page, new, plain=bool(width))
        return f"{indent}{written_key(relative)}{equals}{token}{page.eol}"
    width = max(width, len(str(len(new.texts) - 1)))
    like = _like(page)
    return "".join(
        f"{indent}{written_key(f'{relative}.{index:0{width}}')}{equals}"
        f"{written(text, like)}{page.eol}"
        for index, text in enumerate(new.texts)
    )


def _one_token(page: Page, new: _New, *, plain: bool = False) -> str:
    """The whole value in one piece; *plain*: a list of one is no array."""
    if not new.listed or plain:
        return written(new.texts[0], _like(page))
    return written_list(list(new.texts), "'" if _quote(page) == "'" else '"')


def _statements(page: Page) -> "list[Statement]":
    return [s for section in page.sections for s in section.statements]


def _like(page: Page) -> str:
    """A value to write new ones like: bare numbers where the file's numbers are."""
    bare = quoted = 0
    for statement in _statements(page):
        value = statement.value
        if value.kind is Kind.TEXT and _NUMBER.fullmatch(value.text):
            is_quoted = page.text[value.start] in "\"'"
            quoted, bare = quoted + is_quoted, bare + (not is_quoted)
    return "1" if bare >= quoted else _quote(page)


def _quote(page: Page) -> str:
    """The quote that the file uses: double, unless only single ones are."""
    quotes = {
        page.text[statement.value.start]
        for statement in _statements(page)
        if statement.value.kind is Kind.TEXT
    }
    return "'" if "'" in quotes and '"' not in quotes else '"'


def entry_width(page: Page, key: str) -> int:
    """How wide the numbers of lists are where lists are lines of their own; else 0.

    Lists that share more of the key count before others.
    """
    segments = key.split(".")
    best, width = -1, 0
    for statement in _statements(page):
        found = _ENTRY.fullmatch(statement.key)
        is_array = statement.value.kind is Kind.ARRAY
        if not is_array and not (found and statement.value.kind is Kind.TEXT):
            continue
        shared = _shared(statement.key.split("."), segments)
        if shared > best or (shared == best and is_array):
            best, width = shared, 0 if is_array or not found else len(found[1])
    return width
