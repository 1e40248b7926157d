"""Texts in Markdown: nothing that a node says can become mark-up, link or mention.

A backslash is not enough. GitHub and GitLab look for mentions, references, emoji,
addresses and mathematics in what the Markdown reader has made of a text, and leave
only code alone. So a word that could be any of these is shown as code.

Source: github/markup issue 1168; cmark-gfm issue 181.
"""

import re
from html import escape
from typing import TYPE_CHECKING

from stalplan.planning.shown import visible
from stalplan.stalwart.releases import Release, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERED = re.compile(r"^([0-9]+)([.)])")  # the first item of a list
_PLAIN = re.compile(
    r"""["'(]*
        (?: [0-9]+ (?:\.[0-9]+)+  # 0.15.5
          | [0-9]{1,2}:[0-9]{2}  # 01:05
          | [A-Za-z0-9]+ (?:[,'/-][A-Za-z0-9]+)*
        )
        ["').,:;?!]*""",
    re.VERBOSE,
)
_REFERENCE = re.compile(  # a commit, GH-12
    r"(?<![A-Za-z0-9])[0-9a-fA-F]{7,40}(?![A-Za-z0-9])|[A-Za-z]-[0-9]"
)
_ROLES = frozenset(role for release in Release for role in roles_of(release))
_SENTENCE = re.compile(r"[A-Za-z0-9 .,:/-]+")
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)
_PARTS = re.compile(r"""(["'(]*)(.*?)(["').,:;?!]*)""", re.DOTALL)
_ENDED = re.compile(r"()(.*\S)([.,:;?!])", re.DOTALL)  # what a sentence ends with
_QUOTED = re.compile(r"(?<!\S)`([^`]+)`(?=[\s.,:;?!)]|$)")
_STOPS = re.compile(r"[.,:;?!)]*")
_MANY_BACKTICKS = re.compile("`{9,}")  # readers give up counting somewhere


def prose(text: str, *, cell: bool = False) -> str:
    """*text* on one line, as itself; *cell*: within a table."""
    told = []
    for number, part in enumerate(_QUOTED.split(visible(text.strip()))):
        if number % 2:  # between two backticks, as our own hints have commands
            told.append(code(part, cell=cell))
        else:
            stops = _STOPS.match(part) if told else None
            begin = stops.end() if stops else 0
            runs = _runs(part[begin:].split(" "))
            words = (_odd(run, cell=cell) if odd else run for odd, run in runs)
            told.append(part[:begin] + " ".join(words))
    return _NUMBERED.sub(r"\1\\\2", "".join(told))


def _runs(words: "Iterable[str]") -> list[tuple[bool, str]]:
    """The words, where odd ones in a row that no punctuation parts are one text.

    So is what stands around an equals sign, and in brackets.
    """
    found: list[tuple[bool, str]] = []
    for word in words:
        odd = bool(word) and not is_plain(word)
        if found and (word == "=" or _goes_on(*found[-1], odd=odd)):
            found[-1] = (True, f"{found[-1][1]} {word}")
        else:
            found.append((odd, word))
    return found


def _goes_on(was_odd: bool, run: str, *, odd: bool) -> bool:  # noqa: FBT001 - of a pair
    """Whether the next word belongs to *run*."""
    if not was_odd:
        return False
    unfinished = run[-1] == "=" or run.count("[") > run.count("]")
    return unfinished or (odd and run[-1] not in ".,:;?!")


def is_plain(word: str) -> bool:
    """Whether no reader sees more in *word* than a word or number of a sentence.

    Names of roles look the same all over a text, whether they have a dot or not.
    """
    if not _PLAIN.fullmatch(word) or _REFERENCE.search(word):
        return False
    return word.strip("\"'().,:;?!") not in _ROLES


def _odd(run: str, *, cell: bool) -> str:
    """Code, with what surrounds it in a sentence left outside."""
    parts = (_ENDED if " " in run else _PARTS).fullmatch(run)
    if parts is None or not parts[2]:
        return code(run, cell=cell)
    return f"{parts[1]}{code(parts[2], cell=cell)}{parts[3]}"


def sentence(text: str) -> str:
    """A sentence that scripts match: byte for byte unless a file's name is odd."""
    plain = _SENTENCE.fullmatch(text) and not _ADDRESS.search(text)
    return text if plain else prose(text)


def code(text: str, *, cell: bool = False) -> str:
    """*text* as code on one line; in a *cell* of a table its bars are no borders."""
    text = _MANY_BACKTICKS.sub(lambda run: r"\x60" * len(run[0]), visible(text))
    if not text.strip():
        text = f'"{text}"'
    if cell:
        # Readers disagree on what a bar after a backslash is.
        text = re.sub(r"(?<=\\)\|", r"\\x7c", text).replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    edge = " " if text[0] in " `" or text[-1] in " `" else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def html_code(text: str) -> str:
    """*text* as code inside an HTML element."""
    return f"<code>{escape(visible(text))}</code>"


def fenced(lines: "Iterable[str]") -> list[str]:
    """A block of a diff's lines; they begin with a sign, so none can end it."""
    return ["```diff", *lines, "```"]
