"""An edit is good if the file then says what was asked, and all else as before."""

import copy
import tomllib
from typing import Any

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired.mistakes import dotted
from stalplan.model.desired.places import Path

Tree = dict[str, Any]


class NotRewritten(DesiredFileWrong):
    """The file's layout is beyond what can be edited safely; nothing was written."""

    summary = "The desired file was not edited"


def proven(text: str, expected: Tree, path: Path) -> str:
    """*text*, which must say just *expected*. Raises NotRewritten, naming *path*."""
    try:
        same = _pruned(tomllib.loads(text), path) == _pruned(expected, path)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise NotRewritten(
            f"{dotted(path)} can't be changed here without touching other lines of "
            "this file. Nothing was written.",
            hint=f"edit {dotted(path)} by hand, then: stalplan validate",
        )
    return text


def _pruned(tree: Tree, path: Path) -> Tree:
    """Without tables on the way to *path* that are empty: they may go with it."""
    if not path or not isinstance(tree.get(path[0]), dict):
        return tree
    inner = _pruned(tree[path[0]], path[1:])
    rest = {key: value for key, value in tree.items() if key != path[0]}
    return {**rest, path[0]: inner} if inner else rest


def with_value(tree: Tree, path: Path, value: object) -> Tree:
    """A copy of *tree* in which *path* holds *value*."""
    result = copy.deepcopy(tree)
    table = result
    for part in path[:-1]:
        table = table.setdefault(part, {})
    table[path[-1]] = value
    return result


def without(tree: Tree, path: Path) -> Tree:
    """A copy of *tree* in which *path* is not there; its tables stay."""
    result = copy.deepcopy(tree)
    table = result
    for part in path[:-1]:
        table = table[part]
    del table[path[-1]]
    return result
