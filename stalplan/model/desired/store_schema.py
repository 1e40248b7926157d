"""The part of the desired file's schema that is about stores and their secrets."""

from typing import TYPE_CHECKING, Any, Final

from stalplan.model.desired.fields import argv
from stalplan.model.desired.shapes import LINE, Shape, shape_of, tree
from stalplan.stalwart.stores import SETTINGS, Form, Setting, is_open

if TYPE_CHECKING:
    from collections.abc import Mapping

REFERENCE: Final[Shape] = {
    "description": "Where the secret is: looked up when planning, and again at apply.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "env": {
            "description": "The name of a variable of stalplan's own environment.",
            "type": "string",
            "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        },
        "file": LINE | {"description": "A file, relative to this one."},
        "command": shape_of(argv) | {"description": "A command that prints it."},
    },
}
# Macros of the server may stand for any text; only the node can expand them.
_MACRO: Final = r"%\{"
_SOMETHING: Final = "."
_NUMBERS: Final = {Form.COUNT: 0, Form.LIMIT: 0, Form.DURATION: 1}  # least ones
_TEXTS: Final = {
    Form.FLAG: f"^(?:true|false)$|{_MACRO}",
    Form.COUNT: f"^[0-9]+$|{_MACRO}",
    Form.DURATION: f"^[0-9]+(?:ms|s|m|h|d)?$|{_MACRO}",
}


def _setting(key: str, kinds: "Mapping[str, Setting]") -> Shape:
    """One setting of all the types of store that have it, as one shape.

    They agree on its form wherever they share a key.
    """
    (setting, *others) = kinds.values()
    assert all(setting.form is other.form for other in others), key
    needed = [kind for kind, each in kinds.items() if each.needed]
    must = f" {_listed(needed)} needs it." if needed else ""
    words = f" One of {', '.join(setting.words)}." if setting.words else ""
    told = f"Of stores of type {_listed(list(kinds))}.{words}{must}"
    shape: Shape = {"title": key, "description": told, **_text(setting)}
    if not is_open(key):
        inside = {each: REFERENCE[each] for each in REFERENCE if each != "description"}
        shape |= {**inside, "type": [*shape["type"], "object"]}
    if setting.form is Form.TEXTS:
        entry: Shape = {**shape, "title": f"an entry of {key}"}
        shape |= {"type": [*shape["type"], "array"], "minItems": 1, "items": entry}
    return shape


def _text(setting: Setting) -> dict[str, Any]:
    """The text and what else may stand for it."""
    types = ["string"]
    if setting.form in _NUMBERS:
        types.append("integer")
    if setting.form in {Form.FLAG, Form.LIMIT}:
        types.append("boolean")
    pattern = _TEXTS.get(setting.form, _SOMETHING)
    if setting.words:
        pattern = f"^(?:{'|'.join(setting.words)})$|{_MACRO}"
    return {"type": types, "pattern": pattern, "minimum": _NUMBERS.get(setting.form, 0)}


def _listed(kinds: list[str]) -> str:
    return " or ".join(kinds)


def _store() -> Shape:
    kinds: dict[str, dict[str, Setting]] = {}
    for kind, settings in SETTINGS.items():
        for key, setting in settings.items():
            kinds.setdefault(key, {})[kind] = setting
    del kinds["type"]
    type_: Shape = {
        "title": "type",
        "description": "What kind of store it is; its other keys hang on that.",
        "enum": list(SETTINGS),
    }
    keys = {key: _setting(key, some) for key, some in kinds.items()}
    table = tree({"type": type_, **keys})
    return table | {"required": ["type"], "x-taplo": {"initKeys": ["type"]}}


STORE: Final[Shape] = _store()
