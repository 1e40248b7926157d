"""Texts of a server's file, made safe to show: nothing moves the cursor or hides."""

import re
import unicodedata

from stalplan.model.stores import MASKS

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters and marks that show nothing, though Python counts them as printable.

Source: Unicode, DerivedCoreProperties.txt, Default_Ignorable_Code_Point; U+2800 is a
blank in every font.
"""
_LEFTWARDS = frozenset({"R", "AL", "AN"})


def visible(text: str) -> str:
    r"""*text* with every character that can't be seen as `\n`, `\x1b` or `\u202e`.

    So is a letter of a script that runs leftwards: it would turn what stands around it.
    `##[` is spelled out too: GitHub's runner takes it for a command of its own
    wherever it stands in what a program prints.
    """
    text = text.replace("##[", r"\x23#[")
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if _is_plain(character)
        else character.encode("unicode_escape").decode()
        for character in text
    )


def _is_plain(character: str) -> bool:
    """Whether *character* shows itself, where it stands."""
    return (
        character.isprintable()
        and not _UNSEEN.match(character)
        and unicodedata.bidirectional(character) not in _LEFTWARDS
    )


def quoted(text: str) -> str:
    """*text* between double quotes, so that its ends and an empty one are seen."""
    return f'"{visible(text)}"'


def as_written(value: str | tuple[str, ...] | None) -> str:
    """A value the way a file would have it: `7`, `"text"`, `["1,2", "3"]`."""
    if value is None:
        return "(absent)"
    if isinstance(value, str):
        return value if value.isascii() and value.isdigit() else _quoted(value)
    return f"[{', '.join(map(_quoted, value))}]"


def _quoted(text: str) -> str:
    """A mask stands for a text and is none itself."""
    return text if text in MASKS else quoted(text)
