"""Which lines of the desired file belong to which key, comments included."""

from dataclasses import dataclass, field

from stalplan.model.desired.places import Path, Places, find_places


@dataclass(slots=True)
class Page:
    """One text whose lines end in a bare newline, and what stands in each of them."""

    text: str
    places: Places = field(init=False)
    lines: list[str] = field(init=False)
    _paths: dict[int, list[Path]] = field(init=False)  # by line, counted from 0

    def __post_init__(self) -> None:
        self.places = find_places(self.text)
        self.lines = self.text.split("\n")
        self._paths = {}
        for table in (self.places.keys, self.places.values):
            for path, place in table.items():
                self._paths.setdefault(place.line - 1, []).append(path)

    def blocks(self, path: Path) -> list[range]:
        """The runs of lines that speak of *path* and of nothing else, in order.

        A comment right above such a run belongs to it; the empty lines and comments
        after it belong to what follows.
        """
        marked = sorted(self._paths)
        found: list[range] = []
        for line, following in zip(marked, [*marked[1:], len(self.lines)], strict=True):
            if not self._speaks_of(line, path):
                continue
            if found and found[-1].stop == line:
                found[-1] = range(found[-1].start, following)
            else:
                found.append(range(line, following))
        return [range(self._with_comment(each), self._end(each)) for each in found]

    @property
    def end(self) -> int:
        """Behind the last line that isn't empty."""
        return len(self.text.rstrip().split("\n")) if self.text.strip() else 0

    def header_above(self, line: int) -> Path:
        """The table in which a line stands; () before the first header."""
        above = {
            place.line: path
            for path, place in self.places.headers.items()
            if place.line - 1 <= line
        }
        return above[max(above)] if above else ()

    def section(self, table: Path) -> range:
        """The lines of the `[table]` that has a header, up to its last own one."""
        start = self.places.headers[table].line - 1
        others = [place.line - 1 for place in self.places.headers.values()]
        stop = min((line for line in others if line > start), default=len(self.lines))
        return range(start, self._end(range(start, stop)))

    def _speaks_of(self, line: int, path: Path) -> bool:
        return any(each[: len(path)] == path for each in self._paths[line])

    def _with_comment(self, block: range) -> int:
        start = block.start
        while start > 0 and self.lines[start - 1].lstrip().startswith("#"):
            start -= 1
        return start

    def _end(self, block: range) -> int:
        stop = block.stop
        while stop - 1 > block.start and _is_idle(self.lines[stop - 1]):
            stop -= 1
        return stop

    def without(self, path: Path) -> str:
        """The text without the lines of *path*, and without a gap where they were."""
        kept = list(self.lines)
        for block in reversed(self.blocks(path)):
            stop = block.stop
            above = block.start == 0 or not self.lines[block.start - 1].strip()
            while above and stop < len(kept) - 1 and not kept[stop].strip():
                stop += 1
            del kept[block.start : stop]
        return _ended("\n".join(kept))

    def with_lines(self, at: int, lines: list[str]) -> str:
        """The text with *lines* put before the line that is counted *at*."""
        return _ended("\n".join([*self.lines[:at], *lines, *self.lines[at:]]))


def _is_idle(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith("#")


def _ended(text: str) -> str:
    """One newline at the end, and no empty lines before it."""
    return text.rstrip("\n") + "\n"
