"""Secret references: `{ env = … }`, `{ file = … }` and `{ command = [ … ] }`."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from stalplan.model.desired.fields import Unfit, argv, kind, text
from stalplan.model.secrets import CommandRef, EnvRef, FileRef, SecretRef

REF_KEYS = frozenset({"env", "file", "command"})
FORMS = '{ env = "NAME" }, { file = "path" } or { command = ["program", "argument"] }'

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_reference(value: object) -> bool:
    """Whether *value* is meant as one, right or wrong."""
    return isinstance(value, dict) and bool(value.keys() & REF_KEYS)


def reference(folder: str) -> Callable[[object], SecretRef]:
    """A reader of references; *folder* is put before relative paths."""

    def read(value: object) -> SecretRef:
        if not isinstance(value, dict) or not value.keys() & REF_KEYS:
            raise Unfit(f"must be {FORMS}, not {kind(value)}")
        if len(value) > 1:
            raise Unfit(f"must be one of {FORMS} and nothing more")
        ((key, inner),) = value.items()
        try:
            return _read(key, inner, folder)
        except Unfit as error:
            raise error.within(f"has a {key} that", key) from error

    return read


def _read(key: str, value: Any, folder: str) -> SecretRef:  # noqa: ANN401 - as TOML has it
    if key == "command":
        program, *arguments = argv(value)
        return CommandRef(program, tuple(arguments))
    found = text(value)
    if key == "file":
        own = found.startswith("~")
        return FileRef(found if own else str(PurePosixPath(folder) / found))
    if not _VARIABLE.fullmatch(found):
        raise Unfit("must be a variable's name: letters, digits and _")
    return EnvRef(found)
