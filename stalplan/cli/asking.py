"""The one question stalplan asks."""

from stalplan.cli.terminal import Terminal
from stalplan.errors import StalplanError


class NobodyToAsk(StalplanError):
    """There is no terminal, and nobody said --auto-approve. Nothing was touched."""

    summary = "Nobody to ask for approval"


def approved(terminal: Terminal, question: str, *, command: str) -> bool:
    """Whether a person typed `yes`.

    Raises:
        NobodyToAsk: there is no terminal; never an assumed yes.
    """
    if not terminal.interactive():
        raise NobodyToAsk(
            "Input is not a terminal, so nobody can approve.",
            hint=f"{command} --auto-approve",
        )
    terminal.say(f"\n{question}\n  Only 'yes' will be accepted to approve.\n")
    return terminal.ask("  Enter a value: ") == "yes"
