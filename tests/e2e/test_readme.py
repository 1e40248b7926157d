"""What the README tells to type does what the README says."""

import os
import re
import subprocess
from pathlib import Path

import click
import pytest

from e2e.configs import small
from e2e.conftest import MakeCluster
from stalplan.cli.main import COMMANDS, cli
from stalplan.model.desired import read_desired

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
TYPED = [line.split("#")[0].strip() for block in SHELL for line in block.splitlines()]


def test_the_make_targets_exist() -> None:
    """`make demo` and `make test` are all the set-up there is."""
    targets = [line.split()[1] for line in TYPED if line.startswith("make ")]
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True)

    assert ["demo", "test"] == targets


def test_make_demo_runs() -> None:
    """The first command of the README ends well, with what it promises."""
    environ = {**os.environ, "MAKEFLAGS": ""}
    told = subprocess.run(
        ["make", "demo"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )

    assert 0 == told.returncode, told.stdout + told.stderr
    assert "Apply complete! Changes: 0 added, 3 changed, 0 removed." in told.stdout
    assert "No changes. The cluster matches" in told.stdout


def test_the_first_desired_file_is_a_good_one() -> None:
    """A newcomer who copies it from the README starts without a mistake."""
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    desired = read_desired(text.encode(), file="stalplan.toml")

    assert ["mx1", "mx2"] == [node.name for node in desired.nodes]


def test_the_two_commands_do_the_job(cluster_of: MakeCluster) -> None:
    """`plan --out` and `apply` as typed in the README, on a real node."""
    cluster = cluster_of(small(1), steady=None)
    cluster.want(nodes={"mx1": "id = 7"})
    typed = [line.split()[1:] for line in TYPED if line.startswith("stalplan ")]
    ended = [cluster.run(*argv) for argv in typed]

    assert ["plan", "apply"] == [argv[0] for argv in typed]
    assert [0, 0] == [done.code for done in ended], ended[-1].said
    assert ended[-1].last.startswith("Apply complete! Changes: 0 added, 1 changed")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_readme(name: str) -> None:
    """The table of commands leaves none out, and each is there to be run."""
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert f"| `stalplan {name}" in README
