"""[store.ID]: all settings of the coordinator's store."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stalplan.model.desired.fields import Unfit, is_table, items, kind, read_field
from stalplan.model.desired.mistakes import dotted, listed, quoted
from stalplan.model.desired.references import FORMS, REF_KEYS, is_reference, reference
from stalplan.model.stores import StoreItem, StoreText, StoreValue, StoreWish
from stalplan.stalwart.effective import COORDINATING_TYPES
from stalplan.stalwart.macros import CLASSES, macros_in, never_ends
from stalplan.stalwart.releases import Release
from stalplan.stalwart.stores import SETTINGS, Form, Setting, is_open

if TYPE_CHECKING:
    from stalplan.model.desired.cluster import Cluster
    from stalplan.model.desired.mistakes import Mistakes
    from stalplan.model.desired.places import Path

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WHOLE = re.compile(r"[0-9]{1,19}")
_DURATION = re.compile(r"0*([0-9]{1,19})(?:ms|s|m|h|d)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_EXAMPLES = {
    "type": '"redis"',
    "urls": '["redis://192.0.2.20:6379"]',
    "address": '"192.0.2.20:4222"',
    "brokers": '"192.0.2.20:9092,192.0.2.21:9092"',
    "group-id": '"%{env:NODE}%"',
    "config": "\"{ mode: 'peer' }\"",
}
_WANTED = {
    Form.FLAG: "true or false",
    Form.COUNT: "a whole number",
    Form.LIMIT: "a whole number or text",
    Form.DURATION: 'a number over 0 and ms, s, m, h or d in quotes, such as "10s"',
    Form.TEXTS: f"text in quotes, a list of such, or {FORMS}",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one store's table is read with."""

    mistakes: "Mistakes"
    path: "Path"
    folder: str
    kind: str | None  # the store's type; None: unknown, so any key may be

    @property
    def settings(self) -> Mapping[str, Setting]:
        if self.kind is not None:
            return SETTINGS[self.kind]
        return {key: each for some in SETTINGS.values() for key, each in some.items()}


def read_stores(
    mistakes: "Mistakes", content: dict[str, Any], cluster: "Cluster", folder: str
) -> dict[str, StoreWish]:
    """The managed stores by id. The place of each key is kept under its flat path.

    Dotted, nested and quoted spellings of one key are the same.
    """
    path: Path = ("store",)
    tables = content.get("store", {})
    if not is_table(mistakes, path, tables):
        return {}
    if tables and cluster.release is Release.V0_11:
        what = "servers of 0.11 have no coordinator; it came with 0.12"
        mistakes.at_key(path, f"store: {what}")
    result: dict[str, StoreWish] = {}
    for id_, table in tables.items():
        here = (*path, id_)
        if not is_table(mistakes, here, table):
            continue
        _check_id(mistakes, here, cluster.coordinator)
        reading = _Reading(mistakes, here, folder, _kind(mistakes, here, table))
        result[id_] = StoreWish(_values(reading, table))
    return dict(sorted(result.items()))


def _check_id(mistakes: "Mistakes", path: "Path", coordinator: object) -> None:
    """A store's id is a bare key of the server's file, and the coordinator's."""
    id_ = path[-1]
    if not _ID.fullmatch(id_):
        what = "must be of a-z, 0-9, dashes and underscores"
        mistakes.at_key(path, f"{dotted(path)}: a store's id {what}")
    elif coordinator is False:
        what = "there is to be no coordinator, and only its store is managed"
        mistakes.at_key(path, f"{dotted(path)}: {what}")
    elif isinstance(coordinator, str) and coordinator != id_:
        what = f"the coordinator is {quoted(coordinator)}, and only its store is"
        mistakes.at_key(path, f"{dotted(path)}: {what} managed")


def _kind(mistakes: "Mistakes", path: "Path", table: dict[str, Any]) -> str | None:
    """The store's type, or None after a mistake."""
    here = (*path, "type")
    found = table.get("type")
    if found in COORDINATING_TYPES:
        return str(found)
    known = listed([quoted(each) for each in COORDINATING_TYPES])
    if "type" not in table:
        what = f"needs a type, which is one of {known}"
        mistakes.at_key(path, f"{dotted(path)} {what}")
    elif not isinstance(found, str) or macros_in(found):
        mistakes.at_value(here, f"{dotted(here)} must be one of {known}")
    else:
        what = f"must be one of {known}: no other store can coordinate"
        near = mistakes.near(found, COORDINATING_TYPES)
        mistakes.coded(
            "SP303", here, f"{dotted(here)} {what}{near}", key=".".join(here)
        )
    return None


def _values(reading: _Reading, table: dict[str, Any]) -> dict[str, StoreValue]:
    mistakes, settings = reading.mistakes, reading.settings
    result: dict[str, StoreValue] = {}
    spelled: dict[str, Path] = {}
    for where, value in _leaves(reading.path, table):
        key = ".".join(where[2:])
        if key in spelled:
            line = mistakes.places.key(spelled[key]).line
            what = f"this key is set in line {line} already"
            mistakes.at_key(where, f"{dotted(where)}: {what}")
            continue
        spelled[key] = where
        if key not in settings:
            mistakes.at_key(where, f"unknown key {dotted(where)}{_near(reading, key)}")
        elif key != "type" or reading.kind is not None:
            found = _value(reading, where, key, value)
            if found is not None:
                result[key] = found
    for key, setting in settings.items() if reading.kind else ():
        if setting.needed and key not in spelled:
            what = f"needs {key}, such as {key} = {_EXAMPLES[key]}"
            mistakes.at_key(reading.path, f"{dotted(reading.path)} {what}")
    places = mistakes.places
    places.keys.update(
        {(*reading.path, key): places.key(at) for key, at in spelled.items()}
    )
    return dict(sorted(result.items()))


def _leaves(path: "Path", table: dict[str, Any]) -> "Iterator[tuple[Path, object]]":
    """Each setting's path as written, and what is asked for it."""
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, dict) and value and not is_reference(value):
            yield from _leaves(here, value)
        else:
            yield here, value


def _near(reading: _Reading, key: str) -> str:
    root, _, last = key.rpartition(".")
    if last.isdecimal() and root in reading.settings:
        return f"; write the list: {root} = […]"
    if root in reading.settings and not is_open(root):
        return reading.mistakes.near(last, REF_KEYS)
    owners = [quoted(kind) for kind, some in SETTINGS.items() if key in some]
    if owners:
        return f": only a store of type {listed(owners)} has it"
    return reading.mistakes.near(key, reading.settings)


def _value(
    reading: _Reading, path: "Path", key: str, value: object
) -> StoreValue | None:
    """What is asked for one key, or None after a mistake."""
    mistakes, setting = reading.mistakes, reading.settings[key]
    if isinstance(value, list) and setting.form is Form.ONE_TEXT:
        what = f"must be one text with commas, such as {_EXAMPLES[key]}"
        mistakes.coded("SP305", path, f"{dotted(path)} {what}", key=".".join(path))
        return None

    def read(found: object) -> StoreItem:
        if is_reference(found):
            if is_open(key):
                raise Unfit("is shown in plans, so it can't be a secret reference")
            return reference(reading.folder)(found)
        return StoreText(_text(setting, found))

    def read_list(found: object) -> StoreValue:
        if not isinstance(found, list):
            return read(found)
        if setting.form is not Form.TEXTS:
            raise Unfit("must be one value, not a list")
        if not found:
            raise Unfit("is an empty list, which leaves no trace: leave the key out")
        return items(found, read, phrase="holds an entry that")

    return read_field(mistakes, path, value, read_list)


def _text(setting: Setting, value: object) -> str:
    """The text that the server's file gets."""
    form = setting.form
    if isinstance(value, bool) and form in (Form.FLAG, Form.LIMIT):
        return "true" if value else "false"
    if isinstance(value, int) and not isinstance(value, bool):
        if form in (Form.COUNT, Form.LIMIT, Form.DURATION):
            return _checked(setting, str(value))
    elif isinstance(value, str):
        return _checked(setting, _plain(value))
    raise Unfit(f"must be {_wanted(setting)}, not {kind(value)}")


def _plain(text: str) -> str:
    """*text*, if every server reads it back as it is written.

    Source: stalwart v0.15.5, crates/utils/src/config/{parser,mod}.rs.
    """
    if not text:
        raise Unfit("must not be empty")
    if _CONTROL.search(text):
        raise Unfit("must be one line without control characters")
    if "\\" in text or '"' in text:
        what = "must have no backslash and no double quote, which a server might"
        raise Unfit(f"{what} not read back")
    if any(never_ends(text, each) for each in CLASSES):
        what = "has an unfinished macro, which makes the server loop for ever"
        raise Unfit(what, code="SP506")
    return text


def _checked(setting: Setting, text: str) -> str:
    if macros_in(text):
        return text  # what it yields is known on the node alone
    good = True
    match setting.form:
        case Form.FLAG:
            good = text in ("true", "false")
        case Form.COUNT:
            good = _WHOLE.fullmatch(text) is not None
        case Form.DURATION:
            found = _DURATION.fullmatch(text)
            good = found is not None and int(found[1]) > 0
        case _:
            good = not setting.words or text in setting.words
    if not good:
        raise Unfit(f"must be {_wanted(setting)}")
    return text


def _wanted(setting: Setting) -> str:
    if setting.words:
        return f"one of {listed([quoted(word) for word in setting.words])}"
    return _WANTED.get(setting.form, f"text in quotes, or {FORMS}")
