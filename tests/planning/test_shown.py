"""What can't be seen is spelled out, wherever a plan shows a text of a file."""

import pytest

from stalplan.planning.shown import as_written, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail.example.org", "mail.example.org"),
        ("bücher.example.org 日本", "bücher.example.org 日本"),
        ("a\nb\tc\x1b[31m\x00", r"a\nb\tc\x1b[31m\x00"),
        ("\u202ea\u2066b\u200e\u200b\ufeff", r"\u202ea\u2066b\u200e\u200b\ufeff"),
        ("mx1\u3164\u2800\ufe0f\U000e0100", r"mx1\u3164\u2800\ufe0f\U000e0100"),
        ("\u05d0 \u0627 \u0661", r"\u05d0 \u0627 \u0661"),
        ("##[error]x", r"\x23#[error]x"),
    ],
)
def test_only_what_is_seen_is_shown(text: str, shown: str) -> None:
    """Control characters, blanks that are letters, and what turns a line around."""
    assert shown == visible(text)
    assert f'"{shown}"' == as_written(text)
