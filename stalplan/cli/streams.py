"""Streams that nobody may read to the end: a pipe, a full disk, a closed terminal."""

import io
import os
from contextlib import suppress
from typing import TextIO, cast


class _Forgiving(io.TextIOBase):
    """Writes as long as somebody takes it; from then on it says nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Like the stream's own, but without a failure."""
        try:
            return self._stream.write(text)
        except BlockingIOError:  # full for the moment: only this is lost
            return len(text)
        except OSError:
            silence(self._stream)
            return len(text)

    def flush(self) -> None:
        """As write."""
        try:
            self._stream.flush()
        except BlockingIOError:
            return
        except OSError:
            silence(self._stream)

    def isatty(self) -> bool:
        """Whether a person may see it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The file that it writes to."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute there
        """How letters become bytes."""
        return self._stream.encoding


def forgiving(stream: TextIO) -> TextIO:
    """*stream* for what people are told by the way.

    A run that is busy with mail servers must not end because the reader of its log
    went away.
    """
    return cast("TextIO", _Forgiving(stream))


def silence(stream: TextIO) -> None:
    """What is and will be written to *stream* goes nowhere, and no longer fails.

    Python flushes its streams at the end, and would fail there once more.
    """
    with suppress(OSError, ValueError):  # it may be no file, or closed
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
