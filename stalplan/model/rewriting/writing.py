"""Values and keys as TOML text, in the style of the desired file's examples."""

from collections.abc import Mapping, Sequence

import tomlkit
from tomlkit.items import Array

from stalplan.model.desired.mistakes import dotted

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]


def written(value: Value) -> str:
    """*value* on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{dotted([key])} = {written(value[key])}" for key in value)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(written(each) for each in value)}]"
    return tomlkit.item(value).as_string()


def rewritten(old: str, before: object, after: Value) -> str:
    """*after* as text; a list that only loses and gains elements keeps its layout."""
    if not _is_flat(before) or not _is_flat(after):
        return written(after)
    assert isinstance(after, Sequence)
    array = tomlkit.parse(f"list = {old}\n")["list"]
    assert isinstance(array, Array)
    for element in [each for each in array.unwrap() if each not in after]:
        array.remove(element)
    for element in after:
        if element not in array.unwrap():
            array.append(element)
    kept = array.as_string()
    return kept if array.unwrap() == list(after) else written(after)


def _is_flat(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(each, str) for each in value
    )
