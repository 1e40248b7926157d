"""JSON Schema of the desired file, made from the tables that its reader goes by.

Draft 4, because that is what the TOML language server Taplo reads.
"""

from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any, Final

from stalplan.model.desired.cluster import APPLY_KEYS, CLUSTER_KEYS
from stalplan.model.desired.descriptions import DESCRIPTIONS, EXAMPLES
from stalplan.model.desired.nodes import NODE_KEYS, SSH_KEYS
from stalplan.model.desired.reading import FORMAT, TABLES
from stalplan.model.desired.service import SERVICE_KEYS
from stalplan.model.desired.shapes import LINE, NODE_NAME, Shape, shape_of
from stalplan.model.desired.store_schema import REFERENCE, STORE, tree
from stalplan.model.inventory import ServiceSettings, SshSettings
from stalplan.model.wishes import ApplySettings
from stalplan.names import NODE_IDS
from stalplan.stalwart.releases import Release, roles_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.model.desired.fields import Reader

DRAFT: Final = "http://json-schema.org/draft-04/schema#"
_REFERENCE_TO_WISH: Final[Shape] = {"$ref": "#/definitions/holders"}
_DURATION_UNITS: Final = ((3600, "h"), (60, "m"), (1, "s"))


def desired_schema() -> Shape:
    """The whole schema. What it takes may still be wrong; what it refuses is."""
    tables = {
        "cluster": _table("cluster", CLUSTER_KEYS, required=["name", "release"]),
        "nodes": _nodes(),
        "roles": _roles(),
        "store": _stores(),
        "ssh": _table("ssh", SSH_KEYS, defaults=SshSettings),
        "service": _table("service", SERVICE_KEYS, defaults=ServiceSettings),
        "apply": _table("apply", APPLY_KEYS, defaults=ApplySettings),
        "api": _api(),
    }
    assert set(tables) == set(TABLES), "a table of the reader has no schema"
    return {
        "$schema": DRAFT,
        "title": "stalplan.toml",
        "description": "The cluster settings of Stalwart mail servers, as desired.",
        "type": "object",
        "required": ["format", "cluster", "nodes"],
        "additionalProperties": False,
        "properties": {"format": _key("format", {"enum": [FORMAT]}), **tables},
        "definitions": {"holders": _HOLDERS, "secret": REFERENCE},
    }


def _key(path: str, shape: Shape, default: object = None) -> Shape:
    """One key with what an editor shows of it."""
    told: Shape = {"title": path, "description": DESCRIPTIONS[path], **shape}
    if path in EXAMPLES:
        told["examples"] = EXAMPLES[path]
    if default is not None:
        told["default"] = default
    return told


def _table(
    name: str,
    readers: "Mapping[str, Reader]",
    *,
    defaults: type | None = None,
    required: list[str] | None = None,
) -> Shape:
    """A table with a key for each of its readers."""
    usual = (
        {}
        if defaults is None
        else {each.name: each.default for each in fields_of(defaults)}
    )
    keys = {
        key: _key(f"{name}.{key}", shape_of(reader), _usual(usual.get(key)))
        for key, reader in readers.items()
    }
    table: Shape = {"type": "object", "additionalProperties": False, "properties": keys}
    return _key(name, table | ({"required": required} if required else {}))


def _usual(value: object) -> object:
    """A default as the file would have it; None for none."""
    if isinstance(value, float):
        size, unit = next((s, u) for s, u in _DURATION_UNITS if value % s == 0)
        return f"{value / size:g}{unit}"
    return value if isinstance(value, str | int) else None


def _nodes() -> Shape:
    keys = {
        key: _key(f"nodes.{key}", shape_of(reader)) for key, reader in NODE_KEYS.items()
    }
    number = {"type": "integer", "minimum": 0, "maximum": NODE_IDS - 1}
    own = {
        "id": _key("nodes.id", number),
        "ssh": _table("ssh", SSH_KEYS),
        "service": _table("service", SERVICE_KEYS),
    }
    node: Shape = {
        "type": "object",
        "required": ["id"],
        "additionalProperties": False,
        "properties": {**own, **keys},
        "x-taplo": {"initKeys": ["id"]},
    }
    names = {"patternProperties": {NODE_NAME: node}, "additionalProperties": False}
    return _key("nodes", {"type": "object", "minProperties": 1, **names})


_SHARD: Final[Shape] = {"type": "array", "minItems": 1, "items": {"type": "string"}}
_HOLDERS: Final[Shape] = {
    "title": "Who runs a role",
    "description": (
        '"all": every node. "none": nobody. ["mx1"]: these nodes together. '
        '[["mx1"], ["mx2"]]: a part each (0.14 and later). { label = "back" }: the '
        'nodes with that label; shards = "each" or a number deals the work out.'
    ),
    "anyOf": [
        {"enum": ["all", "none"]},
        _SHARD,
        {"type": "array", "minItems": 1, "items": _SHARD},
        {
            "type": "object",
            "required": ["label"],
            "additionalProperties": False,
            "properties": {
                "label": LINE,
                "shards": {
                    "anyOf": [{"enum": ["each"]}, {"type": "integer", "minimum": 1}]
                },
            },
        },
    ],
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
    named = {
        role: {
            "title": f"roles.{role}",
            "description": f"Who runs {role}. In releases {', '.join(releases)}.",
            "anyOf": [_REFERENCE_TO_WISH],
        }
        for role, releases in sorted(lines.items())
    }
    return _key("roles", tree(named))


def _stores() -> Shape:
    names = {"patternProperties": {"^[a-z0-9][a-z0-9_-]*$": STORE}}
    return _key("store", {"type": "object", "additionalProperties": False, **names})


def _api() -> Shape:
    secret: dict[str, Any] = {"allOf": [{"$ref": "#/definitions/secret"}]}
    keys = {
        "url": _key("api.url", LINE),
        "user": _key("api.user", LINE),
        "password": _key("api.password", secret),
    }
    table = {"additionalProperties": False, "properties": keys, "required": list(keys)}
    return _key("api", {"type": "object", **table})
