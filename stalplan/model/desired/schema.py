"""JSON Schema of the desired file, made from the tables that its reader goes by.

Draft 4, because that is what the TOML language server Taplo reads.
"""

from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Final

from stalplan.model.desired.cluster import APPLY_KEYS, CLUSTER_KEYS
from stalplan.model.desired.descriptions import DESCRIPTIONS, EXAMPLES
from stalplan.model.desired.nodes import NODE_KEYS, SSH_KEYS
from stalplan.model.desired.reading import FORMAT, TABLES
from stalplan.model.desired.role_schema import ROLES
from stalplan.model.desired.service import SERVICE_KEYS
from stalplan.model.desired.shapes import (
    LINE,
    NO_NODE_NAME,
    NO_STORE_ID,
    Shape,
    named,
    shape_of,
)
from stalplan.model.desired.store_schema import REFERENCE, STORE
from stalplan.model.inventory import ServiceSettings, SshSettings
from stalplan.model.wishes import ApplySettings
from stalplan.names import NODE_IDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.model.desired.fields import Reader

DRAFT: Final = "http://json-schema.org/draft-04/schema#"
_DURATION_UNITS: Final = ((3600, "h"), (60, "m"), (1, "s"))


def desired_schema() -> Shape:
    """The whole schema. What it takes may still be wrong; what it refuses is."""
    tables = {
        "cluster": _table("cluster", CLUSTER_KEYS, required=["name", "release"]),
        "nodes": _nodes(),
        "roles": _key("roles", ROLES),
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
        fits = ((s, u) for s, u in _DURATION_UNITS if value and value % s == 0)
        size, unit = next(fits, (1, "s"))
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
    return _key("nodes", {"minProperties": 1, **named(NO_NODE_NAME, node)})


def _stores() -> Shape:
    return _key("store", named(NO_STORE_ID, STORE))


def _api() -> Shape:
    keys = {
        "url": _key("api.url", LINE),
        "user": _key("api.user", LINE),
        "password": _key("api.password", REFERENCE),
    }
    table = {"additionalProperties": False, "properties": keys, "required": list(keys)}
    return _key("api", {"type": "object", **table})
