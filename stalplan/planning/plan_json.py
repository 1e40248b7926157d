"""Plan -> JSON -> Plan: equal plans are equal bytes apart from their times."""

from typing import TYPE_CHECKING

from stalplan.errors import PlanUnreadable
from stalplan.planning.digests import plan_digest, review_digest
from stalplan.planning.documents import Document, finding_document, plan_document
from stalplan.planning.json_text import json_text
from stalplan.planning.plan_reading import read_plan

if TYPE_CHECKING:
    from stalplan.findings import Finding
    from stalplan.planning.plan import Plan


def plan_to_json(plan: "Plan") -> str:
    """The saved plan, and what `--format json` prints. Keys are sorted."""
    return json_text(plan_document(plan), sort_keys=True)


def plan_from_json(text: str, *, file: str) -> "Plan":
    """The plan that *text* is; keys that a newer minor version added are ignored.

    Raises:
        PlanUnreadable: it is no plan, of another major version, or not as it was
            when its digests were made. *file* is named.
    """
    plan = read_plan(text, file=file)
    whole = plan.digest is None or plan.digest == plan_digest(plan)
    if not whole or plan.review_digest != review_digest(plan):
        raise PlanUnreadable(
            f"{file} is not as it was when the plan was made: its content and its "
            "digest don't match.",
            hint=f"stalplan plan --out {file}",
        )
    return plan


def finding_to_json(finding: "Finding") -> Document:
    """One finding as plain data, also for the document of an error."""
    return finding_document(finding)
