"""Reading plain arrays, which hold nothing but arrays and simple texts, in few steps.

An abbreviation of the way that every array can be read: it gives up where it meets
anything else, errors included, and has then changed nothing.
"""

from itertools import chain, compress
from typing import TYPE_CHECKING, Final, NamedTuple

from stalplan.stalwart import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NESTED: Final = 10  # a value inside ten brackets is one too many
_PADDED: Final = 1000  # the numbers below it have leading zeros


class Elements(NamedTuple):
    """Texts by flat key, where they end, and the number of the element behind them."""

    texts: dict[str, str]
    end: int
    number: int


def elements(
    text: str, at: int, key: str, number: int, run: grammar.Run, room: int
) -> Elements | None:
    """The simple elements and holes from *at* on, each with the comma behind it.

    The first of them is *number* in the array *key*. None: there are none. Where their
    keys might have more than *room* characters, none is taken, and *end* is *at*.
    """
    found = run.whole.match(text, at)
    if not found:
        return None
    tokens = run.part.findall(text, at, found.end())
    after = number + len(tokens)
    if len(tokens) * len(f"{key}.{after:04}") > room:
        return Elements({}, at, number)
    keys: Iterable[str] = chain(
        [f"{key}.{number:04}" for number in range(number, min(after, _PADDED))],
        [f"{key}.{number}" for number in range(max(number, _PADDED), after)],
    )
    if "" in tokens:  # a hole takes a number and leaves no text
        keys, tokens = compress(keys, tokens), [*filter(None, tokens)]
    texts = dict(zip(keys, map(grammar.meaning, tokens), strict=True))
    return Elements(texts, found.end(), after)


def plain_array(
    text: str, at: int, key: str, depth: int, room: int
) -> tuple[dict[str, str], int] | None:
    """The texts of the array that opens at *at*, inside *depth* brackets, and its end.

    None where it isn't plain, or its keys would have more than *room* characters.
    """
    texts: dict[str, str] = {}
    keys, numbers, at = [key], [0], at + 1
    while step := grammar.STEP.match(text, at):
        opened, token, closed = step.groups()
        at = step.end()
        for _ in range(opened.count("[")):
            keys.append(f"{keys[-1]}.{numbers[-1]:04}")
            numbers.append(0)
        if token:
            name = f"{keys[-1]}.{numbers[-1]:04}"
            texts[name] = grammar.meaning(token)
            room -= len(name)
        if depth + len(keys) >= MAX_NESTED or room < 0:
            return None
        shut = closed.count("]")
        if shut >= len(keys) or closed[-1] == "]":  # the array's own end, if anything
            whole = shut == len(keys) and closed[-1] == "]"
            return (texts, at) if whole else None
        if shut:
            del keys[-shut:], numbers[-shut:]
        numbers[-1] += 1
        if opened or shut:
            continue
        more = elements(text, at, keys[-1], numbers[-1], grammar.ELEMENTS, room)
        if more is None:
            continue
        if more.end == at:
            return None
        texts |= more.texts
        room -= sum(map(len, more.texts))
        at, numbers[-1] = more.end, more.number
    return None
