"""Which environment variables a node's file reads its cluster settings from."""

import re

from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import Release, ServerVersion

_OURS = re.compile(r"(.+\.)?(node-id|coordinator|hostname)|cluster\.roles\..+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Before and after 0.13.1 they differ in what a key may hold; which release runs there
# is only known once all is read.
_READERS = (ServerVersion(Release.V0_13, 0), ServerVersion(Release.V0_15))


def variables_of(data: bytes) -> frozenset[str]:
    """The variables in values of id, hostname, coordinator and roles, by any release.

    Others may name secrets, and a plan has no use for them. A name that no shell
    could pass on is left out.
    """
    if b"%{env:" not in data:
        return frozenset()
    return frozenset(
        name
        for version in _READERS
        for name in _read_by(data, version)
        if _NAME.fullmatch(name)
    )


def _read_by(data: bytes, version: ServerVersion) -> frozenset[str]:
    try:
        config = parse(data, version)
    except ConfigRefused:  # a rule says so
        return frozenset()
    texts = (text for key, text in config.items() if _OURS.fullmatch(key))
    macros = (macro for text in texts for macro in macros_in(text))
    return frozenset(name for kind, name in macros if kind == "env")
