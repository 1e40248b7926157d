"""Which keys of a node's file a snapshot holds, and which of them with their texts."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stalplan.model.file_rules.ids import node_id_elsewhere
from stalplan.model.file_rules.reading import LOCAL_KEYS, first_loop
from stalplan.model.rules.hostnames import LICENCE_KEY
from stalplan.stalwart.effective import COORDINATING_TYPES, ascii_lower
from stalplan.stalwart.macros import CLASSES, MacroClass, macros_in, never_ends
from stalplan.stalwart.releases import (
    COORDINATOR,
    GOSSIP_KEYS,
    HOSTNAME,
    NODE_ID,
    OLD_HOSTNAME,
    ROLE_PREFIX,
    Release,
    roles_of,
)
from stalplan.stalwart.stores import SETTINGS, is_open, store_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stalplan.stalwart.parse import FlatConfig

HIDDEN: Final = "(not in the snapshot)"
"""What stands for a text that a snapshot leaves out."""

MANAGED: Final = (
    *(NODE_ID, COORDINATOR, HOSTNAME, OLD_HOSTNAME, LOCAL_KEYS),
    *{ROLE_PREFIX + role for release in Release for role in roles_of(release)},
)

TOLD: Final = frozenset({"type", "redis-type", "protocol-version"})
"""Of any store: what contract and rules call observed facts."""

_KNOWN: Final = frozenset(key for keys in SETTINGS.values() for key in keys)
"""Settings of stores that can coordinate, so that one that the desired file begins to
manage is known to be there. Their texts stay out."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORD: Final = re.compile(r"[A-Za-z0-9.-]{1,32}")
_MACRO: Final = re.compile(r"%\{(?:env|file|cfg):[A-Za-z0-9_./-]*\}%")

AsWritten = None
Kept = dict[str, str | None]
"""By flat key: the text that stands for the key's own, or AsWritten."""


@dataclass(slots=True)
class Groups:
    """One name for equal texts, so that it can be seen which are equal and no more."""

    _names: dict[str, str] = field(default_factory=dict, repr=False)

    def name(self, text: str) -> str:
        """The same for the same text; none for none."""
        if not text:
            return ""
        return self._names.setdefault(text, f"group {len(self._names) + 1}")


def is_managed(key: str) -> bool:
    """Whether stalplan manages *key* or a list that it is part of."""
    return key.startswith(MANAGED) and any(
        key == root or key.startswith(f"{root}.") for root in MANAGED
    )


def kept_keys(config: "FlatConfig", groups: Groups, stores: "Collection[str]") -> Kept:
    """What rules and edits look at in *config*; everything else stays on its node.

    *stores* are those that the desired file manages: all their keys are kept, and of
    the texts those that plans may show.
    """
    kept: Kept = {key: AsWritten for key in config if is_managed(key)}
    kept |= {key: HIDDEN for key in config if _is_only_there(key)}
    kept |= dict(_of_stores(config, groups, stores))
    if NODE_ID not in config and (alike := node_id_elsewhere(config)):
        kept.setdefault(alike, HIDDEN)
    for key, kind in _loops(config):
        if kept.get(key, HIDDEN) is not AsWritten:
            kept[key] = f"}}% %{{{kind}:X"  # the server would loop here too
    return kept


def _loops(config: "FlatConfig") -> "Iterator[tuple[str, MacroClass]]":
    """The keys whose macros never come to an end, and in which pass.

    Each by itself, since there may be thousands; of those that only grow together the
    first.
    """
    texts = {key: text for key, text in config.items() if "%{" in text}
    alone = [key for key, text in texts.items() if first_loop({key: text})]
    for key in alone:
        yield key, next((k for k in CLASSES if never_ends(texts[key], k)), "cfg")
    if texts and (grown := first_loop({**config, **dict.fromkeys(alone, "")})):
        yield grown.key, "cfg"


def _is_only_there(key: str) -> bool:
    """Whether rules ask for *key* and never for its text."""
    unknown_role = key.startswith(ROLE_PREFIX) and not is_managed(key)
    return (
        key == LICENCE_KEY
        or unknown_role
        or any(key == root or key.startswith(f"{root}.") for root in GOSSIP_KEYS)
    )


def _of_stores(
    config: "FlatConfig", groups: Groups, stores: "Collection[str]"
) -> "Iterator[tuple[str, str | None]]":
    for key in config.keys_under("store"):
        found = store_key(key)
        if found is None or not (_ID.fullmatch(found[0]) or found[0] in stores):
            continue
        (store, name), text = found, config[key]
        kind = ascii_lower(config.get(f"store.{store}.type", ""))
        if name in TOLD or (store in stores and is_open(name)):
            yield key, _told(text, groups)
        elif name == "group-id" and kind == "kafka":
            yield key, groups.name(text)
        elif store in stores or (kind in COORDINATING_TYPES and _is_known(name)):
            yield key, AsWritten if _MACRO.fullmatch(text) else HIDDEN


def _is_known(name: str) -> bool:
    """Whether a store's setting, or the list that it is part of, is one of a server."""
    root, _, number = name.rpartition(".")
    return name in _KNOWN or (number.isdigit() and root in _KNOWN)


def _told(text: str, groups: Groups) -> str | None:
    """A word or a macro as it is; of any other text no more than which are the same."""
    if _WORD.fullmatch(text) or _MACRO.fullmatch(text):
        return AsWritten
    return "%{env:X}%" if macros_in(text) else groups.name(text)
