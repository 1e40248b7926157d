from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.standin import StandIn

Make = Callable[..., StandIn]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes stand-in servers, not yet started; all are gone after the test."""
    made: list[StandIn] = []

    def one(more: str = "", **environ: str) -> StandIn:
        folder = tmp_path / f"standin-{len(made)}"
        folder.mkdir()
        made.append(StandIn(folder, more, environ))
        return made[-1]

    yield one
    for each in made:
        each.kill()
