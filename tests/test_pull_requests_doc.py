"""docs/pull-requests.md: what it tells people to type works."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from golden import CASES, planned_from
from test_workflows import check, commands

from stalplan.errors import PlanIsStale
from stalplan.render.github import outputs

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "pull-requests.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)


def test_every_command_is_one() -> None:
    """Each `stalplan` line has options that exist."""
    found = [words for block in BLOCKS for words in commands(block)]

    assert ["snapshot", "plan", "apply", "plan"] == [words[0] for words in found]
    for words in found:
        check(words)


def test_the_repository_is_made_as_it_says(tmp_path: Path) -> None:
    """The blocks of git commands give a main branch without state and a kept one."""
    remote, work = tmp_path / "remote.git", tmp_path / "work"
    first, second, *_ = BLOCKS
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Ada",
        "GIT_CONFIG_KEY_1": "user.email",
        "GIT_CONFIG_VALUE_1": "ada@example.org",
        "GIT_CONFIG_KEY_2": "init.defaultBranch",
        "GIT_CONFIG_VALUE_2": "main",
    }
    begin = f"git init -q --bare {remote}\ngit clone -q {remote} {work}\ncd {work}\n"
    begin += "touch stalplan.toml known_hosts\ngit switch -q -c main 2>/dev/null || :\n"
    end = "git ls-tree --name-only origin/main; git ls-tree origin/stalplan-state\n"
    done = subprocess.run(
        ["sh", "-e", "-c", begin + first + second + end],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert [".gitignore", "known_hosts", "stalplan.toml"] == done.stdout.splitlines()[
        -3:
    ]


@pytest.mark.parametrize("file", re.findall(r"\]\((\.\./[^)]+)\)", TEXT))
def test_links_lead_somewhere(file: str) -> None:
    """What the text links to is there."""
    assert (ROOT / "docs" / file).exists()


def test_every_output_is_named() -> None:
    """What later steps can ask for stands in the text."""
    case = next(case for case in CASES if case.name == "three-faults")
    names = outputs(planned_from(case).plan)

    assert [] == [name for name in names if f"`{name}`" not in TEXT]


def test_the_refusal_reads_as_it_says() -> None:
    """The error that it shows is the one that is printed."""
    assert f"Error: {PlanIsStale.summary}\n" in TEXT
    source = (ROOT / "stalplan" / "run" / "approval.py").read_text()
    assert "This is not the plan that was approved." in source
