"""[cluster] and [apply]: what holds for all nodes together."""

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from stalplan.model.desired.fields import (
    Reader,
    Table,
    Unfit,
    at_least,
    duration,
    kind,
    node_id,
    read_table,
    text,
    word,
)
from stalplan.model.desired.mistakes import listed, quoted
from stalplan.model.wishes import ApplySettings
from stalplan.stalwart.releases import Release

if TYPE_CHECKING:
    from stalplan.model.desired.mistakes import Mistakes
    from stalplan.model.desired.nodes import Nodes

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_LONGEST_NAME = 100  # it becomes part of a file's name
_LINE = re.compile(r"v?(?P<line>0\.[0-9]{1,3})(?:\..*)?")
_OLDEST, _NEWEST = min(Release), max(Release)


class Cluster(NamedTuple):
    """The [cluster] table. None: absent, or wrong and told as a mistake."""

    name: str | None
    release: Release | None
    hostname: str | None
    coordinator: str | Literal[False] | None


def cluster_name(value: object) -> str:
    """The cluster's name, which names its state file."""
    found = text(value)
    if not _NAME.fullmatch(found) or len(found) > _LONGEST_NAME:
        raise Unfit("must be of a-z, 0-9 and dashes, at most 100 of them")
    return found


def release(value: object) -> Release:
    """The release line that all nodes run."""
    known = listed(quoted(each) for each in Release)
    if not isinstance(value, str):
        as_text = f', such as "{value}"' if isinstance(value, float) else ""
        raise Unfit(f"must be text in quotes{as_text}, not {kind(value)}")
    if value in list(Release):
        return Release(value)
    found = _LINE.fullmatch(value)
    if found and found["line"] in list(Release):
        raise Unfit(f"must be the line alone: {quoted(found['line'])}")
    if found and _number(found["line"]) < _number(_OLDEST):
        raise Unfit(f"{quoted(value)} is too old: stalplan knows {known}")
    if re.fullmatch(r"v?[0-9]{1,3}\.[0-9]{1,3}(\..*)?", value):
        raise Unfit(
            f"{quoted(value)} can't be managed yet: from 0.16 on a server's cluster "
            f"settings live in its database; stalplan knows {known}"
        )
    raise Unfit(f"must be one of {known}")


def _number(line: str) -> int:
    return int(line.split(".")[1])


def coordinator(value: object) -> str | Literal[False]:
    """The id of the store that the nodes talk over, or false for none."""
    if value is False:
        return False
    if value is True or not isinstance(value, str):
        raise Unfit(f"must be a store's id in quotes or false, not {kind(value)}")
    if not value:
        raise Unfit("must be a store's id; false stands for none")
    return word(value)


CLUSTER_KEYS: dict[str, Reader] = {
    "name": cluster_name,
    "release": release,
    "hostname": word,
    "coordinator": coordinator,
}


def read_cluster(mistakes: "Mistakes", content: dict[str, Any]) -> Cluster:
    """The [cluster] table of the whole file's *content*."""
    path = ("cluster",)
    if "cluster" not in content:
        mistakes.at_key((), "no [cluster] table: it needs a name and a release")
        return Cluster(None, None, None, None)
    table = content["cluster"]
    found = read_table(mistakes, path, table, CLUSTER_KEYS)
    if isinstance(table, dict):
        for key, example in (("name", "mail"), ("release", _NEWEST)):
            if key not in table:
                mistakes.at_key(path, f'cluster needs a {key}: {key} = "{example}"')
    result = Cluster(**{key: found.get(key) for key in Cluster._fields})
    if result.coordinator is not None and result.release is Release.V0_11:
        mistakes.at_key(
            (*path, "coordinator"),
            "cluster.coordinator: servers of 0.11 have none; it came with 0.12",
        )
    return result


def order(value: object) -> tuple[str, ...]:
    """Nodes that go first; whether they exist is checked later."""
    if not isinstance(value, list):
        raise Unfit(f'must be a list of nodes such as ["mx1"], not {kind(value)}')
    for number, name in enumerate(value):
        if not isinstance(name, str):
            raise Unfit(f"must hold node names, not {kind(name)}", str(number))
    return tuple(value)


APPLY_KEYS: dict[str, Reader] = {
    "max_unavailable": at_least(1),
    "settle": duration(least=0),
    "order": order,
    "spare_id": node_id,
    "lease": duration(least=10),
    "plan_lifetime": duration(),
    "keep_runs": at_least(1),
}


def read_apply(
    mistakes: "Mistakes", content: dict[str, Any], nodes: "Nodes"
) -> ApplySettings:
    """The [apply] table, whose names are checked against *nodes*."""
    found: Table = read_table(
        mistakes, ("apply",), content.get("apply", {}), APPLY_KEYS
    )
    seen: set[str] = set()
    for number, name in enumerate(found.get("order", ())):
        path = ("apply", "order", str(number))
        if name not in nodes.mentioned:
            what = f"no node is named {quoted(name)}"
            what += mistakes.near(name, nodes.mentioned)
            mistakes.at_value(path, f"apply.order: {what}")
        elif name in seen:
            mistakes.at_value(path, f"apply.order: {name} stands twice")
        seen.add(name)
    spare = found.get("spare_id")
    if spare in nodes.holders:
        mistakes.at_value(
            ("apply", "spare_id"),
            f"apply.spare_id: {spare} is the id of {nodes.holders[spare]}; "
            "it must be one that no node has",
        )
    by_name = {node.name: node.name for node in nodes.found}
    if "order" in found:
        found["order"] = tuple(by_name[n] for n in found["order"] if n in by_name)
    return ApplySettings(**found)
