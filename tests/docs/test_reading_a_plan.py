"""docs/reading-a-plan.md: its tables name what there is, and nothing else."""

from docs.page import DOCS, tables
from stalplan.errors import DesiredFileWrong, NodeUnreachable
from stalplan.findings import CATALOGUE
from stalplan.planning.changes import Cause
from stalplan.planning.plan import Risk

TABLES = {
    table[0][0]: table[1:] for table in tables((DOCS / "reading-a-plan.md").read_text())
}


def test_every_finding_is_told() -> None:
    """Code, severity and sentence are those of the catalogue."""
    told = {code: (severity, says) for code, severity, says in TABLES["code"]}

    assert CATALOGUE == told


def test_every_cause_is_told() -> None:
    """The words in brackets below a change."""
    assert {f"`[{cause}]`" for cause in Cause} == {row[0] for row in TABLES["cause"]}


def test_every_risk_is_told() -> None:
    """The words of the plan's JSON."""
    assert {f"`{risk}`" for risk in Risk} == {row[1] for row in TABLES["on the way"]}


def test_exit_codes_are_the_real_ones() -> None:
    """0 and 2 are click's and the option's; the others belong to failures."""
    codes = [int(row[0]) for row in TABLES["exit code"]]

    assert [0, 2, DesiredFileWrong.exit_code, NodeUnreachable.exit_code] == codes
