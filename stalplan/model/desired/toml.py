"""The desired file's bytes -> its content and the place of every key in it."""

import re
import shlex
import tomllib
from typing import Any

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired.places import Places, TooDeep, find_places
from stalplan.model.wishes import Place

MOST_BYTES = 1 << 20  # 1 MiB

_WHERE = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)"
    r"|end of document)\)",
    re.DOTALL,
)
# tomllib's words -> what a person wants to know
_EXPLAINED = {
    "Invalid value": "expected a value: text in quotes, a number, true, false, "
    "a [list] or a {table}",
    "Invalid statement": 'expected a key, such as name = "mail", or a [table]',
    "Invalid initial character for a key part": "expected a key: letters, digits, "
    "- and _, or text in quotes",
    "Expected '=' after a key in a key/value pair": "expected = after the key",
    "Expected newline or end of document after a statement": "expected the end of "
    "the line",
    "Unclosed array": "expected , or ] in the list",
    "Unclosed inline table": "expected , or } in the table, which stands on one line",
    "Unterminated string": "expected the text's closing quotes",
    "Illegal character '\\n'": "expected the text's closing quotes",
    "Unescaped '\\' in a string": "expected \\\\ for a backslash in text, or text "
    "in 'single quotes'",
}
_LONG_NUMBER = re.compile(r"[0-9_]{4300,}")  # what Python refuses to read as one


def read_toml(data: bytes, file: str) -> tuple[dict[str, Any], Places]:
    """The content of TOML 1.0 text and its places; lines and columns count from 1.

    Raises DesiredFileWrong for what is no TOML at all; then nothing else is known.
    """
    text = _text(data, file)
    try:
        places = find_places(text)
    except TooDeep as error:
        raise _wrong(file, error.place, "nested too deep") from error
    try:
        return tomllib.loads(text), places
    except tomllib.TOMLDecodeError as error:
        raise _wrong(file, *_explained(str(error), places)) from error
    except ValueError as error:  # Python reads no integer over 4,300 digits
        found = _LONG_NUMBER.search(text)
        place = _place_of(text, found.start() if found else 0)
        raise _wrong(file, place, "a number has too many digits") from error


def again(file: str) -> str:
    """The command that checks *file*, for a hint."""
    return f"stalplan validate -f {shlex.quote(file)}"


def _text(data: bytes, file: str) -> str:
    name = shlex.quote(file)
    if len(data) > MOST_BYTES:
        raise DesiredFileWrong(
            f"{file} is over 1 MiB (1,048,576 bytes): no desired file is that large.",
            hint=f"ls -l {name}",
        )
    if data.startswith(b"\xef\xbb\xbf"):
        raise DesiredFileWrong(
            f"{file}:1:1: the file begins with a byte order mark, which TOML forbids.",
            hint=rf"sed -i '1s/^\xEF\xBB\xBF//' {name}",
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        place = _place_of(data[: error.start].decode(), error.start)
        raise _wrong(
            file,
            place,
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            hint=f"iconv -f latin1 -t utf-8 {name} > new.toml",
        ) from error
    text = text.replace("\r\n", "\n")
    if "\x00" in text:
        raise _wrong(
            file, _place_of(text, text.index("\x00")), "a NUL byte stands here"
        )
    if not text.strip():
        raise DesiredFileWrong(
            f"{file} is empty.",
            hint="Begin with format = 1, a [cluster] with name and release, and a "
            "[nodes.NAME] with an id for each node.",
        )
    return text


def _place_of(text: str, offset: int) -> Place:
    before = text[:offset]
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _explained(message: str, places: Places) -> tuple[Place, str]:
    """The message of tomllib as a place and a phrase for people."""
    found = _WHERE.fullmatch(message)
    if found is None:
        return places.end, message
    place = (
        Place(int(found["line"]), int(found["column"])) if found["line"] else places.end
    )
    what = found["what"]
    if what.startswith(("Cannot ", "Duplicate ")) and places.again is not None:
        path, place = places.again
        first = places.key(path).line
        return (
            place,
            f"{'.'.join(path)} stands twice; it is set in line {first} already",
        )
    return place, _EXPLAINED.get(what, what[:1].lower() + what[1:])


def _wrong(file: str, place: Place, what: str, *, hint: str = "") -> DesiredFileWrong:
    return DesiredFileWrong(
        f"{file}:{place.line}:{place.column}: {what}.", hint=hint or again(file)
    )
