"""The examples that ship with stalplan are files that it reads."""

import tomllib
from pathlib import Path

import pytest

from stalplan.model.desired import read_desired
from stalplan.model.desired_rules import desired_findings
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import ServerVersion

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("example", "codes", "ids"),
    [
        ("three-nodes-0.15", ["SP401"], ["1", "2", "2"]),
        ("three-nodes-0.13", ["SP201", "SP401"], ["1", "2", "4"]),
    ],
)
def test_examples_are_read(example: str, codes: list[str], ids: list[str]) -> None:
    """Each example's files are sound for stalplan, for TOML and for the server."""
    folder = EXAMPLES / example
    desired = read_desired(
        (folder / "stalplan.toml").read_bytes(), file="stalplan.toml"
    )
    files = {path.stem: path.read_bytes() for path in folder.glob("nodes/*.toml")}
    version = ServerVersion(desired.release)

    assert codes == [finding.code for finding in desired_findings(desired)]
    assert sorted(node.name for node in desired.nodes) == sorted(files)
    assert ids == [
        parse(data, version)["cluster.node-id"] for _, data in sorted(files.items())
    ]
    assert all(tomllib.loads(data.decode()) for data in files.values())
