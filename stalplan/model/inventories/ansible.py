"""An Ansible inventory, INI or YAML: hosts, groups, ranges and the variables of SSH.

Source: docs.ansible.com, "How to build your inventory" and "Connecting to hosts:
behavioral inventory parameters".
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from stalplan.model.inventories.asked import Asked, InventoryWrong, asked, node_name

if TYPE_CHECKING:
    from stalplan.model.rewriting.writing import Value

_EVERYBODY = ("all", "ungrouped")
_HEADER = re.compile(r"\[(?P<group>[^]:]+)(?::(?P<part>children|vars))?\]")
_RANGE = re.compile(
    r"\[(?P<first>[0-9]+|[a-z]):(?P<last>[0-9]+|[a-z])(?::(?P<step>[0-9]+))?\]"
)
_MOST = 10_000  # hosts of one range
_DEPTH = 50  # of groups in groups; a circle of them is deeper than any

Variables = dict[str, Any]


@dataclass(slots=True)
class _Group:
    hosts: dict[str, Variables] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)
    variables: Variables = field(default_factory=dict)


@dataclass(slots=True)
class _Inventory:
    """Groups by name, and hosts in the order in which they are named first."""

    groups: dict[str, _Group] = field(default_factory=dict)
    hosts: dict[str, Variables] = field(default_factory=dict)

    def group(self, name: str) -> _Group:
        return self.groups.setdefault(name, _Group())

    def add(self, group: str, pattern: str, variables: Variables) -> None:
        """One entry of a group: a host, or a range of them. Raises ValueError."""
        for host in spread(pattern):
            self.group(group).hosts[host] = {}
            self.hosts.setdefault(host, {}).update(variables)

    def holding(self, host: str) -> list[str]:
        """The groups that a host is in, from the outermost to its own."""
        levels = [[name for name, group in self.groups.items() if host in group.hosts]]
        while levels[-1] and len(levels) < _DEPTH:
            inner = {*levels[-1]}
            levels.append(
                [n for n, group in self.groups.items() if inner & {*group.children}]
            )
        return list(dict.fromkeys(name for level in reversed(levels) for name in level))

    def nodes(self, file: str) -> list[Asked]:
        """Every host as a node. Raises InventoryWrong."""
        found = []
        for host, own in self.hosts.items():
            groups = [name for name in self.holding(host) if name not in _EVERYBODY]
            variables: Variables = {}
            for name in (*_EVERYBODY, *groups):
                variables |= self.groups.get(name, _Group()).variables
            try:
                found.append(_node(host, variables | own, tuple(groups)))
            except ValueError as error:
                raise InventoryWrong(f"{file}: {host}: {error}") from error
        return found


def read_ini(text: str, file: str) -> list[Asked]:
    """The hosts in order. Raises InventoryWrong with the line."""
    inventory = _Inventory()
    group, part = "ungrouped", ""
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if not entry or entry[0] in "#;":
            continue
        if header := _HEADER.fullmatch(entry.partition("#")[0].strip()):
            group, part = header["group"].strip(), header["part"] or ""
            inventory.group(group)
            continue
        try:
            _ini_entry(inventory, group, part, entry)
        except ValueError as error:
            raise InventoryWrong(f"{file}:{number}: {error}") from error
    return inventory.nodes(file)


def _ini_entry(inventory: _Inventory, group: str, part: str, entry: str) -> None:
    if part == "vars":
        key, _, value = entry.partition("=")
        words = shlex.split(value, comments=True)
        inventory.group(group).variables[key.strip()] = " ".join(words)
        return
    words = shlex.split(entry, comments=True)
    if part == "children":
        inventory.group(group).children.append(words[0])
        return
    pairs = (word.partition("=") for word in words[1:])
    inventory.add(group, words[0], {key: value for key, _, value in pairs})


class _Loader(yaml.SafeLoader):
    """Values that only Ansible can read, such as its vault's, count as not there."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def read_yaml(text: str, file: str) -> list[Asked]:
    """The hosts in order. Raises InventoryWrong."""
    try:
        tree = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader without strangers' tags
    except yaml.YAMLError as error:
        raise InventoryWrong(f"{file}: {_one_line(error)}") from error
    if not isinstance(tree, Mapping):
        raise InventoryWrong(f"{file} has no groups of hosts.")
    inventory = _Inventory()
    try:
        for name, group in tree.items():
            _yaml_group(inventory, str(name), group, _DEPTH)
    except (ValueError, TypeError, AttributeError) as error:
        raise InventoryWrong(f"{file}: {error}") from error
    return inventory.nodes(file)


def _yaml_group(inventory: _Inventory, name: str, tree: object, depth: int) -> None:
    """Raises ValueError where the tree is none of an inventory."""
    group = inventory.group(name)
    if tree is None:
        return
    if not isinstance(tree, Mapping) or depth == 0:
        raise ValueError(f"the group {name} has no hosts, children or vars.")
    group.variables |= tree.get("vars") or {}
    for host, variables in (tree.get("hosts") or {}).items():
        inventory.add(name, str(host), dict(variables or {}))
    for child, inner in (tree.get("children") or {}).items():
        group.children.append(str(child))
        _yaml_group(inventory, str(child), inner, depth - 1)


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "it is no YAML"
    return f"{what} in line {mark.line + 1}." if mark else f"{what}."


def spread(pattern: str) -> Iterator[str]:
    """The names that `mx[1:3]`, `mx[01:20:2]` or `[a:c].example.org` stand for.

    Raises ValueError for a range that is none.
    """
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    before, after = pattern[: found.start()], pattern[found.end() :]
    for word in _words(found["first"], found["last"], int(found["step"] or 1)):
        yield from spread(f"{before}{word}{after}")


def _words(first: str, last: str, step: int) -> Iterator[str]:
    if first.isdecimal() != last.isdecimal() or step < 1:
        raise ValueError(f"[{first}:{last}] is no range.")
    if not first.isdecimal():
        yield from map(chr, range(ord(first), ord(last) + 1, step))
        return
    numbers = range(int(first), int(last) + 1, step)
    if len(numbers) > _MOST:
        raise ValueError(f"[{first}:{last}] is too long a range.")
    # Leading zeros are a width, as Ansible has it.
    width = len(first) if first.startswith("0") else 0
    for number in numbers:
        yield str(number).zfill(width)


def _node(host: str, variables: Variables, groups: tuple[str, ...]) -> Asked:
    """A host by its variables. Raises ValueError.

    The older names, `ansible_ssh_host` and so on, still count.
    """

    def said(*names: str) -> str | None:
        for name in names:
            value = variables.get(name)
            if value is not None and "{{" in str(value):
                raise ValueError(f"{name} is a template, which only Ansible can fill.")
            if value not in (None, ""):
                return str(value)
        return None

    name, colon, number = host.partition(":")
    if not colon or ":" in number:
        name, number = host, ""
    place = said("ansible_host", "ansible_ssh_host") or name
    found = asked(node_name(name), f"[{place}]" if ":" in place else place)
    ssh: dict[str, Value] = {}
    if user := said("ansible_user", "ansible_ssh_user"):
        ssh |= asked(found.name, f"{user}@host").ssh
    if at := said("ansible_port", "ansible_ssh_port") or number:
        ssh |= asked(found.name, f"host:{at}").ssh
    if key := said("ansible_ssh_private_key_file", "ansible_private_key_file"):
        ssh["identity_file"] = key
    if (said("ansible_become") or "").lower() in ("true", "yes", "1", "on"):
        ssh["sudo"] = True
    return Asked(name=found.name, address=found.address, ssh=ssh, labels=groups)
