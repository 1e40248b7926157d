"""The one question: what counts as a yes."""

import io

import pytest

from stalplan.cli.asking import NobodyToAsk, approved
from stalplan.cli.terminal import Terminal


class Typed(io.StringIO):
    """A person at a terminal."""

    def isatty(self) -> bool:
        """Somebody can be asked."""
        return True


@pytest.mark.parametrize(
    ("typed", "yes"),
    [
        ("yes\n", True),
        ("yes\r\n", True),
        ("yes", True),
        *(
            (other, False)
            for other in ("", "\n", "y\n", "YES\n", " yes\n", "yes \n", "no\nyes\n")
        ),
    ],
)
def test_yes_alone_is_a_yes(typed: str, yes: bool) -> None:
    """Anything else, with blanks too, is a no; the question says so."""
    err = io.StringIO()
    terminal = Terminal(out=io.StringIO(), err=err, inp=Typed(typed), environ={})

    assert yes is approved(terminal, "Carry out this plan?", command="stalplan apply")
    assert "Only 'yes' will be accepted to approve.\n" in err.getvalue()
    assert err.getvalue().endswith("Enter a value: ")


def test_without_a_terminal_nobody_is_asked() -> None:
    """A yes that comes down a pipe is none; the hint says how to go on."""
    terminal = Terminal(
        out=io.StringIO(), err=io.StringIO(), inp=io.StringIO("yes\n"), environ={}
    )

    with pytest.raises(NobodyToAsk) as refused:
        approved(terminal, "Carry out this plan?", command="stalplan apply")

    assert "stalplan apply --auto-approve" == refused.value.hint
