"""Rules about how one file is read at all: refusals, TOML, macros, local keys."""

import re
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from stalplan.findings import Finding, Scope, found
from stalplan.model.cluster import listed
from stalplan.model.file_rules.plain_toml import is_plain_toml
from stalplan.stalwart.macros import NeverEnds, expand
from stalplan.stalwart.releases import (
    COORDINATOR,
    HOSTNAME,
    NODE_ID,
    ROLE_PREFIX,
    has_coordinator,
    roles_of,
)
from stalplan.stalwart.spelling import WHITE_SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.model.file_rules.subject import Subject
    from stalplan.names import NodeName
    from stalplan.stalwart.parse import ConfigRefused

MOST_BYTES: Final = 1 << 20
MOST_DOTS: Final = 3000
LOCAL_KEYS: Final = "config.local-keys"


def refusal(
    refused: "ConfigRefused", *, file: str, node: "NodeName | None", scope: Scope
) -> Finding:
    """The finding for a file that the server would not start from."""
    code = "SP507" if refused.kind == "not-utf8" else "SP501"
    text = f"{refused.message[0].upper()}{refused.message[1:]}."
    return found(code, scope, text, node=node, file=file, line=refused.line)


def too_large(
    size: int, *, file: str, node: "NodeName | None", scope: Scope
) -> Finding | None:
    """The finding for a file over 1 MiB."""
    if size <= MOST_BYTES:
        return None
    text = f"The file has {size:,} bytes; a config file has at most 1,048,576."
    return found("SP507", scope, text, node=node, file=file)


def is_toml(subject: "Subject") -> "Iterator[Finding]":
    """Other tools may refuse what the server reads: worth knowing, no fault."""
    where = not_toml(subject.config.outline.text)
    if where is not None:
        yield refused_by_toml(where, file=subject.file, node=subject.node)


def refused_by_toml(where: str, *, file: str, node: "NodeName | None") -> Finding:
    """What there is to say of a file that `not_toml` told of."""
    line = re.search(r"\d+", where)
    return found(
        "SP502",
        Scope.LIVE,
        "The server reads this file, but TOML readers refuse it.",
        node=node,
        file=file,
        line=int(line[0]) if line else None,
    )


def not_toml(text: str) -> str | None:
    """Where TOML readers give up, as ` (line 3)`, or empty: at the end; None: never.

    Not asked where a line has so many dots that it may be one key with as many parts:
    tomllib needs a time that grows with the square of their number.
    """
    dots = text.count(".")
    if dots > MOST_DOTS < max(line.count(".") for line in text.split("\n")):
        return None
    if is_plain_toml(text):
        return None
    try:
        tomllib.loads(text)
    except ValueError as error:
        line = re.search(r"at line (\d+)", str(error))
        return f" (line {line[1]})" if line else ""
    return None


def macros_end(subject: "Subject") -> "Iterator[Finding]":
    """A server whose macros don't come to an end never gets past its start.

    Variables and files that are not known here count as empty.

    Source: stalwart v0.15.5, crates/utils/src/config/mod.rs.
    """
    if "%{" not in subject.config.outline.text:
        return
    if (loop := first_loop(subject.config)) is not None:
        yield subject.finding("SP506", loop.why, loop.key)


def first_loop(texts: Mapping[str, str]) -> NeverEnds | None:
    """Where macros would never come to an end: the first key if there are more."""
    try:
        expand(texts, env=_Empty(), files=lambda _path: "")
    except NeverEnds as error:
        return error
    return None


class _Empty(dict[str, str]):
    """Every variable is set, to nothing."""

    def get(self, _name: str, _default: object = None) -> str:
        return ""


def managed_keys_are_local(subject: "Subject") -> "Iterator[Finding]":
    """`config.local-keys` replaces the server's own list of keys that files hold.

    Source: stalwart v0.15.5, crates/common/src/manager/config.rs.
    """
    patterns = _patterns(subject)
    if not patterns:
        return
    keys = [
        NODE_ID,
        HOSTNAME,
        *(ROLE_PREFIX + role for role in roles_of(subject.release)),
    ]
    if has_coordinator(subject.release):
        keys.append(COORDINATOR)
    keys += subject.store_keys
    foreign = [key for key in keys if not _is_local(key, patterns)]
    more = [f"{len(foreign) - 3} more"] if len(foreign) > 3 else []  # noqa: PLR2004 - enough to see which ones
    shown = [*foreign[:3], *more]
    wanted = listed(
        ["cluster.*", "server.*", *(["store.*"] * bool(subject.store_keys))]
    )
    if foreign:
        yield subject.finding(
            "SP504",
            f"{LOCAL_KEYS} leaves out {listed(shown)}: the server keeps them in its"
            " database, for all nodes at once.",
            LOCAL_KEYS,
            hint=f"Add {wanted} to {LOCAL_KEYS}.",
        )


def _patterns(subject: "Subject") -> list[tuple[bool, list[str]]]:
    """Whether a pattern includes, and its parts between the asterisks."""
    found_patterns: list[tuple[bool, list[str]]] = []
    for entry in subject.config.under(LOCAL_KEYS):
        text = entry.text.strip(WHITE_SPACE)
        includes = not text.startswith("!")
        text = text.removeprefix("!").strip(WHITE_SPACE).lower()
        if text:
            found_patterns.append((includes, text.split("*")))
    return found_patterns


def _is_local(key: str, patterns: list[tuple[bool, list[str]]]) -> bool:
    matching = [includes for includes, parts in patterns if matches(key, parts)]
    return bool(matching) and all(matching)


def matches(key: str, parts: list[str]) -> bool:
    """Whether *key* is *parts* with anything between them."""
    first, *middle = parts
    if not middle:
        return key == first
    last, end = middle.pop(), len(key)
    if not key.startswith(first) or not key.endswith(last):
        return False
    at, end = len(first), end - len(last)
    for part in middle:
        at = key.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end
