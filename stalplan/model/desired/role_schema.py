"""The part of the desired file's schema that is about roles."""

from typing import Final

from stalplan.model.desired.shapes import LINE, Shape, tree
from stalplan.stalwart.releases import Release, roles_of

_FORMS: Final = (
    '"all": every node. "none": nobody. ["mx1"]: these nodes together. '
    '[["mx1"], ["mx2"]]: a part each (0.14 and later). { label = "back" }: the nodes '
    'with that label; shards = "each" or a number deals the work out.'
)
# Draft 4 can't say "all of one kind" but by what must not be.
_MIXED: Final[Shape] = {
    "allOf": [
        {"type": "array"},
        {"not": {"items": {"type": "string"}}},
        {"not": {"items": {"type": "array"}}},
    ]
}
# One shape of several types: an editor offers a key once for each shape of anyOf.
_HOLDERS: Final[Shape] = {
    "type": ["string", "array", "object"],
    "pattern": "^(?:all|none)$",
    "minItems": 1,
    "items": {"type": ["string", "array"], "minItems": 1, "items": {"type": "string"}},
    "required": ["label"],
    "additionalProperties": False,
    "properties": {
        "label": LINE | {"description": "Nodes with this label run it."},
        "shards": {
            "description": 'How many parts: "each" for one per node, or a number.',
            "type": ["string", "integer"],
            "pattern": "^each$",
            "minimum": 1,
            "default": 1,
        },
    },
    "not": _MIXED,
    "examples": [
        "all",
        ["mx1"],
        [["mx1"], ["mx2"]],
        {"label": "back", "shards": "each"},
    ],
}


def _roles() -> Shape:
    """Every role of every release; `"a.b" = …` and `a.b = …` are one role."""
    lines: dict[str, list[str]] = {}
    for release in Release:
        for role in roles_of(release):
            lines.setdefault(role, []).append(release)
    wishes: dict[str, Shape] = {}
    for role, releases in sorted(lines.items()):
        told = f"Who runs {role} (in releases {', '.join(releases)}). {_FORMS}"
        wishes[role] = {"title": f"roles.{role}", "description": told, **_HOLDERS}
    return tree(wishes)


ROLES: Final[Shape] = _roles()
