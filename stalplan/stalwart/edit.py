"""Editing a config file for the server: named keys change, every other byte stays.

One editor serves every file, TOML or not: it works on the places that the server's
own grammar found. A TOML library would be a second editor, for some files only; tomlkit
also needs about fifty times as long (measured: 74 lines, 38 ms against under 1 ms).
Where a file is TOML, the tests let tomlkit judge what came out.
"""

from typing import TYPE_CHECKING

from stalplan.stalwart.arrays import array_splices
from stalplan.stalwart.edits import Edit, Remove, SetList, SetText
from stalplan.stalwart.entries import divided, entry_splices, is_entry, one_spelling
from stalplan.stalwart.outline import Kind
from stalplan.stalwart.page import EditRefused, Page, Splice, clash, splice
from stalplan.stalwart.placing import entry_width, placed
from stalplan.stalwart.reader import Unreadable
from stalplan.stalwart.sites import Site, removals, sites_of
from stalplan.stalwart.writing import check_key, check_text, written, written_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.stalwart.releases import ServerVersion

__all__ = [
    "Edit",
    "EditRefused",
    "Remove",
    "SetList",
    "SetText",
    "apply_edits",
    "line_of",
]


def apply_edits(
    data: bytes, edits: "Sequence[Edit]", version: "ServerVersion"
) -> bytes:
    """*data* with *edits* carried out, one after the other.

    Applied to its own result it changes nothing. A change leaves a newline at the
    end of the file, as the server wants it.

    Raises EditRefused where the server would not read *data*, or a text or key can't
    be written; `prove` tells whether the result is what was asked for.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise EditRefused(line, "the file is not UTF-8") from None
    page = _page(text, version)
    pending: list[Splice] = []
    for number, edit in enumerate(edits):
        # A table that keys are written into later, or now, is not left without use.
        coming = [one.key for one in edits[number:] if not isinstance(one, Remove)]
        splices, unfinished = _splices(page, edit, coming)
        if pending and (clash(pending, splices) or _was_removed(edit, edits[:number])):
            page = _page(page.with_splices(pending), version)
            pending, (splices, unfinished) = [], _splices(page, edit, coming)
        pending += splices
        if unfinished:  # what was in the way is gone now
            page = _page(page.with_splices(pending), version)
            pending, _ = _splices(page, edit, coming)
    result = page.with_splices(pending)
    if result != text and result and not result.endswith("\n"):
        result += page.eol
    return result.encode()


def _was_removed(edit: Edit, earlier: "Sequence[Edit]") -> bool:
    """Whether what is there for *edit* goes by an earlier one of a key above it."""
    above = (one.key for one in earlier if not isinstance(one, SetText))
    return any(edit.key.startswith(f"{key}.") for key in above)


def line_of(data: bytes, key: str, version: "ServerVersion") -> int | None:
    """The first line, from 1, that is about *key* or a key below it, if there is one.

    Raises EditRefused where the server would not read *data*.
    """
    page = _page(data.decode(), version)
    found = sites_of(page, key)
    return page.line_number(found[0].value.key_start) if found else None


def _page(text: str, version: "ServerVersion") -> Page:
    try:
        return Page.of(text, lenient_keys=version.lenient_keys)
    except Unreadable as error:
        line = text.count("\n", 0, error.offset) + 1
        raise EditRefused(line, f"the server can't read it: {error.what}") from None


def _splices(
    page: Page, edit: Edit, coming: "Sequence[str]"
) -> tuple[list[Splice], bool]:
    """What carries *edit* out, and whether it must be asked for once more after it."""
    check_key(edit.key)
    sites = sites_of(page, edit.key)
    match edit:
        case SetText(key=key, text=text):
            check_text(key, text)
            return _set_text(page, key, text, sites, coming)
        case SetList(key=key, items=items):
            for text in items:
                check_text(key, text)
            if not items:
                raise EditRefused(0, f"an empty list leaves no trace of {key}")
            return _set_list(page, key, items, sites, coming)
        case Remove(key=key):
            return removals(page, key, sites, coming), False


def _set_text(
    page: Page, key: str, text: str, sites: list[Site], coming: "Sequence[str]"
) -> tuple[list[Splice], bool]:
    about = [
        site for site in sites if site.value.key == key or is_entry(site.value.key, key)
    ]
    exact = [
        site
        for site in about
        if site.value.key == key and site.value.kind is not Kind.INLINE
    ]
    exact.sort(key=lambda site: site.value.kind is Kind.ARRAY)
    others = [
        site
        for site in about
        if not (exact and site is exact[0]) and site.value.kind is not Kind.INLINE
    ]
    if not exact and not others:
        return placed(page, key, (text,), listed=False), False
    result = removals(page, key, others, coming) if others else []
    if exact:
        result += _token(page, exact[0], text)
    return result, not exact


def _token(page: Page, site: Site, text: str) -> list[Splice]:
    """Write *text* where the value of *site* stands."""
    value = site.value
    old = page.text[value.start : value.end]
    match value.kind:
        case Kind.TEXT if value.text == text:
            return []
        case Kind.TEXT:
            return [splice(value.start, value.end, written(text, old))]
        case Kind.MEMBER:
            return [splice(value.end, value.end, f" = {written(text)}")]
        case _:
            return [splice(value.start, value.end, written(text))]


def _set_list(
    page: Page,
    key: str,
    items: tuple[str, ...],
    sites: list[Site],
    coming: "Sequence[str]",
) -> tuple[list[Splice], bool]:
    for site in sites:
        kept, result = _as_list(page, key, items, site, sites)
        if kept:
            held = {id(other.value) for other in kept}
            others = [other for other in sites if id(other.value) not in held]
            return result + (
                removals(page, key, others, coming) if others else []
            ), False
    if sites:
        return removals(page, key, sites, coming), True
    return placed(page, key, items, listed=True), False


def _as_list(
    page: Page, key: str, items: tuple[str, ...], site: Site, sites: list[Site]
) -> tuple[list[Site], list[Splice]]:
    """Make the spelling that *site* is of hold *items*; no sites where it can't."""
    value = site.value
    if value.kind is Kind.ARRAY:
        return [site], array_splices(page, value, items)
    if value.key == key and value.kind is Kind.TEXT:
        if len(items) == 1:
            return [site], _token(page, site, items[0])
        width = entry_width(page, key)
        if site.is_statement and width:
            return [site], divided(page, site, items, width)
        old = page.text[value.start : value.end]
        text = written_list(list(items), old)
        return [site], [splice(value.start, value.end, text)]
    if spelling := one_spelling(page, key, site, sites):
        return spelling, entry_splices(page, key, spelling, items)
    return [], []
