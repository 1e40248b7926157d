"""How texts and keys are written so that the server, and TOML, read them back."""

import re
from typing import Final

from stalplan.stalwart.page import EditRefused

_BARE_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+")
_FIRST_SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TOML_WORD: Final = re.compile(r"0|[1-9][0-9]{0,18}|true|false")
_BARE_WORD: Final = re.compile(r"[A-Za-z0-9.+-]+")

# A backslash may leave a string open, and a quote may end it; control characters are
# no TOML, and some would change.
# Source: stalwart v0.15.5, crates/utils/src/config/parser.rs.
_UNSAFE: Final = re.compile('[\x00-\x1f\x7f\\\\"\ud800-\udfff]')


def check_text(key: str, text: str) -> None:
    """Raises EditRefused where *text* can't be written for every server and TOML."""
    if _UNSAFE.search(text):
        raise EditRefused(
            0,
            f"the text for {key} holds a backslash, a double quote or a control"
            " character, which the server might not read back",
        )


def check_key(key: str) -> None:
    """Raises EditRefused where *key* can't be written."""
    if not all(key.split(".")) or _UNSAFE.search(key):
        raise EditRefused(0, f"{key!r} is no key that can be written")


def written(text: str, like: str = '"') -> str:
    """*text* as a value, in the manner of *like*, a value as it is written."""
    if like[0] == "'" and "'" not in text:
        return f"'{text}'"
    if like[0] not in "\"'[{":
        bare = _TOML_WORD if _TOML_WORD.fullmatch(like) else _BARE_WORD
        if bare.fullmatch(text):
            return text
    return f'"{text}"'


def written_alike(texts: "list[str]", like: "list[str]") -> list[str]:
    """The texts of one list, each like its model, but none bare unless all are."""
    tokens = [written(text, model) for text, model in zip(texts, like, strict=True)]
    bare = [token[0] not in "\"'" for token in tokens]
    if any(bare) and not all(bare):
        return [written(text) for text in texts]
    return tokens


def written_list(texts: "list[str]", like: str = '"') -> str:
    """A whole list on one line."""
    return f"[{', '.join(written_alike(texts, [like] * len(texts)))}]"


def written_key(key: str) -> str:
    """*key* with quotes only where they are needed."""
    first, *others = key.split(".")
    segments = [first if _FIRST_SEGMENT.fullmatch(first) else f'"{first}"']
    for segment in others:
        bare = _BARE_SEGMENT.fullmatch(segment)
        segments.append(segment if bare else f'"{segment}"')
    return ".".join(segments)
