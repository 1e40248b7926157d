"""Managed stores: what a node's file says of them, and what it should say.

Texts here may be passwords. They stand in fields that no repr shows; what leaves this
module for a reader's eyes has gone through `masked`.
"""

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, found
from stalplan.model.secrets import Secret, Unresolved, shown_ref
from stalplan.model.stores import NOT_COMPARED, SENSITIVE, StoreText, masked
from stalplan.planning.snapshot_keys import HIDDEN, TOLD
from stalplan.stalwart.edits import Edit, Remove, SetList, SetText
from stalplan.stalwart.stores import SETTINGS, STORE_PREFIX, Form, is_open

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from stalplan.model.secrets import SecretRef, Secrets
    from stalplan.model.stores import StoreItem, StoreValue
    from stalplan.model.wishes import Desired
    from stalplan.planning.compare import Leaf
    from stalplan.stalwart.parse import FlatConfig

Texts = str | tuple[str, ...]

_ENTRY = re.compile(r"(?:\.[0-9]+)+")
_LISTS = frozenset(
    key
    for settings in SETTINGS.values()
    for key, setting in settings.items()
    if setting.form is Form.TEXTS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreGoal:
    """The keys of managed stores in one file: as they are, and as they should be.

    *live* and *wanted* are compared; *texts* are written where they differ. A key
    that is wanted and not in *texts* waits for a secret that could not be read.
    *before* and *after* are for people.
    """

    live: "Mapping[str, Leaf]" = field(default_factory=dict, repr=False)
    wanted: "Mapping[str, Leaf]" = field(default_factory=dict, repr=False)
    texts: "Mapping[str, Texts]" = field(default_factory=dict, repr=False)
    before: "Mapping[str, Texts | None]" = field(default_factory=dict)
    after: "Mapping[str, Texts | None]" = field(default_factory=dict)

    def edits(self) -> "Iterator[Edit]":
        """What makes a file say what is wanted: first what goes, then what comes."""
        differing = {key for key in self.wanted if self.live[key] != self.wanted[key]}
        gone = [key for key in differing if self.wanted[key] is None]
        for key in sorted(gone):
            yield Remove(key)
        for key, texts in self.texts.items():
            # to remove `timeout` is to remove `timeout.connection` too
            below = any(key.startswith(f"{other}.") for other in gone)
            if key in differing or below:
                yield (
                    SetText(key, texts)
                    if isinstance(texts, str)
                    else SetList(key, texts)
                )


def store_goal(
    config: "FlatConfig", desired: "Desired", secrets: "Secrets | None"
) -> StoreGoal:
    """The goal for one file. *secrets* None: sensitive texts are placeholders."""
    if not desired.stores:
        return StoreGoal()
    live: dict[str, Leaf] = {}
    wanted: dict[str, Leaf] = {}
    texts: dict[str, Texts] = {}
    before: dict[str, Texts | None] = {}
    after: dict[str, Texts | None] = {}
    for id_, store in desired.stores.items():
        wishes = {f"{STORE_PREFIX}{id_}.{key}": v for key, v in store.values.items()}
        for key in sorted({*wishes, *_roots(config, id_)}):
            found = live_texts(config, key)
            live[key] = _leaf(key, found, exact=secrets is not None)
            before[key] = shown(key, found)
            wanted[key] = after[key] = None
            if key in wishes:
                texts_ = _resolved(wishes[key], secrets)
                after[key] = _asked(key, wishes[key], secrets)
                if texts_ is None:
                    wanted[key] = NOT_COMPARED
                    continue
                texts[key] = _in_style(key, texts_, found)
                wanted[key] = _leaf(key, texts_, exact=secrets is not None)
                if secrets is None and _not_told(key, found):
                    live[key] = wanted[key]  # nobody managed it when it was read
    return StoreGoal(live=live, wanted=wanted, texts=texts, before=before, after=after)


def _not_told(key: str, texts: Texts | None) -> bool:
    """Whether a snapshot keeps the text to itself, though plans may show it."""
    name = key.split(".", 2)[2]
    return texts == HIDDEN and is_open(name) and name not in TOLD


def live_texts(config: "FlatConfig", key: str) -> Texts | None:
    """What the file has for *key*: one text, or those of a list, however spelled."""
    keys = _own(config, key)
    if keys == [key]:
        return config[key]
    return tuple(config[each] for each in keys) or None


def live_line(config: "FlatConfig", key: str) -> int | None:
    """The first line that is about *key*, leaving out other keys below it."""
    lines = (config.entry(each).first_line for each in _own(config, key))
    return min(lines, default=None)


def shown(key: str, texts: Texts | None) -> Texts | None:
    """*texts* of *key* as they may be shown."""
    if isinstance(texts, tuple):
        return tuple(masked(key, text) for text in texts)
    return None if texts is None else masked(key, texts)


def store_values(
    config: "FlatConfig", stores: "Collection[str]"
) -> "dict[str, tuple[str, ...]]":
    """Every key of *stores* that the file has, with its texts: never to be kept."""
    values = {}
    for id_ in stores:
        for key in sorted(_roots(config, id_)):
            texts = live_texts(config, key)
            if texts is not None:
                values[key] = (texts,) if isinstance(texts, str) else texts
    return values


def secrets_are_resolved(
    desired: "Desired", secrets: "Secrets | None"
) -> "Iterator[Finding]":
    """Every key whose secret could not be read; says where it was looked for."""
    if secrets is None:
        return
    for id_, store in desired.stores.items():
        for key, ref in store.refs:
            answer = _answer(ref, secrets)
            if isinstance(answer, Secret):
                continue
            place = desired.place("store", id_, key)
            flat = f"{STORE_PREFIX}{id_}.{key}"
            yield found(
                "SP609",
                Scope.DESIRED,
                f"{flat} is {NOT_COMPARED}: it is asked of {shown_ref(ref)}. "
                f"{answer.why}",
                file=desired.file,
                line=place.line if place else None,
                key=flat,
                hint=answer.hint,
            )


def _answer(ref: "SecretRef", secrets: "Secrets") -> Secret | Unresolved:
    return secrets.get(ref, Unresolved("It was not asked for."))


def _own(config: "FlatConfig", key: str) -> list[str]:
    """*key* itself and the entries of a list of that name."""
    return [
        each
        for each in config.keys_under(key)
        if each == key or _ENTRY.fullmatch(each, len(key))
    ]


def _roots(config: "FlatConfig", id_: str) -> set[str]:
    """The settings that the file has of a store, a list being one."""
    prefix = f"{STORE_PREFIX}{id_}"
    found = set()
    for key in config.keys_under(prefix):
        rest = key[len(prefix) + 1 :]
        while (last := rest.rpartition("."))[2].isdecimal() and last[0]:
            rest = last[0]
        if rest:
            found.add(f"{prefix}.{rest}")
    return found


def _leaf(key: str, texts: Texts | None, *, exact: bool) -> "Leaf":
    """One text for one meaning; where a list may be one text, both are the same."""
    if not exact:
        texts = shown(key, texts)
    if isinstance(texts, str) and key.split(".", 2)[2] in _LISTS:
        texts = (texts,)
    return None if texts is None else json.dumps(texts)


def _in_style(key: str, texts: Texts, live: Texts | None) -> Texts:
    """The same as a list where the file has a list, and the server takes either."""
    if isinstance(texts, str) and isinstance(live, tuple):
        return (texts,) if key.split(".", 2)[2] in _LISTS else texts
    return texts


def _items(value: "StoreValue") -> "Iterable[StoreItem]":
    return value if isinstance(value, tuple) else (value,)


def _resolved(value: "StoreValue", secrets: "Secrets | None") -> Texts | None:
    """The texts to write; None where a secret in them could not be read."""
    texts = []
    for item in _items(value):
        if isinstance(item, StoreText):
            texts.append(item.text)
            continue
        answer = Secret(SENSITIVE) if secrets is None else _answer(item, secrets)
        if isinstance(answer, Unresolved):
            return None
        texts.append(answer.text)
    return tuple(texts) if isinstance(value, tuple) else texts[0]


def _asked(key: str, value: "StoreValue", secrets: "Secrets | None") -> Texts:
    """The texts as they may be shown, also of those that could not be read."""
    texts = []
    for item in _items(value):
        if isinstance(item, StoreText):
            texts.append(masked(key, item.text))
        elif secrets is None or isinstance(_answer(item, secrets), Secret):
            texts.append(SENSITIVE)
        else:
            texts.append(NOT_COMPARED)
    return tuple(texts) if isinstance(value, tuple) else texts[0]
