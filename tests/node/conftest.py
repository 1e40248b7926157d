"""Nodes on this machine for tests of the agent: no network, real shells."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from node.local_exec import SHELLS
from node.lone_node import LoneNode, MakeNode
from stalplan.transport import agent_talk


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """Every shell that the agent must run under."""
    return str(request.param)


@pytest.fixture(autouse=True)
def only_this_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent adds the usual folders to PATH, which would hide what a node lacks."""
    parts = dict(agent_talk.agent_parts())
    added = ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert f"PATH=$PATH{added}\n" in parts["base"]
    parts["base"] = parts["base"].replace(added, "")
    monkeypatch.setattr(agent_talk, "agent_parts", lambda: parts)


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
