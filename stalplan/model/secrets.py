"""Secrets of the desired file: where they are kept, and what came of asking there.

Only the two texts named *text* here ever hold a secret, and neither is in any repr.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from stalplan.model.inventory import Argv


@dataclass(frozen=True, slots=True)
class EnvRef:
    """`{ env = "NAME" }`: a variable of stalplan's own environment."""

    name: str


@dataclass(frozen=True, slots=True)
class FileRef:
    """`{ file = "path" }`: what a file on the controller holds.

    *path* has the desired file's folder put before it where it was relative; `~` is
    left to who opens it.
    """

    path: str


@dataclass(frozen=True, slots=True)
class CommandRef:
    """`{ command = ["pass", "show", "redis"] }`: what a program here prints.

    The arguments are in no repr: some people put a password there.
    """

    program: str
    arguments: Argv = field(default=(), repr=False)

    @property
    def argv(self) -> Argv:
        """The program and its arguments."""
        return (self.program, *self.arguments)


SecretRef = EnvRef | FileRef | CommandRef


def shown_ref(ref: SecretRef) -> str:
    """*ref* for people; of a command the program alone."""
    match ref:
        case EnvRef(name=name):
            return f"the variable {name}"
        case FileRef(path=path):
            return f"the file {path}"
        case CommandRef(program=program):
            return f"the command {program}"
        case _:
            assert_never(ref)


@dataclass(frozen=True, slots=True)
class Secret:
    """What a reference led to: one line of text that a config file can carry."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a reference led to nothing: a sentence without any value, and a next step."""

    why: str
    hint: str = ""


Secrets = Mapping[SecretRef, Secret | Unresolved]
"""What came of every reference that was asked for.

Who plans passes one of three: a mapping in which each reference is a Secret; one in
which some are Unresolved, because they couldn't or may not be asked for (SP609 then
blocks, with the reason given); or None where the nodes' own sensitive texts are not
there to compare with, as in a snapshot (see `planning/make.py`).
"""
