"""What the desired file asks of stores, and what of a store's texts may be shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from stalplan.model.secrets import SecretRef
from stalplan.stalwart.macros import is_one_macro
from stalplan.stalwart.stores import is_open, store_key

SENSITIVE: Final = "(sensitive)"
NOT_COMPARED: Final = "(sensitive, not compared)"
MASKS: Final = frozenset({SENSITIVE, NOT_COMPARED})


@dataclass(frozen=True, slots=True)
class StoreText:
    """A text of the desired file itself; it may be a password all the same."""

    text: str = field(repr=False)


StoreItem = StoreText | SecretRef
StoreValue = StoreItem | tuple[StoreItem, ...]
"""One text, or a list of them."""


@dataclass(frozen=True, slots=True)
class StoreWish:
    """All settings of one store, by key below `store.ID.`; a live one more goes."""

    values: Mapping[str, StoreValue]

    @property
    def refs(self) -> Iterator[tuple[str, SecretRef]]:
        """Every secret reference with its key; one that stands twice comes twice."""
        for key, value in self.values.items():
            for item in value if isinstance(value, tuple) else (value,):
                if not isinstance(item, StoreText):
                    yield key, item


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The servers' settings API, as seen from each node; who asks, and as whom."""

    url: str
    user: str
    password: SecretRef


def masked(key: str, text: str) -> str:
    """*text* of the flat *key* as it may be shown.

    Of a store only the harmless settings are, and a text that is one macro: that
    leads to a secret and is none.
    """
    found = store_key(key)
    if found is None or is_open(found[1]) or is_one_macro(text):
        return text
    return SENSITIVE
