"""Texts of a server's file, made safe to show: nothing moves the cursor or hides."""

from stalplan.model.stores import MASKS


def visible(text: str) -> str:
    r"""*text* with every character that can't be seen as `\n`, `\x1b` or `\u202e`.

    `##[` is spelled out too: GitHub's runner takes it for a command of its own
    wherever it stands in what a program prints.
    """
    text = text.replace("##[", r"\x23#[")
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in text
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
