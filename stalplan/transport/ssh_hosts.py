"""The machines that an ssh_config file names, each as OpenSSH would reach it."""

from pathlib import Path
from typing import TYPE_CHECKING

from stalplan.model.inventories.asked import Asked, InventoryWrong, asked, node_name
from stalplan.model.inventory import SshSettings
from stalplan.transport.ssh_config import SshConfig
from stalplan.transport.ssh_files import read_directives

if TYPE_CHECKING:
    from stalplan.model.rewriting.writing import Value

_PATTERN = frozenset("*?!%")


def hosts_of(file: Path) -> list[Asked]:
    """A node for each name in a `Host` line of *file*; patterns are no names.

    What the file adds to OpenSSH's own defaults is written out, so that the nodes are
    reached without it. Raises InventoryWrong.
    """
    base = file.parent
    names = dict.fromkeys(
        word
        for keyword, words in read_directives(file, base=base)
        if keyword == "host"
        for word in words
        if not _PATTERN & {*word}
    )
    told, plain = SshConfig(file=str(file)), SshConfig(file="none")
    return [_asked(name, told, plain, file) for name in names]


def _asked(name: str, told: SshConfig, plain: SshConfig, file: Path) -> Asked:
    settings = SshSettings(address=name)
    route, usual = told.route(settings), plain.route(settings)
    ssh: dict[str, Value] = {}
    if route.user != usual.user:
        ssh["user"] = route.user
    if route.port != usual.port:
        ssh["port"] = route.port
    if route.identity_files != usual.identity_files and route.identity_files:
        ssh["identity_file"] = route.identity_files[0]
    if route.known_hosts != usual.known_hosts and route.known_hosts:
        ssh["known_hosts"] = route.known_hosts[0]
    if route.jump:
        ssh["jump"] = ",".join(map(_hop, route.jump))
    place = f"[{route.host}]" if ":" in route.host else route.host
    try:
        return asked(node_name(name), place, ssh=ssh)
    except ValueError as error:
        raise InventoryWrong(f"{file}: {name}: {error}") from error


def _hop(hop: SshSettings) -> str:
    user = f"{hop.user}@" if hop.user else ""
    host = f"[{hop.address}]" if ":" in hop.address else hop.address
    return f"{user}{host}:{hop.port}" if hop.port else f"{user}{host}"
