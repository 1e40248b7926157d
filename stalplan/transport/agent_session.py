"""A session with one node's agent, over whatever can run a command there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Output:
    """What one command on a node said. The bytes may hold a config file."""

    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    status: int  # -1 where a signal ended it or the node told none


class Exec(Protocol):
    """Runs a command line on a node, through the user's login shell there.

    *stdin* is sent whole and then closed. Both methods raise NodeUnreachable when
    the line breaks; the command may then run on, or not.
    """

    def run(self, command: str, stdin: bytes) -> Output:
        """Run *command* to its end."""

    def stream(self, command: str, stdin: bytes) -> Iterator[bytes]:
        """Yield stdout as it comes, in any pieces, until the command ends."""
