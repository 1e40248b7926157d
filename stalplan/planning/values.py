"""The settings stalplan manages, as texts: what state remembers of a file."""

from typing import TYPE_CHECKING

from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    OLD_HOSTNAME,
    ROLE_PREFIX,
    roles_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release

SCALARS = (NODE_ID, COORDINATOR, HOSTNAME, OLD_HOSTNAME)

Values = dict[str, tuple[str, ...]]


def managed_values(config: "FlatConfig", release: "Release") -> Values:
    """The texts of every managed key, the items of a list in the server's order.

    A list's items stand under the role's own key, however they are spelled.
    """
    values: Values = {key: (config[key],) for key in SCALARS if key in config}
    for role in roles_of(release):
        key = ROLE_PREFIX + role
        if entries := config.under(key):
            values[key] = tuple(entry.text for entry in entries)
    return values


def values_as_file(values: "Mapping[str, tuple[str, ...]]") -> bytes:
    """A file that says just this, so that recorded texts are read like any other."""
    lines = []
    for key, texts in sorted(values.items()):
        items = ", ".join(f"'''{text}'''" for text in texts)
        lines.append(f"{key} = {items if key in SCALARS else f'[{items}]'}\n")
    return "".join(lines).encode()
