"""A page of docs/ as its reader meets it: what to type, and what comes back."""

import os
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

DOCS = Path(__file__).parents[2] / "docs"
PAGES = tuple(sorted(DOCS.glob("*.md")))
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_SKIPPED = "…"  # a line of output that stands for any number of lines


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: *kind* is the word behind the fence, *line* counts from 1."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of a console block, and what the page says comes back."""

    command: str
    output: str
    line: int  # the command's last one; its output begins in the next


def fences(text: str, *kinds: str) -> list[Fence]:
    """The fenced blocks of these kinds, in the page's order."""
    return [
        Fence(token.info, token.content, token.map[0] + 2)
        for token in _MARKDOWN.parse(text)
        if token.type == "fence" and token.map and token.info in kinds
    ]


def typed(block: Fence) -> list[Typed]:
    """The commands of a console block; a backslash at a line's end joins lines."""
    assert block.text.startswith("$ "), f"line {block.line}: a console starts with $"
    found: list[Typed] = []
    lines = iter(enumerate(block.text.splitlines(keepends=True), block.line))
    for number, line in lines:
        if not line.startswith("$ "):
            last = found.pop()
            found.append(Typed(last.command, last.output + line, last.line))
            continue
        command = line[2:].rstrip("\n")
        while command.endswith("\\"):
            command = command[:-1] + next(lines)[1].strip().removeprefix("> ")
            number += 1  # noqa: PLW2901 - the command ends there
        found.append(Typed(command, "", number))
    return found


def agree(shown: str, real: str) -> bool:
    """Whether the page shows what comes back; `…` alone on a line leaves lines out."""
    parts = [""]
    for line in shown.splitlines(keepends=True):
        if line.strip() == _SKIPPED:
            parts.append("")
        else:
            parts[-1] += line
    if len(parts) == 1:
        return shown == real
    if not real.startswith(parts[0]) or not real.endswith(parts[-1]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = real.find(part, at)
        if at < 0 or (at and real[at - 1] != "\n"):
            return False
        at += len(part)
    return at <= len(real) - len(parts[-1])


def settle(page: Path, told: list[tuple[Typed, str]]) -> None:
    """The page shows what came back; with GOLDEN=write it is made to."""
    wrong = [(entry, real) for entry, real in told if not agree(entry.output, real)]
    if os.environ.get("GOLDEN") == "write":
        lines = page.read_text().splitlines(keepends=True)
        for entry, real in reversed(wrong):
            end = entry.line + entry.output.count("\n")
            lines[entry.line : end] = [_shortened(entry.output, real)]
        page.write_text("".join(lines))
        return
    for entry, real in wrong:
        assert entry.output == real, f"{page.name}:{entry.line}: $ {entry.command}"


def _shortened(shown: str, real: str) -> str:
    """*real* without what *shown* leaves out, by the ends of the parts that it keeps.

    All of it where such an end is no longer there.
    """
    parts = re.split(rf"^ *{_SKIPPED}\n", shown, flags=re.MULTILINE)
    left, kept = real.splitlines(keepends=True), []
    for number, part in enumerate(parts, start=1):
        ends = [*map(_mark, part.splitlines(keepends=True))]
        last = number == len(parts)
        begin = _nearest(left, ends[:1], len(left) - len(ends) if last else 0)
        end = _nearest(left, ends[-1:], (begin or 0) + len(ends) - 1)
        if begin is None or end is None:
            return real
        kept.append("".join(left[begin : end + 1] if ends else ""))
        left = left[end + 1 :] if ends else left
    return f"{_SKIPPED}\n".join(kept)


def _nearest(lines: list[str], mark: list[str], place: int) -> int | None:
    """Where the line of that *mark* stands next to *place*; 0 without a mark."""
    if not mark:
        return 0
    found = [number for number, line in enumerate(lines) if [_mark(line)] == mark]
    return min(found, key=lambda number: abs(number - place), default=None)


def _mark(line: str) -> str:
    """What a line is known by when a digest in it has changed."""
    return re.sub(r"[0-9a-f]{64}", "", line)


def links(text: str) -> list[str]:
    """Where the page's links lead to, as written."""
    return [
        str(child.attrs["href"])
        for token in _MARKDOWN.parse(text)
        for child in token.children or ()
        if child.type == "link_open"
    ]


def anchors(text: str) -> set[str]:
    """What a link's `#…` may name, by GitHub's rule for headings."""
    tokens = _MARKDOWN.parse(text)
    titles = [
        following.content
        for token, following in pairwise(tokens)
        if token.type == "heading_open"
    ]
    kept = ("".join(c for c in t.lower() if c.isalnum() or c in " -_") for t in titles)
    return {title.replace(" ", "-") for title in kept}


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, with its heading first; text as written."""
    found: list[list[list[str]]] = []
    tokens = _MARKDOWN.parse(text)
    for token, following in pairwise(tokens):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append(following.content)
    return found
