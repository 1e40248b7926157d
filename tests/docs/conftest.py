"""Whoever runs the tests, and whenever: pages tell of one morning and one person."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, tzinfo
from itertools import count
from pathlib import Path

import pytest

from docs.reader import Reader
from docs.scenes import SCENES


@pytest.fixture
def reader_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Reader]:
    """The reader of a page, before its first line."""

    def begin(page: str) -> Reader:
        scene = SCENES[page]
        reader = Reader(tmp_path, scene.cluster(), deepcopy(scene.events))
        scene.files(tmp_path)

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Clock":
                return cls.fromtimestamp(reader.cluster.now().timestamp(), tz)

        numbers = count(0x3FA9C1)
        monkeypatch.setattr("secrets.token_hex", lambda _: f"{next(numbers):06x}")
        monkeypatch.setattr("getpass.getuser", lambda: "ada")
        monkeypatch.setattr("socket.gethostname", lambda: "laptop")
        monkeypatch.setattr("stalplan.store.runs.datetime", Clock)
        # On a terminal this is a table, and gone at the end.
        monkeypatch.setattr("stalplan.cli.progress.PlainReporter.node", lambda *_: None)
        return reader

    return begin
