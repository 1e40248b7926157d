"""Files so plain that they are TOML at a glance: most are, and `tomllib` is slow.

Reading every file a second time, by TOML's rules, took a third of the time of a plan
in which nothing changes.
"""

import re
from typing import Final

_PART: Final = r"[A-Za-z0-9_-]+"
_KEY: Final = rf"{_PART}(?:\.{_PART})*+"
_CHARACTERS: Final = r"\x00-\x08\x0a-\x1f\x7f"  # that TOML has nowhere
_ITEM: Final = (
    rf'(?:"[^"\\{_CHARACTERS}]*+"|\'[^\'{_CHARACTERS}]*+\''
    r"|true|false|0|[1-9][0-9]{0,17})"  # longer numbers are another matter
)
_VALUE: Final = rf"(?:{_ITEM}|\[(?:[ \t]*{_ITEM}[ \t]*(?:,|(?=\])))*+[ \t]*\])"
_LINE: Final = re.compile(
    rf"[ \t]*(?:({_KEY})[ \t]*=[ \t]*{_VALUE}|\[({_KEY})\])?"
    rf"[ \t]*(?:#[^{_CHARACTERS}]*)?"
)


def is_plain_toml(text: str) -> bool:
    """Whether *text* is TOML of short words; False: it may be TOML or none.

    Every line is a comment, a table's header, or a key with one value or a list of
    them, and no key or table could be one that is there already.
    """
    keys: set[str] = set()
    headers: set[str] = set()
    dotted: set[tuple[str, str]] = set()  # tables, and what dotted keys make in them
    table = ""
    for line in text.split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            return False
        key, header = found.groups()
        if header is not None:
            if header in headers:
                return False
            headers.add(header)
            table = f"{header}."
        elif key is not None:
            whole = table + key
            if whole in keys:
                return False
            keys.add(whole)
            if "." in key:
                dotted.add((table, key[: key.rindex(".")]))
    inner = {table + name for table, key in dotted for name in (key, *_above(key))}
    outer = {name for header in headers for name in (header, *_above(header))}
    return keys.isdisjoint(inner) and outer.isdisjoint(keys | inner)


def _above(key: str) -> list[str]:
    """The tables that *key* stands in: `a.b` and `a` of `a.b.c`."""
    found = []
    while (dot := key.rfind(".")) >= 0:
        key = key[:dot]
        found.append(key)
    return found
