"""Where the store of a file's coordinator can be reached, as far as the file tells."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig

# The key of the addresses, and the port where none is named.
# Source: stalwart v0.15.5, crates/store/src/backend/{redis,nats,kafka}/mod.rs.
_REDIS = 6379
_KEYS = {
    "redis": ("urls", _REDIS),
    "nats": ("address", 4222),
    "kafka": ("brokers", 9092),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorAsk:
    """Addresses to try before a server is stopped, and why others are not tried.

    *addresses* are "HOST:PORT", with nothing of a login, and shown nowhere, since a
    store's texts are not. *at_start* says whether a
    server that can't reach them at its start stays alone until the next one.
    """

    store: str
    addresses: tuple[str, ...] = field(repr=False)
    untried: str = ""
    at_start: bool = False


def coordinator_ask(
    config: "FlatConfig", effective: "Effective"
) -> CoordinatorAsk | None:
    """What to try for a server that starts with *config*; None: it has no coordinator.

    Source: stalwart v0.15.5, crates/store/src/backend/nats/mod.rs: NATS is connected
    to at the start, and never again; redis and kafka when they are needed.
    """
    store, kind = effective.coordinator, effective.coordinator_type
    if not store or not effective.coordinator_usable or kind is None:
        return None
    if kind not in _KEYS:
        return CoordinatorAsk(
            store=store, addresses=(), untried=f"{kind} names no address to try"
        )
    key, port = _KEYS[kind]
    texts = [config[each] for each in config.keys_under(f"store.{store}.{key}")]
    found = [_address(text, port) for whole in texts for text in whole.split(",")]
    known = sorted({address for address in found if address})
    untried = "" if known and all(found) else "its address is a macro, or no address"
    return CoordinatorAsk(
        store=store,
        addresses=tuple(known),
        untried=untried,
        at_start=kind == "nats",
    )


def _address(text: str, port: int) -> str | None:
    """The place alone: a URL may hold a password, which nobody else is to see."""
    text = text.strip()
    # Without a scheme redis has no host: the text may be anything, a password too.
    if "%{" in text or not text or (port == _REDIS and "://" not in text):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = parts.hostname or "", parts.port or port
    except ValueError:
        return None
    if not host or any(letter.isspace() for letter in host):
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
