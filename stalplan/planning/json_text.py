"""JSON that stays JSON wherever it is printed."""

import json

_RUNNER = "##["


def json_text(document: object, *, sort_keys: bool = False) -> str:
    """*document* over several lines, in ASCII.

    GitHub's runner takes `##[` for a command wherever it stands in a log, also in
    the middle of a text; JSON has another way to write the same text.

    Source: actions/runner, src/Runner.Common/ActionCommand.cs.
    """
    text = json.dumps(document, indent=2, sort_keys=sort_keys)
    return text.replace(_RUNNER, r"\u0023#[") + "\n"
