"""The pieces of the server's grammar, as patterns that match in linear time.

Source: stalwart v0.15.5, crates/utils/src/config/parser.rs.
"""

import re
from functools import cache
from typing import Final, NamedTuple

from stalplan.stalwart.letters import alphanumerics

_BLANK: Final = r"[ \t\r\n]*+"
_SPACE: Final = r"(?:[ \t\r\n]|#[^\n]*+)*+"  # with comments
_WORD: Final = r"[A-Za-z0-9.+-]++"
# A string of one quote, whatever it escapes; two quotes may begin one of three.
_QUOTED: Final = (
    r'"(?:[^"\\]++|\\[\\\r]*+[^\\\r])*+"(?!")'
    r"|'(?:[^'\\]++|\\[\\\r]*+[^\\\r])*+'(?!')"
)
_TOKEN: Final = rf"{_QUOTED}|{_WORD}"
_NAME: Final = r"[A-Za-z0-9._-]++"

# What nearly all files consist of, each in one match. Whatever these patterns do not
# match is read step by step, errors included.
#
# A statement, up to a bracket where its value begins with one.
SIMPLE: Final = re.compile(
    rf"{_BLANK}([A-Za-z0-9][A-Za-z0-9._-]*+)[ \t]*+=[ \t]*+"
    rf"(?:({_TOKEN})[ \t\r]*+(?:#[^\n]*+)?\n|(?=[\[{{]))"
)
SIMPLE_ARRAY_HEADER: Final = re.compile(r"\[\[([A-Za-z0-9._-]++)\]\][^\n]*+\n?+")
SIMPLE_HEADER: Final = re.compile(r"\[([A-Za-z0-9_-])([A-Za-z0-9._-]*+)\][^\n]*+\n?+")

# An element of an array, with what follows it; the space before one that is not simple.
ELEMENT: Final = re.compile(rf"{_SPACE}(?:({_TOKEN}){_SPACE}([,\]]))?")
# One step through plain arrays: the brackets that open, a text, and the comma behind
# it, perhaps with brackets that close before. No comment stands among brackets.
STEP: Final = re.compile(
    rf"{_SPACE}((?:\[{_BLANK})*+){_SPACE}({_TOKEN})?{_SPACE}"
    rf"(,|\](?:{_BLANK}\])*+(?:{_BLANK},)?)"
)
# A member of a set, or a pair up to its value, which may be simple or missing.
PAIR: Final = re.compile(
    rf"{_BLANK}({_NAME})[ \t]*+"
    rf"(?:([,}}])|={_SPACE}(?:({_TOKEN}){_SPACE}([,}}]))?)"
)

BLANK: Final = re.compile(_BLANK)
BLANKS: Final = re.compile(r"[ \t\r]*+")
SPACE: Final = re.compile(_SPACE)
REST_OF_LINE: Final = re.compile(r"[^\n]*+\n?+")
PLAIN: Final = re.compile(r"[A-Za-z0-9._-]++")
LENIENT: Final = re.compile(r'[^="\n \t\r]++')
LENIENT_INLINE: Final = re.compile(r'[^="\n \t\r,}]++')
WORD: Final = re.compile(_WORD)
QUOTED_KEY_MARK: Final = re.compile(r'["\\\n]')
BACKSLASHES: Final = re.compile(r"\\++")
STRING_MARK: Final = {quote: re.compile(rf"[{quote}\\]") for quote in "\"'"}
TRIPLE_END: Final = {
    quote: re.compile(rf"{quote}\r*{quote}\r*{quote}") for quote in "\"'"
}
MORE_BACKSLASHES: Final = re.compile(r"[\\\r]*+")
ESCAPE: Final = re.compile(r"\\(\\*+)([^\\])")
ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r"}


class Run(NamedTuple):
    """Many parts of an array or inline table at once: the whole, and a part of it."""

    whole: re.Pattern[str]
    part: re.Pattern[str]


def _run(part: str) -> Run:
    """*part* again and again; its groups count only where it is matched alone.

    A group inside a possessive repeat makes Python 3.11 raise a SystemError.
    """
    ungrouped = re.sub(r"\((?!\?)", "(?:", part)
    return Run(re.compile(f"(?:{ungrouped})++"), re.compile(part))


# Elements and holes, each with the comma behind it.
ELEMENTS: Final = _run(rf"{_SPACE}({_TOKEN})?{_SPACE},")
# Pairs, holes and members, each with the comma behind it.
PAIRS: Final = _run(
    rf"{_BLANK}({_NAME})[ \t]*+(?:(=){_SPACE}({_TOKEN})?{_SPACE},{_SPACE}|,)"
)


@cache
def any_elements() -> Run:
    """As `ELEMENTS`, with bare words of every script."""
    # The look-ahead spares ASCII characters a search through hundreds of ranges.
    word = rf"(?:{_WORD}|(?![\x00-\x7f])[{alphanumerics()}])++"
    return _run(rf"{_SPACE}({_QUOTED}|{word})?{_SPACE},")


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


def meaning(token: str) -> str:
    """What a bare word, or a string of one quote, means."""
    return unescape(token[1:-1]) if token[0] in "\"'" else token
