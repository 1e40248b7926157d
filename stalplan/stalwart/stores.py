"""The settings of stores that can coordinate, and which of them may be shown.

Source: stalwart v0.12.5 and v0.15.5, crates/store/src/backend/{redis,nats,kafka,zenoh};
the four are the same in all releases between.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from stalplan.stalwart.effective import COORDINATING_TYPES

STORE_PREFIX: Final = "store."


class Form(Enum):
    """What the server reads a setting's text as."""

    TEXT = auto()
    TEXTS = auto()  # one text or a list of them
    ONE_TEXT = auto()  # a text that some take for a list: a list loses the store
    COUNT = auto()
    LIMIT = auto()  # a number, or one of several words for none
    DURATION = auto()
    FLAG = auto()


@dataclass(frozen=True, slots=True)
class Setting:
    """One key below `store.ID.`; *words* where only these texts mean something."""

    form: Form = Form.TEXT
    needed: bool = False
    words: tuple[str, ...] = ()


_TYPE: Final = Setting(needed=True, words=COORDINATING_TYPES)
_TEXT: Final = Setting()
_COUNT: Final = Setting(Form.COUNT)
_DURATION: Final = Setting(Form.DURATION)
_FLAG: Final = Setting(Form.FLAG)

SETTINGS: Final[Mapping[str, Mapping[str, Setting]]] = {
    "redis": {
        "type": _TYPE,
        "redis-type": Setting(words=("single", "cluster")),
        "urls": Setting(Form.TEXTS, needed=True),
        "user": _TEXT,
        "password": _TEXT,
        "protocol-version": Setting(words=("resp2", "resp3")),
        "read-from-replicas": _FLAG,
        "timeout": _DURATION,
        "retry.total": _COUNT,
        "retry.max-wait": _DURATION,
        "retry.min-wait": _DURATION,
        "pool.max-connections": _COUNT,
        "pool.create-timeout": _DURATION,
        "pool.wait-timeout": _DURATION,
        "pool.recycle-timeout": _DURATION,
    },
    "nats": {
        "type": _TYPE,
        "address": Setting(Form.TEXTS, needed=True),
        "user": _TEXT,
        "password": _TEXT,
        "credentials": _TEXT,
        "max-reconnects": Setting(Form.LIMIT),
        "ping-interval": _DURATION,
        "timeout.connection": _DURATION,
        "timeout.request": _DURATION,
        "capacity.client": _COUNT,
        "capacity.subscription": _COUNT,
        "capacity.read-buffer": _COUNT,
        "tls.enable": _FLAG,
        "no-echo": _FLAG,
    },
    "kafka": {
        "type": _TYPE,
        "brokers": Setting(Form.ONE_TEXT, needed=True),
        "group-id": Setting(needed=True),
        "timeout.session": _DURATION,
        "timeout.message": _DURATION,
    },
    "zenoh": {"type": _TYPE, "config": Setting(needed=True)},
}
"""By type: every key that the server reads of it."""

_OPEN: Final = re.compile(
    r"type|redis-type|protocol-version|timeout(?:\..+)?|(?:pool|retry|capacity)\..+"
    r"|ping-interval|max-reconnects|tls\.enable|no-echo|read-from-replicas"
)


def is_open(key: str) -> bool:
    """Whether the text of *key*, which stands below `store.ID.`, is no secret."""
    return _OPEN.fullmatch(key) is not None


def store_key(key: str) -> tuple[str, str] | None:
    """The id and what stands below it, where *key* is `store.ID.…`."""
    first, _, rest = key.removeprefix(STORE_PREFIX).partition(".")
    return (first, rest) if key.startswith(STORE_PREFIX) and first and rest else None
