"""Which kind of inventory a text is, and the nodes in it."""

import re
from collections.abc import Collection

from stalplan.model.inventories.asked import Asked, InventoryWrong
from stalplan.model.inventories.lists import read_list

_HOST_LINE = re.compile(r"(?im)^[ \t]*host[ \t]+[^=\s]|^[ \t]*host[ \t]*=[ \t]*\S")
_INI = re.compile(
    r"(?m)^[ \t]*\[[^]=]+\][ \t]*(?:#.*)?$|^[^#;=\s]+\[[0-9a-z]+:[0-9a-z]+"
    r"|^[ \t]*[^#;=\s]+[ \t]+[a-z_]+[ \t]*="
)


def is_ssh_config(text: str) -> bool:
    """Whether it is OpenSSH's own file, which its client reads best."""
    return _HOST_LINE.search(text) is not None


def read_inventory(text: str, file: str, wanted: Collection[str] = ()) -> list[Asked]:
    """The nodes of a list or of an Ansible inventory, in order, each name once.

    Where hosts and groups are *wanted*, others may be beyond what can be read. Raises
    InventoryWrong, which names the line where there is one.
    """
    nodes = _read(text, file, wanted)
    if not nodes:
        raise InventoryWrong(f"{file} names no machine.")
    seen: dict[str, Asked] = {}
    for node in nodes:
        if node.name in seen and seen[node.name] != node:
            raise InventoryWrong(f"{file} names {node.name} twice.")
        seen[node.name] = node
    return [*seen.values()]


def _read(text: str, file: str, wanted: Collection[str]) -> list[Asked]:
    if file.lower().endswith((".yml", ".yaml")):
        # Loaded here: YAML's reader is needed for nothing else.
        from stalplan.model.inventories.ansible import read_yaml  # noqa: PLC0415 - as above

        return read_yaml(text, file, wanted)
    if _INI.search(text):
        from stalplan.model.inventories.ansible import read_ini  # noqa: PLC0415 - as above

        return read_ini(text, file, wanted)
    return read_list(text, file)
