"""The desired file's bytes -> Desired, or every mistake in them at once."""

import hashlib
import json
from typing import Any

from stalplan.model.desired.api import read_api
from stalplan.model.desired.cluster import read_apply, read_cluster
from stalplan.model.desired.fields import Unfit, read_field, unknown_key, whole
from stalplan.model.desired.mistakes import Mistakes
from stalplan.model.desired.nodes import read_nodes
from stalplan.model.desired.roles import read_roles
from stalplan.model.desired.stores import read_stores
from stalplan.model.desired.toml import read_toml
from stalplan.model.wishes import Desired
from stalplan.names import Digest

FORMAT = 1  # the one version of the format there is

TABLES = ("cluster", "nodes", "roles", "store", "ssh", "service", "apply", "api")


def read_desired(data: bytes, *, file: str, folder: str = "") -> Desired:
    """The desired cluster that *data* describes.

    *file* is the name to show; *folder* is put before relative paths in it.
    Raises DesiredFileWrong, and nothing else, whatever the bytes are; its detail has
    a line `file:line:column: what` for each mistake.
    """
    content, places = read_toml(data, file)
    mistakes = Mistakes(file, places)
    _top(mistakes, content)
    cluster = read_cluster(mistakes, content)
    nodes = read_nodes(mistakes, content, folder=folder, hostname=cluster.hostname)
    roles = read_roles(mistakes, content, nodes, cluster.release)
    stores = read_stores(mistakes, content, cluster, folder)
    settings = read_apply(mistakes, content, nodes)
    api = read_api(mistakes, content, folder)
    mistakes.raise_if_any()
    assert cluster.name is not None  # else a mistake was told
    assert cluster.release is not None
    return Desired(
        file=file,
        digest=_digest(content),
        cluster=cluster.name,
        release=cluster.release,
        nodes=nodes.found,
        coordinator=cluster.coordinator,
        roles=roles,
        stores=stores,
        apply=settings,
        api=api,
        places=places.keys,
    )


def _format(value: object) -> int:
    version = whole(value)
    if version != FORMAT:
        raise Unfit(f"must be {FORMAT}, the one that this stalplan reads")
    return version


def _top(mistakes: Mistakes, content: dict[str, Any]) -> None:
    """What stands outside all tables, and tables that don't belong."""
    if "format" in content:
        read_field(mistakes, ("format",), content["format"], _format)
    else:
        mistakes.at_key((), f"format is missing: begin with format = {FORMAT}")
    for key in content:
        if key not in (*TABLES, "format"):
            unknown_key(mistakes, (key,), (*TABLES, "format"))


def _digest(content: dict[str, Any]) -> Digest:
    """Of what the file says: comments, layout and the order of tables don't count."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return Digest(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")
