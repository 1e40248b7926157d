"""The wire format between the controller and what runs on a node: bytes to bytes.

A request is one line, "SIZE NONCE", a script of SIZE bytes and perhaps a payload; a
third word, "all", says that none follows, which is read by fewer processes. The command
line reads the script whole before any of it runs, so a cut line never runs half of it,
and reads no byte further, so that the payload is left for the script. An answer is made
of fields, each after a line that begins with the nonce; what a chatty login prints
before, after and to stderr belongs to none of them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from stalplan.errors import AgentFailed
from stalplan.names import NodeName

# read and dd take no byte too many from a pipe; head -c of busybox would. No newline,
# no exclamation mark, no backslash: csh and fish read them in single quotes too.
_BOOT = (
    'read -r size nonce all && [ "$size" -gt 0 ] || exit 70; '
    "command -v dd >/dev/null || exit 72; "
    "LC_ALL=C; export LC_ALL; script=; "
    '[ "$all" = all ] && script=$(cat); '
    'while [ "${#script}" -lt "$size" ]; do '
    'piece=$(dd bs="$((size - ${#script}))" count=1 2>/dev/null; echo x); '
    'piece=${piece%x}; [ -n "$piece" ] || exit 71; script=$script$piece; '
    'done; eval "$script"'
)
_NO_HEADER, _CUT, _NO_DD = 70, 71, 72
_NOT_FOUND = (126, 127)

_BASE = ("base", "place", "service", "unit", "lease", "record")
_LEASING = (*_BASE, "leasing")
_RECORDING = (*_BASE, "recording")
_COMMITTING = (*_RECORDING, "detach", "commit")
PARTS: Mapping[str, tuple[str, ...]] = {
    "report": (*_BASE, "replace", "detach", "report"),
    "take_lease": _LEASING,
    "renew_lease": _LEASING,
    "release_lease": _LEASING,
    "break_lease": _LEASING,
    "stage": (*_RECORDING, "replace", "stage"),
    "commit": _COMMITTING,
    "finish": _COMMITTING,
    "follow": _COMMITTING,
    "one_transaction": _RECORDING,
    "clean": _RECORDING,
    "backup": _RECORDING,
    "reach": (*_BASE, "probes", "reach"),
    "forget": _RECORDING,
    "settings": ("base", "settings"),
    "transaction": (
        *("base", "place", "service", "control", "lease", "record", "recording"),
        *("replace", "stage", "probes", "health", "transaction", "resume"),
    ),
}
"""Which parts of the agent each verb needs; fewer bytes are read faster."""


CONTAINERS = ("docker", "podman")
CONTAINER_PART = "container"
"""What these managers need besides."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a script is told: variables, and commands as functions of the shell."""

    words: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an answer. The bytes may be those of a config file."""

    name: str
    value: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The value for people; what is no UTF-8 is escaped."""
        return self.value.decode("utf-8", "backslashreplace")


def command(*, sudo: bool) -> str:
    """The command line that runs any request, through whatever login shell."""
    # Without LC_ALL sudo would say in the user's language that it wants a password.
    return f"exec {'env LC_ALL=C sudo -n ' if sudo else ''}sh -c '{_BOOT}'"


def script(verb: str, parts: Mapping[str, str], ask: Ask, *, last: str) -> bytes:
    """The text that does *verb*; *parts* are the agent's texts by name.

    Raises:
        ValueError: a value holds a NUL, which no shell can take.
    """
    more = (CONTAINER_PART,) if ask.words.get("manager") in CONTAINERS else ()
    texts = tuple(parts[part] for part in (*PARTS[verb], *more))
    lines = [_needed(texts, verb)]
    lines += [f"ask_{name}={quoted(word)}" for name, word in ask.words.items()]
    for name, argv in ask.commands.items():
        # What is passed stands before the command: a time limit, for one.
        words = " ".join(quoted(word) for word in argv)
        lines.append(f'run_{name}() {{ "$@" {words}; }}')
    return "\n".join([*lines, last, ""]).encode("utf-8", "surrogateescape")


@cache
def _needed(texts: tuple[str, ...], verb: str) -> str:
    """What the node must read of *texts* to do *verb*: its shell reads each function.

    A function whose name occurs nowhere is left out; one that is only named, in a
    string or so, is not.
    """
    whole = re.sub(r"(?m)^ *#.*\n", "", "".join(texts))  # no string has such a line
    bodies = {found["name"]: found[0] for found in _FUNCTION.finditer(whole)}
    rest = _FUNCTION.sub("", whole)
    reached: set[str] = set()
    ahead = [verb, rest]
    while ahead:
        new = {*_WORD.findall(ahead.pop())} & bodies.keys() - reached
        reached |= new
        ahead += [bodies[name] for name in new]
    return rest + "".join(bodies[name] for name in bodies if name in reached)


_WORD = re.compile(r"\w+")
_FUNCTION = re.compile(r"(?ms)^(?P<name>\w+)\(\) \{(?: [^\n]* \}\n|\n.*?^\}[^\n]*\n)")
"""On one line, or to the first brace at the beginning of a line."""


def request(text: bytes, *, nonce: str, payload: bytes = b"") -> bytes:
    """What goes to stdin of the command line."""
    if payload:
        return b"%d %s\n" % (len(text), nonce.encode("ascii")) + text + payload
    text = text.rstrip(b"\n")  # as the shell's $(cat) has it
    return b"%d %s all\n" % (len(text), nonce.encode("ascii")) + text


def quoted(word: str) -> str:
    """*word* as one word of the shell, whatever it holds. Raises ValueError for NUL."""
    if "\0" in word:
        raise ValueError("a NUL can't be passed to a shell")
    return "'" + word.replace("'", "'\\''") + "'"


def fields(stdout: bytes, nonce: str) -> list[Field] | None:
    """The answer's fields in order; None where it was cut or never began."""
    mark = b"\n" + nonce.encode("ascii") + b" "
    found: list[Field] = []
    for piece in stdout.split(mark)[1:]:
        name, newline, value = piece.partition(b"\n")
        if name == b"end" and newline:
            return found
        found.append(Field(name.decode("ascii", "replace"), value))
    return None


def event_lines(pieces: Iterator[bytes], nonce: str) -> Iterator[str | None]:
    """The lines of a log as they come, then None once the answer is whole."""
    mark = nonce.encode("ascii") + b" "
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(mark + b"event "):
                text = line.removeprefix(mark + b"event ")
                yield text.decode("utf-8", "backslashreplace")
            elif line == mark + b"end":
                yield None


def no_answer(node: NodeName, *, status: int, stderr: bytes, sudo: bool) -> AgentFailed:
    """Why there was no answer, as far as status and stderr tell."""
    said = _last_words(stderr)
    if sudo and (trouble := _sudo_trouble(node, status, stderr)):
        return trouble
    match status:
        case _ if status == _NO_HEADER:
            why = "what we sent did not reach the agent; does a login script read it?"
        case _ if status == _CUT:
            why = "the line was cut before all was sent. Nothing was done."
        case _ if status == _NO_DD:
            why = "there is no program dd."
        case _ if status in _NOT_FOUND:
            why = f"there is no shell to run the agent: {said}"
        case _:
            why = f"the agent ended with status {status} and no answer. {said}"
    return AgentFailed(f"{node}: {why.strip()}")


def _sudo_trouble(node: NodeName, status: int, stderr: bytes) -> AgentFailed | None:
    said = stderr.decode("ascii", "replace")
    if "a password is required" in said or "must have a tty" in said:
        return AgentFailed(
            f"{node}: sudo needs a password.",
            hint="Allow it in /etc/sudoers: USER ALL=(root) NOPASSWD: ALL",
        )
    if status in _NOT_FOUND and "sudo" in said:
        return AgentFailed(f"{node}: there is no sudo.", hint="Set ssh.user to root.")
    for line in said.splitlines():
        if line.startswith(("sudo: ", "Sorry, user")) or "sudoers" in line:
            return AgentFailed(f"{node}: sudo refused: {_printable(line)}")
    return None


def _last_words(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return f"It said: {_printable(lines[-1])}" if lines else ""


def _printable(line: str) -> str:
    return re.sub(r"[^ -~]", "?", line)[:200]
