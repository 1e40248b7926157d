"""Which nodes an import is for: words of the command line, and an inventory's."""

from collections.abc import Sequence
from pathlib import Path

import click

from stalplan.model.cluster import listed
from stalplan.model.inventories.asked import Asked, InventoryWrong, asked
from stalplan.model.inventories.reading import is_ssh_config, read_inventory
from stalplan.names import NODE_IDS

MOST_BYTES = 1 << 22  # an inventory over 4 MiB names more than a cluster


def nodes_of(words: Sequence[str], inventory: Path | None) -> list[Asked]:
    """The nodes that are named, in order, each once.

    `NODE=ADDRESS` is a node. A word alone is a host or a group of the inventory;
    without an inventory it is a node that is found by its name. An inventory without
    such words is taken whole.

    Raises InventoryWrong, and click's UsageError for a word that is none of these.
    """
    wanted = [word for word in words if "=" not in word]
    known = [] if inventory is None else _read(inventory, wanted)
    picked: list[Asked] = []
    for word in words:
        name, equals, place = word.partition("=")
        if equals or inventory is None:
            picked.append(_asked(name, place if equals else name))
        else:
            picked += _picked(word, known, inventory)
    if all("=" in word for word in words):
        picked = [*known, *picked]
    by_name: dict[str, Asked] = {}
    for node in picked:
        if by_name.setdefault(node.name, node) != node:
            raise click.UsageError(f"{node.name} is named twice, with two addresses.")
    if not by_name:
        raise click.UsageError("Name the nodes: NODE=ADDRESS …, or --from INVENTORY.")
    if len(by_name) > NODE_IDS:
        raise click.UsageError(f"A cluster has at most {NODE_IDS} nodes.")
    return [*by_name.values()]


def _asked(name: str, place: str) -> Asked:
    try:
        return asked(name, place)
    except ValueError as error:
        raise click.UsageError(f"{error}".removesuffix(".") + ".") from error


def _picked(word: str, known: Sequence[Asked], inventory: Path) -> list[Asked]:
    found = [each for each in known if word in (each.name, *each.labels)]
    if not found:
        names = listed([each.name for each in known])
        raise click.UsageError(f"{inventory} has no host or group {word}: {names}.")
    return found


def _read(path: Path, wanted: Sequence[str]) -> list[Asked]:
    try:
        with path.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InventoryWrong(f"{path} is over 4 MiB.")
        text = data.decode()
    except OSError as error:
        raise InventoryWrong(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InventoryWrong(f"{path} is no UTF-8 text.") from error
    if is_ssh_config(text):
        from stalplan.transport.ssh_hosts import hosts_of  # noqa: PLC0415 - only for these

        hosts = hosts_of(path.resolve())
        if not hosts:
            raise InventoryWrong(f"{path} names no host, only patterns.")
        return hosts
    return read_inventory(text, str(path), wanted)
