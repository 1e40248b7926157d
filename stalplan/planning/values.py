"""The settings stalplan manages, as texts: what state remembers of a file."""

from typing import TYPE_CHECKING

from stalplan.model.stores import masked
from stalplan.planning.stores import store_values
from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    OLD_HOSTNAME,
    ROLE_PREFIX,
    roles_of,
)
from stalplan.stalwart.stores import store_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release

SCALARS = (NODE_ID, COORDINATOR, HOSTNAME, OLD_HOSTNAME)

Values = dict[str, tuple[str, ...]]


def managed_values(
    config: "FlatConfig", release: "Release", stores: "Collection[str]"
) -> Values:
    """The texts of every managed key, the items of a list in the server's order.

    A list's items stand under the role's own key, however they are spelled. Of the
    *stores* only what may be shown is told; the rest is masked. Not even a digest of
    a secret is kept: many are short enough to be guessed from one.
    """
    values: Values = {key: (config[key],) for key in SCALARS if key in config}
    for role in roles_of(release):
        key = ROLE_PREFIX + role
        if entries := config.under(key):
            values[key] = tuple(entry.text for entry in entries)
    for key, texts in store_values(config, stores).items():
        values[key] = tuple(masked(key, text) for text in texts)
    return values


def store_of(key: str) -> str | None:
    """The id of the store that *key* is a setting of."""
    found = store_key(key)
    return found[0] if found else None


def values_as_file(values: "Mapping[str, tuple[str, ...]]") -> bytes:
    """A file that says just this, so that recorded texts are read like any other."""
    lines = []
    for key, texts in sorted(values.items()):
        items = ", ".join(f"'''{text}'''" for text in texts)
        single = key in SCALARS or (len(texts) == 1 and store_of(key))
        lines.append(f"{key} = {items if single else f'[{items}]'}\n")
    return "".join(lines).encode()
