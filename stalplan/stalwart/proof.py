"""Proof that an edit did what was planned and nothing else.

It shares no code with the editor beyond the reader: both files are read by the
server's rules, and what is not planned is compared byte by byte.
"""

from typing import TYPE_CHECKING, Final

from stalplan.stalwart.edits import Edit, SetList, SetText
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse
from stalplan.stalwart.proof_lines import Lines, same_lines, same_tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.stalwart.releases import ServerVersion

_DIGITS: Final = frozenset("0123456789")


class ProofFailed(Exception):
    """The edited file is not what was planned.

    *line* counts from 1: in the edited file, or in the base for what is lost.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


def prove(
    base: bytes, result: bytes, edits: "Sequence[Edit]", version: "ServerVersion"
) -> None:
    """Show that *result* is *base* with *edits* and nothing else.

    The flat maps differ in the planned keys only, and hold the planned texts there;
    every line of *base* that is not about a planned key is in *result*, in order and
    byte for byte; what is added is about planned keys, or a header for them with a
    blank line.

    Raises ProofFailed.
    """
    old = _read(base, version, "the file")
    if base == result:
        _prove_map(old, old, _Wanted(edits))
        return
    new = _read(result, version, "the edited file")
    wanted = _Wanted(edits)
    _prove_map(old, new, wanted)
    if result and not result.endswith(b"\n"):
        raise ProofFailed(result.count(b"\n") + 1, "the last line has no end")
    before, after = Lines(old.outline, wanted), Lines(new.outline, wanted)
    if differs := same_lines(before, after):
        raise ProofFailed(*differs)
    if differs := same_tails(before, after):
        raise ProofFailed(*differs)


def _read(data: bytes, version: "ServerVersion", what: str) -> FlatConfig:
    try:
        return parse(data, version)
    except ConfigRefused as refused:
        raise ProofFailed(refused.line, f"{what}: {refused.message}") from None


class _Wanted:
    """What the edits ask for in the end, by key."""

    def __init__(self, edits: "Sequence[Edit]") -> None:
        self.texts: dict[str, str] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.removed: set[str] = set()
        for edit in edits:
            if isinstance(edit, SetText):
                self.lists.pop(edit.key, None)
                self.texts[edit.key] = edit.text
                continue
            for key in [*self.texts, *self.lists]:
                if key == edit.key or key.startswith(f"{edit.key}."):
                    self.texts.pop(key, None)
                    self.lists.pop(key, None)
            if isinstance(edit, SetList):
                self.lists[edit.key] = edit.items
            else:
                self.removed.add(edit.key)
        wholes = (*self.lists, *self.removed)
        self._roots = (*self.texts, *wholes)
        self._wholes = frozenset(wholes)
        self._below = tuple(f"{key}." for key in wholes)

    def planned(self, key: str) -> bool:
        """Whether *key* may differ."""
        if not key.startswith(self._roots):
            return False  # as most keys, and told fast
        if key in self.texts or key in self._wholes or key.startswith(self._below):
            return True
        return any(_is_element(key, root) for root in self.texts)

    def into(self, table: str) -> bool:
        """Whether a planned key belongs into *table*."""
        return any(key.startswith(f"{table}.") for key in self._roots)


def _is_element(key: str, root: str) -> bool:
    """Whether *key* is an element of a list at *root*, or a part of one."""
    if not key.startswith(f"{root}."):
        return False
    number = key[len(root) + 1 :].partition(".")[0]
    return bool(number) and set(number) <= _DIGITS


def _prove_map(old: FlatConfig, new: FlatConfig, wanted: _Wanted) -> None:
    """The maps differ where they may, and the new one holds what is wanted."""
    before, after = old.outline.texts, new.outline.texts
    for key, text in after.items():
        same = key in before and before[key] == text
        if not same and not wanted.planned(key):
            raise ProofFailed(new.entry(key).first_line, f"{key} changed unasked")
    for key in before:
        if key not in after and not wanted.planned(key):
            raise ProofFailed(old.entry(key).first_line, f"{key} is lost")
    _prove_wanted(new, wanted)


def _prove_wanted(new: FlatConfig, wanted: _Wanted) -> None:
    """The planned keys hold what is wanted, and nothing is left beside them."""
    for key, text in wanted.texts.items():
        beside = [k for k in new.keys_under(key) if k != key and wanted.planned(k)]
        if new.get(key) != text or any(not _set_below(k, wanted, key) for k in beside):
            raise ProofFailed(_line(new, key), f"{key} is not what was planned")
    for key, items in wanted.lists.items():
        if tuple(new[name] for name in new.keys_under(key)) != items:
            raise ProofFailed(_line(new, key), f"{key} is not what was planned")
    for key in wanted.removed:
        if any(not _set_below(name, wanted, "") for name in new.keys_under(key)):
            raise ProofFailed(_line(new, key), f"{key} is still there")


def _set_below(name: str, wanted: _Wanted, root: str) -> bool:
    """Whether *name* is there because another edit, not the one of *root*, set it."""
    if name in wanted.texts and name != root:
        return True
    return any(name == key or name.startswith(f"{key}.") for key in wanted.lists)


def _line(config: FlatConfig, key: str) -> int:
    found = config.under(key)
    return found[0].first_line if found else 1
