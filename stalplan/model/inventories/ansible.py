"""An Ansible inventory, INI or YAML: hosts, groups, ranges and the variables of SSH.

Source: docs.ansible.com, "How to build your inventory" and "Connecting to hosts:
behavioral inventory parameters".
"""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from stalplan.model.inventories.ansible_variables import Variables, reached
from stalplan.model.inventories.asked import Asked, InventoryWrong

_EVERYBODY = ("all", "ungrouped")
_HEADER = re.compile(r"\[(?P<group>[^]:]+)(?::(?P<part>children|vars))?\]")
_RANGE = re.compile(
    r"\[(?P<first>[0-9]+|[a-z]):(?P<last>[0-9]+|[a-z])(?::(?P<step>[0-9]+))?\]"
)
_MOST = 10_000  # hosts of one range
_DEPTH = 50  # of groups in groups; a circle of them is deeper than any


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
        """The groups that a host is in; the variables of later ones win."""
        held = {name for name, group in self.groups.items() if host in group.hosts}
        for _ in range(_DEPTH):
            outer = {n for n, g in self.groups.items() if held & {*g.children}}
            if outer <= held:
                break
            held |= outer
        return sorted(held - {*_EVERYBODY}, key=self._weight)

    def _weight(self, name: str) -> tuple[int, int, str]:
        """As Ansible sorts groups: by depth, by the priority they ask for, by name.

        Source: ansible-core 2.19, lib/ansible/inventory/helpers.py `sort_groups`.
        """
        depth, above = 0, {name}
        while above and depth < _DEPTH:
            inner = above
            above = {n for n, g in self.groups.items() if inner & {*g.children}}
            above -= {*_EVERYBODY}
            depth += 1
        said = str(self.groups[name].variables.get("ansible_group_priority", 1))
        return depth, int(said) if said.isdecimal() else 1, name

    def nodes(self, file: str, wanted: Collection[str]) -> list[Asked]:
        """Every host as a node; one that can't be is left out where others are wanted.

        Raises InventoryWrong.
        """
        found = []
        for host, own in self.hosts.items():
            groups = self.holding(host)
            variables: Variables = {}
            for name in (*_EVERYBODY, *groups):
                variables |= self.groups.get(name, _Group()).variables
            try:
                found.append(reached(host, variables | own, tuple(groups)))
            except ValueError as error:
                if not wanted or {host, *groups} & {*wanted}:
                    raise InventoryWrong(f"{file}: {host}: {error}") from error
        return found


def read_ini(text: str, file: str, wanted: Collection[str] = ()) -> list[Asked]:
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
    return inventory.nodes(file, wanted)


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


def read_yaml(text: str, file: str, wanted: Collection[str] = ()) -> list[Asked]:
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
    return inventory.nodes(file, wanted)


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
