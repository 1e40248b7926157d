"""The examples plan as the READMEs say; GOLDEN=write writes the READMEs anew."""

import os
import re
from pathlib import Path

import pytest
from reports import CREATED, desired_of, report_of

from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Plan
from stalplan.render.text import render_text

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/stalplan.toml"))
README_EXAMPLE = ROOT / "examples" / "three-nodes-0.15"
VERSIONS = {"0.13": "0.13.4", "0.15": "0.15.5"}
# The output that a README shows: the fence that holds a plan's last line.
FENCE = re.compile(r"```text\n(?P<shown>(?:Cluster [^`]*)?)```\n")


def plan_of(example: Path) -> Plan:
    desired = desired_of((example / "stalplan.toml").read_text())
    seen = [
        report_of(path.stem, path.read_bytes(), version=VERSIONS[desired.release])
        for path in sorted((example / "nodes").glob("*.toml"))
    ]
    return make_plan(desired, seen, None, options=Options(), created=CREATED).plan


def shown_in(readme: Path, text: str) -> str:
    """The plan that *readme* shows; with GOLDEN=write it is made to show *text*."""
    if os.environ.get("GOLDEN") == "write":
        fence = f"```text\n{text}```\n"
        readme.write_text(FENCE.sub(lambda _: fence, readme.read_text(), count=1))
    found = FENCE.search(readme.read_text())
    assert found is not None, f"{readme} shows no plan"
    return found["shown"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_plans_as_its_readme_says(example: Path) -> None:
    """Whoever reads an example sees what stalplan really prints."""
    text = render_text(plan_of(example))

    assert text == shown_in(example / "README.md", text)


def test_the_readme_shows_a_real_plan() -> None:
    """The first plan that a newcomer reads is the real one of an example."""
    text = render_text(plan_of(README_EXAMPLE))

    assert text == shown_in(ROOT / "README.md", text)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_can_be_applied(example: Path) -> None:
    """Nothing stands in the way, and each has the three faults of a first day."""
    plan = plan_of(example)

    assert plan.complete
    assert {"Renumber", "MoveRole", "SetHostname"} <= {
        type(change).__name__ for change in plan.changes
    }
