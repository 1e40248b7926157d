"""The part of the desired file's schema that is about stores and their secrets."""

from typing import TYPE_CHECKING, Final

from stalplan.model.desired.fields import argv
from stalplan.model.desired.shapes import LINE, Shape, shape_of
from stalplan.stalwart.stores import SETTINGS, Form, Setting, is_open

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET: Final[Shape] = {"$ref": "#/definitions/secret"}
_COUNTED: Final[Shape] = {"type": "integer", "minimum": 0}
_TEXT: Final[Shape] = {"type": "string", "minLength": 1}
# A text may always be one of the server's macros, which only the node can expand.
_MACRO: Final[Shape] = {"type": "string", "pattern": "%\\{"}


def tree(keys: "Mapping[str, Shape]") -> Shape:
    """A table in which `"a.b" = …` and `a.b = …` are the same key."""
    shapes: dict[str, Shape] = dict(keys)
    nested: dict[str, dict[str, Shape]] = {}
    for key, shape in keys.items():
        first, _, rest = key.partition(".")
        if rest:
            nested.setdefault(first, {})[rest] = shape
    for first, inner in nested.items():
        table = tree(inner)
        shapes[first] = {"anyOf": [shapes[first], table]} if first in shapes else table
    return {"type": "object", "additionalProperties": False, "properties": shapes}


def _one(path: str, inside: Shape) -> Shape:
    return {
        "type": "object",
        "required": [path],
        "additionalProperties": False,
        "properties": {path: inside},
    }


REFERENCE: Final[Shape] = {
    "title": "Where a secret is",
    "description": "It is looked up when planning from live nodes, and again at apply.",
    "anyOf": [
        _one("env", {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}),
        _one("file", LINE),
        _one("command", shape_of(argv)),
    ],
    "examples": [
        {"env": "REDIS_PASSWORD"},
        {"file": "secrets/redis"},
        {"command": ["pass", "show", "redis"]},
    ],
}


def _setting(key: str, kinds: "Mapping[str, Setting]") -> Shape:
    """One setting of all the types of store that have it."""
    if key == "type":  # what else there is hangs on it, so no macro will do
        return {"title": key, "enum": list(SETTINGS), "description": "Its kind."}
    shapes: list[Shape] = []
    for setting in kinds.values():
        shapes += [each for each in _forms(setting) if each not in shapes]
    if not is_open(key):
        shapes.append(_SECRET)
    if any(setting.form is Form.TEXTS for setting in kinds.values()):
        shapes.append(
            {"type": "array", "minItems": 1, "items": {"anyOf": [_TEXT, _SECRET]}}
        )
    needed = [kind for kind, setting in kinds.items() if setting.needed]
    must = f" {_listed(needed)} needs it." if needed else ""
    told = f"Of stores of type {_listed(list(kinds))}.{must}"
    return {"title": key, "description": told, "anyOf": shapes}


def _forms(setting: Setting) -> list[Shape]:
    if setting.words:
        return [{"enum": list(setting.words)}, _MACRO]
    match setting.form:
        case Form.FLAG:
            return [{"type": "boolean"}, {"enum": ["true", "false"]}, _MACRO]
        case Form.COUNT:
            return [_COUNTED, {"type": "string", "pattern": "^[0-9]+$"}, _MACRO]
        case Form.LIMIT:
            return [_COUNTED, {"type": "boolean"}, _TEXT]
        case Form.DURATION:
            duration = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)?$"}
            return [{"type": "integer", "minimum": 1}, duration, _MACRO]
        case Form.TEXT | Form.TEXTS | Form.ONE_TEXT:
            return [_TEXT]


def _listed(kinds: list[str]) -> str:
    return " or ".join(kinds)


def _store() -> Shape:
    kinds: dict[str, dict[str, Setting]] = {}
    for kind, settings in SETTINGS.items():
        for key, setting in settings.items():
            kinds.setdefault(key, {})[kind] = setting
    table = tree({key: _setting(key, some) for key, some in kinds.items()})
    return table | {"required": ["type"], "x-taplo": {"initKeys": ["type"]}}


STORE: Final[Shape] = _store()
