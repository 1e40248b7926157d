"""What identifies a plan: the digest that apply checks, and the reviewer's."""

import hashlib
import json
from typing import TYPE_CHECKING

from stalplan.names import Digest
from stalplan.planning.documents import (
    Document,
    change_document,
    edit_document,
    step_document,
)

if TYPE_CHECKING:
    from stalplan.planning.plan import FileEdit, Plan, Step


def plan_digest(plan: "Plan") -> Digest:
    """Binds what apply would do, and to which bytes.

    Times, the version, the desired file's path and commit, causes, reasons, lines,
    warnings and error texts make no difference.
    """
    return Digest("sha256:" + _hashed(_bound(plan)))


def review_digest(plan: "Plan") -> str:
    """Binds what a reviewer read: equal for a plan made from a snapshot."""
    return "review:" + _hashed(
        {
            "desired": plan.desired.digest,
            "changes": [_change(document) for document in _changes(plan)],
            "steps": [_without(_step(step), "result") for step in plan.steps],
            "blocking": _blocking(plan),
        }
    )


def _bound(plan: "Plan") -> Document:
    return {
        "cluster": plan.cluster,
        "release": plan.release,
        "desired": plan.desired.digest,
        "nodes": {node.name: [node.base, node.result] for node in plan.nodes},
        "changes": [_change(document) for document in _changes(plan)],
        "edits": [_edit(edit) for edit in plan.edits],
        "steps": [_step(step) for step in plan.steps],
        "blocking": _blocking(plan),
    }


def _changes(plan: "Plan") -> list[Document]:
    return [change_document(change) for change in plan.changes]


def _change(document: Document) -> Document:
    return _without(document, "cause", "reason")


def _edit(edit: "FileEdit") -> Document:
    return _without(edit_document(edit), "line")


def _step(step: "Step") -> Document:
    return {**step_document(step), "edits": [_edit(edit) for edit in step.edits]}


def _blocking(plan: "Plan") -> list[list[str | None]]:
    blocking = (finding for finding in plan.findings if finding.blocks)
    return [[finding.code, finding.node, finding.key] for finding in blocking]


def _without(document: Document, *keys: str) -> Document:
    return {key: value for key, value in document.items() if key not in keys}


def _hashed(document: Document) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
