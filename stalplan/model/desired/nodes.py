"""[nodes], with [ssh] and [service] as defaults for each of them."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from stalplan.model.desired.fields import (
    Reader,
    Table,
    Unfit,
    address,
    argument,
    duration,
    flag,
    host_key,
    is_table,
    items,
    kind,
    port,
    read_field,
    read_table,
    text,
    unknown_key,
    whole,
    word,
)
from stalplan.model.desired.mistakes import dotted, quoted
from stalplan.model.desired.service import SERVICE_KEYS, Services
from stalplan.model.inventory import Node, SshSettings
from stalplan.names import NODE_IDS, NodeId, NodeName

if TYPE_CHECKING:
    from stalplan.model.desired.mistakes import Mistakes
    from stalplan.model.desired.places import Path

SSH_KEYS: dict[str, Reader] = {
    "user": argument,
    "port": port,
    "identity_file": text,
    "host_key": host_key,
    "known_hosts": text,
    "jump": argument,
    "sudo": flag,
    "connect_timeout": duration(),
}


def labels(value: object) -> frozenset[str]:
    """Words that roles may pick nodes by."""
    if not isinstance(value, list):
        raise Unfit(f'must be a list such as ["front"], not {kind(value)}')
    return frozenset(items(value, text, phrase="must hold labels: each"))


NODE_KEYS: dict[str, Reader] = {
    "address": address,
    "hostname": word,
    "labels": labels,
}
_TABLES = ("id", "ssh", "service")
_KEYS = (*NODE_KEYS, *_TABLES)
_LONGEST_ID = 10**12  # longer numbers are not repeated in a message
_ELSEWHERE = {key: f"ssh.{key}" for key in SSH_KEYS} | {
    key: f"service.{key}" for key in SERVICE_KEYS
}


@dataclass(slots=True)
class Nodes:
    """The nodes that could be read, and what others may refer to.

    *mentioned* also has the names of nodes that could not be read, so that no other
    table is blamed for naming them.
    """

    found: tuple[Node, ...] = ()
    mentioned: set[str] = field(default_factory=set)
    holders: dict[int, NodeName] = field(default_factory=dict)  # by id modulo 512


@dataclass(slots=True)
class _Around:
    """What a node's table is read with."""

    mistakes: "Mistakes"
    folder: str
    hostname: str | None  # the cluster's
    ssh: Table
    services: Services
    nodes: Nodes


def read_nodes(
    mistakes: "Mistakes",
    content: dict[str, Any],
    *,
    folder: str,
    hostname: str | None,
) -> Nodes:
    """The nodes by name. After a mistake the result is only fit to go on checking."""
    ssh = read_table(mistakes, ("ssh",), content.get("ssh", {}), SSH_KEYS)
    so_far = len(mistakes.told)
    service = read_table(
        mistakes, ("service",), content.get("service", {}), SERVICE_KEYS
    )
    services = Services(service, broken=len(mistakes.told) > so_far)
    tables = content.get("nodes", {})
    if not is_table(mistakes, ("nodes",), tables):
        return Nodes()
    if not tables:
        mistakes.at_key(
            ("nodes",),
            "no node: each needs a table such as [nodes.mx1] with a line id = 1",
        )
    nodes = Nodes(mentioned=set(tables))
    around = _Around(mistakes, folder, hostname, ssh, services, nodes)
    found = [_node(around, key, table) for key, table in tables.items()]
    services.tell_missing(mistakes, len(tables))
    nodes.found = tuple(
        sorted((node for node in found if node is not None), key=lambda node: node.name)
    )
    return nodes


def _node(around: _Around, key: str, table: object) -> Node | None:
    mistakes = around.mistakes
    path = ("nodes", key)
    name = _name(mistakes, key)
    if not is_table(mistakes, path, table):
        return None
    assert isinstance(table, dict)
    strangers = tuple(each for each in table if each not in _KEYS)
    unquoted = [_tell_stranger(around, (*path, each), table) for each in strangers]
    if any(unquoted) and "id" not in table:
        return None
    own = read_table(mistakes, path, table, NODE_KEYS, known=(*_TABLES, *strangers))
    number = _id(around, path, name, table)
    so_far = len(mistakes.told)
    ssh = read_table(mistakes, (*path, "ssh"), table.get("ssh", {}), SSH_KEYS)
    service = read_table(
        mistakes, (*path, "service"), table.get("service", {}), SERVICE_KEYS
    )
    if name is None:
        return None
    return Node(
        name=name,
        node_id=NodeId(number),
        hostname=own.get("hostname", around.hostname),
        labels=own.get("labels", frozenset()),
        ssh=_ssh(own.get("address", name), {**around.ssh, **ssh}, around.folder),
        service=around.services.of(
            mistakes, name, service, broken=len(mistakes.told) > so_far
        ),
    )


def _tell_stranger(around: _Around, path: "Path", table: dict[str, Any]) -> bool:
    """Tell of the unknown key at *path*; true if it comes of a name without quotes.

    `[nodes.mx1.example.org]` is TOML for a table `org` in `example` in `mx1`.
    """
    mistakes = around.mistakes
    name, inner = [*path[1:]], table[path[-1]]
    while isinstance(inner, dict) and len(inner) == 1 and not inner.keys() & {*_KEYS}:
        (part,) = inner
        name.append(part)
        inner = inner[part]
    advice = mistakes.near(path[-1], _KEYS)
    if isinstance(inner, dict) and ("id" in inner or not ("id" in table or advice)):
        full = ".".join(name)
        around.nodes.mentioned.add(full)
        mistakes.at_key(path, f"a name with dots needs quotes: [nodes.{quoted(full)}]")
        return True
    if path[-1] in _ELSEWHERE:
        advice = f"; did you mean {_ELSEWHERE[path[-1]]}?"
    unknown_key(mistakes, path, _KEYS, advice)
    return False


def _name(mistakes: "Mistakes", key: str) -> NodeName | None:
    with suppress(ValueError):  # the reason follows, with a place and a suggestion
        return NodeName(key)
    if key in ("all", "local"):
        what = f"{quoted(key)} is reserved and can't name a node"
    else:
        what = f"{quoted(key)} is no node name: use a-z, 0-9, dots and dashes"
        with suppress(ValueError):  # unless what is near is no name either
            what += f"; did you mean {quoted(NodeName(key.lower().replace('_', '-')))}?"
    mistakes.at_key(("nodes", key), what)
    return None


def _id(
    around: _Around, path: "Path", name: NodeName | None, table: dict[str, Any]
) -> int:
    """The node's id; 0 after a mistake."""
    mistakes = around.mistakes
    here = (*path, "id")
    if "id" not in table:
        mistakes.at_key(path, f"{dotted(path)} needs an id, such as id = 1")
        return 0
    number = read_field(mistakes, here, table["id"], whole)
    if number is None:
        return 0
    low = number % NODE_IDS
    if low != number:
        shown = number if abs(number) < _LONGEST_ID else "a number that long"
        what = f"{dotted(here)} must be from 0 to 511, not {shown}"
        mistakes.coded("SP103", here, what, key=".".join(here), node=name)
    holders = around.nodes.holders
    if low in holders:
        other = holders[low]
        line = mistakes.places.key(("nodes", other, "id")).line
        same = "" if low == number else f" (the server counts {number} as {low})"
        what = f"{dotted(here)}: {other} in line {line} has id {low} already{same}"
        mistakes.coded("SP101", here, what, key=".".join(here), node=name)
    elif name is not None:
        holders[low] = name
    return low


def _ssh(address_: str, settings: Table, folder: str) -> SshSettings:
    for key in ("identity_file", "known_hosts"):
        if key in settings and not settings[key].startswith("~"):
            # an absolute path stays as it is when joined
            settings[key] = str(PurePosixPath(folder) / settings[key])
    return SshSettings(address=address_, **settings)
