"""What the readers of single values take, as JSON Schema of draft 4.

A schema can't say all that a reader checks: that names exist, that ids are free. It
never refuses what the reader takes.
"""

from typing import TYPE_CHECKING, Any, Final, get_args

from stalplan.model.desired import fields
from stalplan.model.inventory import Manager
from stalplan.names import NODE_IDS
from stalplan.stalwart.releases import Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.model.desired.fields import Reader

Shape = dict[str, Any]

NO_NODE_NAME: Final = "^(?![a-z0-9][a-z0-9.-]*$)|^(?:all|local)$"
NO_STORE_ID: Final = "^(?![a-z0-9][a-z0-9_-]*$)"
# JSON Schema's patterns are ECMAScript's; \x0b and the like are the same in both.
_LINE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
_CHARACTER: Final = r"""[^\s"'`\\\x00-\x1f\x7f-\x9f]"""
_WORD: Final = rf"^(?!.*%\{{){_CHARACTER}+$"
_ARGUMENT: Final = r"^(?!-)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
_ARGV: Final[Shape] = {
    "type": "array",
    "minItems": 1,
    "items": [{"type": "string", "pattern": r"^[^\x00\n]+$"}],
    "additionalItems": {"type": "string", "pattern": r"^[^\x00\n]*$"},
}
# One colon parts a host from a port, several are an IPv6 address.
_ADDRESS: Final = rf"^(?!-)(?![^:]*:[^:]*$)(?!.*[@\[]){_CHARACTER}+$"
_URL: Final = rf"^[hH][tT][tT][pP]://(?![/?#]){_CHARACTER}+$"

LINE: Final[Shape] = {"type": "string", "pattern": _LINE}
NAMES: Final[Shape] = {"type": "array", "items": {"type": "string"}}


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


def named(wrong: str, shape: Shape) -> Shape:
    """Tables whose names are free, unless the pattern *wrong* matches them.

    Said the other way round, with patterns of good names, editors complete no key.
    """
    return {
        "type": "object",
        "patternProperties": {wrong: {"not": {}}},
        "additionalProperties": shape,
    }


def _or_false(pattern: str) -> Shape:
    """Text or false, in one shape: an editor offers a key once for each shape."""
    text_or_flag = {"type": ["string", "boolean"], "pattern": pattern}
    return {**text_or_flag, "not": {"enum": [True]}}


_OF_READERS: Final[dict[str, Shape]] = {
    "text": LINE,
    "word": {"type": "string", "pattern": _WORD},
    "argument": {"type": "string", "pattern": _ARGUMENT},
    "flag": {"type": "boolean"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "node_id": {"type": "integer", "minimum": 0, "maximum": NODE_IDS - 1},
    "at_least": {"type": "integer", "minimum": 1},
    "duration": {"type": "string", "pattern": f"^{fields.DURATION.pattern}$"},
    "argv": _ARGV,
    "absolute_path": {"type": "string", "pattern": f"^/{_LINE[1:-2]}*$"},
    "address": {"type": "string", "pattern": _ADDRESS},
    "host_key": {"type": "string", "pattern": f"^{fields.HOST_KEY.pattern}$"},
    "unit": {"type": "string", "pattern": f"^{fields.UNIT.pattern}$"},
    "manager": {"enum": list(get_args(Manager))},
    "health": _or_false(_URL),
    "labels": {"type": "array", "items": LINE},
    "order": NAMES,
    "cluster_name": {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9-]*$",
        "maxLength": 100,
    },
    "release": {"enum": [str(release) for release in Release]},
    "coordinator": _or_false(_WORD),
    "url": LINE,
}


def shape_of(reader: "Reader") -> Shape:
    """What *reader* takes. KeyError: it is new, and needs its line above."""
    return dict(_OF_READERS[reader.__qualname__.partition(".")[0]])
