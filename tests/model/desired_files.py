"""Desired files for tests: a small sound one, and ways to spoil it."""

import pytest

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired import read_desired
from stalplan.model.wishes import Desired

FILE = "stalplan.toml"

HEAD = """\
format = 1

[cluster]
name = "mail"
release = "{release}"
{cluster}
"""

NODES = """\
[nodes.mx1]
id = 1
labels = ["front"]

[nodes.mx2]
id = 5
labels = ["back"]

[nodes.mx3]
id = 3
labels = ["back"]

"""


def sound(
    rest: str = "", *, release: str = "0.15", cluster: str = "", nodes: str = NODES
) -> str:
    """A file with three nodes; *cluster* goes into [cluster], *rest* to the end."""
    return HEAD.format(release=release, cluster=cluster) + nodes + rest


def read(text: str, *, folder: str = "") -> Desired:
    """*text* as a desired cluster."""
    return read_desired(text.encode(), file=FILE, folder=folder)


def wrong(text: str | bytes) -> DesiredFileWrong:
    """The one error that *text* is refused with."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(DesiredFileWrong) as caught:
        read_desired(data, file=FILE)
    return caught.value


def mistakes(text: str) -> list[str]:
    """The mistakes in *text*, without file and place."""
    lines = wrong(text).detail.splitlines()
    return [line.split(": ", 1)[1] for line in lines]
