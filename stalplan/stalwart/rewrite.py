"""How a server writes its own file, which tells who wrote it last."""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# What Rust reads as a floating-point number, and the server leaves without quotes.
_BARE: Final = re.compile(
    r"[+-]?(?:inf|infinity|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)",
    re.IGNORECASE,
)
_LONG: Final = 50  # bytes; a longer text that needs escapes becomes '''…'''


def rewritten(settings: "Mapping[str, str]") -> bytes:
    """The file that a server writes from its settings: a line a key, sorted by bytes.

    It has no tables, comments or empty lines, whatever the file had that was read.

    Source: stalwart v0.15.5 crates/common/src/manager/config.rs, `update_local`.
    """
    lines = sorted(
        (key.encode(), f"{key} = {_value(settings[key])}\n") for key in settings
    )
    return "".join(line for _, line in lines).encode()


def _value(text: str) -> str:
    if text in ("true", "false") or _BARE.fullmatch(text):
        return text
    escapes = '"' in text or "\\" in text
    if "\n" in text or (escapes and len(text.encode()) > _LONG):
        return f"'''{text}'''"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
