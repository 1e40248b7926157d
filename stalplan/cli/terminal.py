"""The only module that prints: results to stdout, all else to stderr."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

from stalplan.cli.streams import forgiving, silence
from stalplan.errors import StalplanError

_STYLES = {"+": "32", "-": "31", "~": "33", "!": "35"}
_MARKED = re.compile(r"^(\s*)([-+~!])( .*)$")
# A terminal obeys these; text from nodes and files must not steer it.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_BEGINS_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def harmless(text: str) -> str:
    """*text* with every control character spelled out."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def without_commands(text: str) -> str:
    """*text* without what a runner of GitHub Actions takes for its own commands.

    Source: actions/runner, src/Runner.Common/ActionCommand.cs: `::` begins one at the
    start of a line, blanks before it or not, and `##[` wherever it stands.
    """
    return _BEGINS_COMMAND.sub(r"\1\\x3a:", text).replace("##[", r"\x23#[")


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """NO_COLOR beats FORCE_COLOR beats what the stream is."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


class OutputLost(StalplanError):
    """A result could not be printed; what it tells of is as it is."""

    summary = "The output can't be written"


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Two streams and the person who may sit before them.

    What can't be said on stderr is left out. A result that can't be printed raises
    BrokenPipeError where its reader went away, else OutputLost.
    """

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: forgiving(sys.stderr))
    inp: TextIO = field(default_factory=lambda: sys.stdin)
    environ: Mapping[str, str]
    no_color: bool = False

    def write(self, text: str) -> None:
        """A result, with colour by the mark at the start of a line."""
        self.write_raw(self._coloured(self.out, text))

    def write_raw(self, text: str) -> None:
        """A result that programs read: never a colour."""
        try:
            self.out.write(text)
            self.out.flush()
        except BrokenPipeError:
            silence(self.out)
            raise
        except OSError as error:
            silence(self.out)
            why = error.strerror or type(error).__name__
            raise OutputLost(f"{why}.", hint="df -h  # is the disk full?") from error

    def say(self, text: str) -> None:
        """A line for people, on stderr."""
        self.err.write(self._shown(text) + "\n")
        self.err.flush()

    def error(self, summary: str, detail: str, hint: str) -> None:
        """The error block of the contract."""
        blocks = [f"Error: {summary}", detail, f"Hint: {hint}" if hint else ""]
        text = "\n\n".join(self._shown(block) for block in blocks if block)
        if self.colours(self.err):
            text = text.replace("Error:", "\x1b[1;31mError:\x1b[0m", 1)
        self.err.write(text + "\n")
        self.err.flush()

    def interactive(self) -> bool:
        """Whether someone can be asked."""
        return self.inp.isatty()

    def ask(self, prompt: str) -> str:
        """One line from the person as typed, blanks too; "" at the end of input."""
        self.err.write(prompt)
        self.err.flush()
        return self.inp.readline().rstrip("\r\n")

    def colours(self, stream: TextIO) -> bool:
        """Whether *stream* shows colour."""
        return not self.no_color and wants_colour(stream, self.environ)

    def _shown(self, text: str) -> str:
        """*text* as neither a terminal nor a pipeline's log is steered by it."""
        text = harmless(text)
        return without_commands(text) if self.environ.get("GITHUB_ACTIONS") else text

    def _coloured(self, stream: TextIO, text: str) -> str:
        lines = self._shown(text).split("\n")
        if self.colours(stream):
            lines = [_colour(line) for line in lines]
        return "\n".join(lines)


def _colour(line: str) -> str:
    found = _MARKED.match(line)
    if found is None:
        return line
    return f"{found[1]}\x1b[{_STYLES[found[2]]}m{found[2]}{found[3]}\x1b[0m"
