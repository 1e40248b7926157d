"""The pieces of the server's grammar, as patterns that match in linear time.

Source: stalwart v0.15.5, crates/utils/src/config/parser.rs.
"""

import re
from functools import cache
from typing import Final

from stalplan.stalwart.letters import alphanumerics

# The two statements that nearly all files consist of, each in one match. Whatever
# they do not match is read step by step, errors included.
SIMPLE: Final = re.compile(
    r"[ \t\r\n]*+([A-Za-z0-9][A-Za-z0-9._-]*+)[ \t]*+=[ \t]*+"
    r'(?:"([^"\\\r]*+)"(?!")|([A-Za-z0-9.+-]++))[ \t\r]*+(?:#[^\n]*+)?\n'
)
SIMPLE_HEADER: Final = re.compile(r"\[([A-Za-z0-9_-])([A-Za-z0-9._-]*+)\][^\n]*+\n?+")

# An element of an array with the comma behind it.
SIMPLE_ELEMENT: Final = re.compile(
    r'[ \t\r\n]*+(?:"([^"\\\r]*+)"(?!")|([A-Za-z0-9.+-]++))[ \t\r\n]*+,'
)
HOLE: Final = re.compile(r"[ \t\r\n]*+,")

BLANKS: Final = re.compile(r"[ \t\r]*+")
SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*+")  # with comments
REST_OF_LINE: Final = re.compile(r"[^\n]*+\n?+")
PLAIN: Final = re.compile(r"[A-Za-z0-9._-]++")
LENIENT: Final = re.compile(r'[^="\n \t\r]++')
LENIENT_INLINE: Final = re.compile(r'[^="\n \t\r,}]++')
WORD: Final = re.compile(r"[A-Za-z0-9.+-]++")
QUOTED_KEY_MARK: Final = re.compile(r'["\\\n]')
BACKSLASHES: Final = re.compile(r"\\++")
STRING_MARK: Final = {quote: re.compile(rf"[{quote}\\]") for quote in "\"'"}
TRIPLE_END: Final = {
    quote: re.compile(rf"{quote}\r*{quote}\r*{quote}") for quote in "\"'"
}
MORE_BACKSLASHES: Final = re.compile(r"[\\\r]*+")
ESCAPE: Final = re.compile(r"\\(\\*+)([^\\])")
ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r"}


@cache
def any_word() -> re.Pattern[str]:
    """A bare word with letters of every script."""
    return re.compile(f"[{alphanumerics()}.+-]+")


@cache
def header_letter() -> re.Pattern[str]:
    """One character of a header outside quotes."""
    return re.compile(f"[{alphanumerics()}._-]")


def unescape(raw: str) -> str:
    """What a quoted string means; a run of backslashes stands for itself less one."""
    text = raw.replace("\r", "")
    if "\\" not in text:
        return text
    return ESCAPE.sub(lambda run: run[1] + ESCAPED.get(run[2], run[2]), text)
