"""Secret references, followed on this machine: a variable, a file, a program.

Nothing that is said of a failure holds any of the bytes: whatever was read may be the
secret, also a program's stderr.
"""

import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, assert_never

from stalplan.model.secrets import (
    CommandRef,
    EnvRef,
    FileRef,
    Secret,
    SecretRef,
    Unresolved,
)

LONGEST = 16_384  # bytes; a line of a config file, not a file of its own
SECONDS = 30.0  # for a program; one that asks somebody has nobody to ask

_MACROS = ("%{env:", "%{file:", "%{cfg:")


def follow(
    ref: SecretRef, environ: Mapping[str, str], *, seconds: float = SECONDS
) -> Secret | Unresolved:
    """What *ref* leads to. A program has *seconds* and no terminal."""
    match ref:
        case EnvRef(name=name):
            found = _variable(name, environ)
        case FileRef(path=path):
            found = _file(path)
        case CommandRef():
            found = _printed(ref, environ, seconds)
        case _:
            assert_never(ref)
    return found if isinstance(found, Unresolved) else _secret(found)


def _variable(name: str, environ: Mapping[str, str]) -> bytes | Unresolved:
    if name not in environ:
        return Unresolved("It is not set.", hint=f"export {name}=…")
    return os.fsencode(environ[name])


def _file(path: str) -> bytes | Unresolved:
    try:
        # without O_NONBLOCK opening a pipe would wait for its other end
        handle = os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return Unresolved("It is no regular file.", hint=f"ls -l {path}")
        with os.fdopen(handle, "rb") as file:
            return file.read(LONGEST + 2)
    except (OSError, RuntimeError) as error:  # RuntimeError: `~` leads nowhere
        why = getattr(error, "strerror", None) or "Its folder can't be told"
        return Unresolved(f"{why}.", hint=f"ls -l {path}")


def _printed(
    ref: CommandRef, environ: Mapping[str, str], seconds: float
) -> bytes | Unresolved:
    hint = "Run it by hand, without a terminal, to see what it says."
    try:
        process = subprocess.Popen(  # noqa: S603 - argv is the desired file's, by design
            ref.argv,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that all of it can be ended
        )
    except OSError as error:
        return Unresolved(f"It can't be started: {error.strerror}.", hint=hint)
    assert process.stdout is not None
    deadline = time.monotonic() + seconds
    try:
        with process.stdout:
            found = _until_end(process.stdout, deadline)
        if len(found) > LONGEST + 1:
            _end(process)
            return found
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        _end(process)
        return Unresolved(f"It did not end within {seconds:g} s.", hint=hint)
    except BaseException:  # Ctrl-C doesn't reach a session of its own
        _end(process)
        raise
    if status != 0:
        ended = f"status {status}" if status > 0 else f"signal {-status}"
        return Unresolved(f"It ended with {ended}.", hint=hint)
    return found


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it and what it left behind, which may outlive it."""
    with suppress(ProcessLookupError):  # all of it has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _until_end(stream: IO[bytes], deadline: float) -> bytes:
    """All that comes, up to more than is allowed. Raises TimeoutError."""
    found = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while len(found) <= LONGEST + 1:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            part = os.read(stream.fileno(), LONGEST)
            if not part:
                break
            found += part
    return bytes(found)


def _secret(found: bytes) -> Secret | Unresolved:
    """One trailing newline goes; what a config file can't carry is refused."""
    found = found.removesuffix(b"\n").removesuffix(b"\r")
    if not found:
        return Unresolved("It holds nothing.")
    if len(found) > LONGEST:
        return Unresolved(f"It holds more than {LONGEST:,} bytes.")
    try:
        text = found.decode()
    except UnicodeDecodeError:
        return Unresolved("What it holds is not UTF-8.")
    return _unfit(text) or Secret(text)


def _unfit(text: str) -> Unresolved | None:
    """What the server might not read back as it is written.

    Source: stalwart v0.15.5, crates/utils/src/config/{parser,mod}.rs.
    """
    hint = (
        "Keep it in a file on each node, and let the key name that file: "
        '"%{file:/path}%".'
    )
    if "\n" in text or "\r" in text:
        return Unresolved("It holds several lines, and a text has one.", hint=hint)
    if not text.isprintable():
        return Unresolved("It holds a control character.", hint=hint)
    for char, name in (("\\", "a backslash"), ('"', "a double quote")):
        if char in text:
            return Unresolved(
                f"It holds {name}, which a server might not read back.", hint=hint
            )
    if any(mark in text for mark in _MACROS):
        return Unresolved("It holds a macro, which a server would expand.")
    return None
