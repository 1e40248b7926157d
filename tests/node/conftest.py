"""Nodes on this machine for tests of the agent: no network, real shells."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from local_exec import SHELLS
from lone_node import LoneNode, MakeNode


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """Every shell that the agent must run under."""
    return str(request.param)


@pytest.fixture
def lone_node(tmp_path: Path) -> Iterator[MakeNode]:
    """Makes nodes whose servers end with the test."""
    with ExitStack() as kept:
        made = 0

        def make(config: str, *, shell: str = "dash", **settings: object) -> LoneNode:
            nonlocal made
            made += 1
            node = LoneNode(tmp_path / f"node{made}", config, shell=shell, **settings)  # type: ignore[arg-type] # keywords of LoneNode
            kept.callback(node.close)
            return node

        yield make
