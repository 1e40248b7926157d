"""Set or remove a value, add or remove a node, in the file's own style."""

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from stalplan.model.desired.mistakes import dotted
from stalplan.model.desired.places import Path
from stalplan.model.rewriting.lines import Page
from stalplan.model.rewriting.proof import proven, with_value, without
from stalplan.model.rewriting.remarks import behind
from stalplan.model.rewriting.writing import Value, rewritten, written


def set_value(text: str, path: Path, value: Value, *, comment: str = "") -> str:
    """*path* holds *value*, where it stood or below what is most like it.

    *comment* goes behind it; a person's comment that is there stays. Raises
    NotRewritten.
    """

    def edit(page: Page) -> str:
        if path in page.places.spans:
            return _replaced(page, path, value, comment)
        return _added(page, path, value, comment)

    return _edited(text, edit, lambda tree: with_value(tree, path, value), path)


def remove_value(text: str, path: Path) -> str:
    """*path* is gone, with the comment right above it. Raises NotRewritten."""
    return _edited(
        text,
        lambda page: page.without(path),
        lambda tree: without(tree, path),
        path,
    )


def add_node(text: str, name: str, settings: Mapping[str, Value]) -> str:
    """A node after the last one and in its style: table, inline table or dotted.

    Values of *settings* that are tables are written as dotted keys. Raises
    NotRewritten.
    """
    path = ("nodes", name)
    return _edited(
        text,
        lambda page: _with_node(page, name, settings),
        lambda tree: with_value(tree, path, settings),
        path,
    )


def remove_node(text: str, name: str) -> str:
    """All lines of one node are gone. Raises NotRewritten."""
    return remove_value(text, ("nodes", name))


def _edited(
    text: str,
    edit: Callable[[Page], str],
    expect: Callable[[dict[str, Any]], dict[str, Any]],
    path: Path,
) -> str:
    """The edit done with bare newlines and proven, in the file's own line ends."""
    plain = text.replace("\r\n", "\n")
    expected = expect(tomllib.loads(plain))
    result = proven(edit(Page(plain)), expected, path)
    return result.replace("\n", "\r\n") if plain != text else result


def _replaced(page: Page, path: Path, value: Value, comment: str) -> str:
    start, stop = page.places.spans[path]
    before = tomllib.loads(f"value = {page.text[start:stop]}\n")["value"]
    new = rewritten(page.text[start:stop], before, value)
    rest, newline, others = page.text[stop:].partition("\n")
    return page.text[:start] + new + behind(rest, comment) + newline + others


def _added(page: Page, path: Path, value: Value, comment: str) -> str:
    """A new line in the nearest table that is there, in that table's style."""
    remark = f"  # {comment}" if comment else ""
    for length in range(len(path) - 1, 0, -1):
        table, rest = path[:length], path[length:]
        if table in page.places.headers:
            text = f"{dotted(rest)} = {written(value)}{remark}"
            return page.with_lines(page.section(table).stop, [text])
        if table in page.places.spans:
            return _replaced(page, table, _grown(page, table, rest, value), comment)
        above = _dotted_above(page, table)
        if above is not None:
            line, start = above
            text = f"{dotted(path[start:])} = {written(value)}{remark}"
            return page.with_lines(line, [text])
    last = f"{dotted(path[-1:])} = {written(value)}{remark}"
    return _with_table(page, path[:-1], [last])


def _grown(page: Page, table: Path, rest: Path, value: Value) -> Value:
    """The inline table at *table* with one more value."""
    start, stop = page.places.spans[table]
    tree = tomllib.loads(f"value = {page.text[start:stop]}\n")
    grown: Value = with_value(tree, ("value", *rest), value)["value"]
    return grown


def _dotted_above(page: Page, table: Path) -> tuple[int, int] | None:
    """Behind which line a dotted key of *table* fits, and how much its header says."""
    places = [
        (block.stop, page.header_above(block.stop - 1)) for block in page.blocks(table)
    ]
    fitting = [
        (stop, len(header)) for stop, header in places if header == table[: len(header)]
    ]
    return fitting[-1] if fitting else None


def _with_table(page: Page, table: Path, lines: list[str]) -> str:
    """A new `[table]` behind the last one of its family, else at the end."""
    family = page.blocks(table[:1])
    at = family[-1].stop if family else page.end
    return page.with_lines(at, ["", f"[{dotted(table)}]", *lines])


def _with_node(page: Page, name: str, settings: Mapping[str, Value]) -> str:
    path = ("nodes", name)
    last = _last_node(page)
    if last is None or last in page.places.headers:
        return _with_table(page, path, _pairs((), settings))
    at = page.blocks(last)[-1].stop
    start = len(page.header_above(at - 1))
    if last in page.places.spans:
        line = f"{dotted(path[start:])} = {written(settings)}"
        return page.with_lines(at, [line])
    return page.with_lines(at, _pairs(path[start:], settings))


def _last_node(page: Page) -> Path | None:
    """The node that is named furthest down."""
    nodes = {
        path[:2]: place
        for path, place in page.places.keys.items()
        if path[:1] == ("nodes",) and len(path) > 1
    }
    return max(nodes, key=lambda path: page.blocks(path)[-1].stop, default=None)


def _pairs(prefix: Path, settings: Mapping[str, Value]) -> list[str]:
    """A line for each value; tables are spread over dotted keys."""
    lines = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            lines += _pairs((*prefix, key), value)
        else:
            lines.append(f"{dotted((*prefix, key))} = {written(value)}")
    return lines
