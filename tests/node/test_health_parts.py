"""Single answers of the health checks, asked of their own text."""

import subprocess
from pathlib import Path

import pytest

import stalplan

HEALTH = Path(stalplan.__file__).parent / "node" / "sh" / "health.sh"


def said(*lines: str) -> str:
    """What a shell prints that has read the checks, and then does *lines*."""
    done = subprocess.run(
        ["dash", "-c", "\n".join((f". {HEALTH}", *lines))],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.parametrize("born", [100_000_000, 100_000_050, 100_000_099])
@pytest.mark.parametrize("later", [0, 1, 49, 51, 99, 5_301, 5_399])
def test_a_servers_first_log_line_is_not_missed(born: int, later: int) -> None:
    """Whatever parts of a second the clocks leave out, and no minute of an older one.

    Here the machine booted with the era, so that ticks are hundredths of UTC seconds.
    """
    ticks = born + later
    began = said(
        f"now() {{ now={ticks // 100}; }}",
        f"ticks() {{ ticks={ticks}; }}",
        f"found_born={born}",
        'date() { echo "$3"; }',
        "started_iso",
    )

    seconds = int(began.strip().removeprefix("@"))
    assert born // 100 - 2 <= seconds <= born // 100


@pytest.mark.parametrize(
    ("answers", "is_named"),
    [
        (("220 mx1.example.org ESMTP",), True),
        (("220 mx2.example.org ESMTP",), False),
        (("", "220 mx1.example.org"), True),
        (("", "", "220 mx1.example.org"), True),
        (("", "220 mx2.example.org", "220 mx1.example.org"), False),
        (("", "", "", "220 mx1.example.org"), False),
    ],
)
def test_a_silent_server_is_asked_again(
    tmp_path: Path, answers: tuple[str, ...], is_named: bool
) -> None:
    """Three times at most; another name than the wanted one counts at once."""
    (tmp_path / "answers").write_text("".join(f"{line}\n" for line in answers))
    told = said(
        f"cd {tmp_path}",
        "nap() { :; }",
        "first_words() { head -n 1 answers; sed -i 1d answers; }",
        "greets_as mx1.example.org && echo yes || echo no",
    )

    assert ("yes\n" if is_named else "no\n") == told
