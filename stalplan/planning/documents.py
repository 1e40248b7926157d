"""A plan's parts as plain data, in the contract's words: for JSON and digests."""

from typing import TYPE_CHECKING, Any, assert_never

from stalplan.planning.facts import facts
from stalplan.planning.outcome import obstacle
from stalplan.stalwart.effective import Off, On, Shard

if TYPE_CHECKING:
    from datetime import datetime

    from stalplan.findings import Finding
    from stalplan.planning.changes import Change
    from stalplan.planning.plan import (
        Base,
        FileEdit,
        Options,
        Plan,
        PlannedNode,
        Runs,
        Step,
    )
    from stalplan.stalwart.effective import RoleState

FORMAT_VERSION = "1.0"

Document = dict[str, Any]


def plan_document(plan: "Plan") -> Document:
    """The whole plan. One that a finding blocks tells that as an error, too."""
    git = plan.desired.git
    error = obstacle(plan)
    return {
        **({} if error is None else {"error": error.document}),
        "format_version": FORMAT_VERSION,
        "stalplan": plan.stalplan,
        "created": rfc3339(plan.created),
        "expires": rfc3339(plan.expires),
        "digest": plan.digest,
        "review_digest": plan.review_digest,
        "cluster": plan.cluster,
        "release": plan.release,
        "complete": plan.complete,
        "options": options_document(plan.options),
        "desired": {
            "path": plan.desired.path,
            "digest": plan.desired.digest,
            "git": None if git is None else {"commit": git.commit, "dirty": git.dirty},
            "lines": dict(plan.desired.lines),
        },
        "nodes": {node.name: node_document(node) for node in plan.nodes},
        "changes": _changes(plan),
        "base": None if plan.base is None else base_document(plan.base),
        "snapshot": None
        if plan.snapshot is None
        else {"taken": rfc3339(plan.snapshot.taken)},
        "edits": [edit_document(edit) for edit in plan.edits],
        "steps": [step_document(step) for step in plan.steps],
        "findings": [finding_document(finding) for finding in plan.findings],
        "summary": {
            "add": plan.summary.add,
            "change": plan.summary.change,
            "remove": plan.summary.remove,
            "files": plan.summary.files,
            "restarts": plan.summary.restarts,
        },
    }


def options_document(options: "Options") -> Document:
    """What the plan was asked for; apply asks for the same."""
    return {
        "target": list(options.target),
        "exclude": list(options.exclude),
        "assume_down": list(options.assume_down),
        "restart_unknown": options.restart_unknown,
        "start_stopped": options.start_stopped,
        "while_stopped": options.while_stopped,
    }


def node_document(node: "PlannedNode") -> Document:
    """One node; its name is the key it stands under."""
    return {
        "reached": node.reached,
        "path": node.path,
        "base": node.base,
        "result": node.result,
        "server_version": node.server_version,
        "pending_restart": node.pending_restart,
        "error": node.error,
        "before": None if node.before is None else runs_document(node.before),
        "after": None if node.after is None else runs_document(node.after),
    }


def runs_document(runs: "Runs") -> Document:
    """What a server runs, in the words of `inspect`; shards count from 0."""
    return {
        "node_id": runs.node_id,
        "roles": {role: state_document(state) for role, state in runs.roles.items()},
    }


def state_document(state: "RoleState") -> str | Document:
    """A server's part of one role."""
    match state:
        case On():
            return "on"
        case Off():
            return "off"
        case Shard(index=index, of=of):
            return {"shard": index, "of": of}
        case _:
            assert_never(state)


def change_document(change: "Change") -> Document:
    """One change with its cause and reason."""
    told = facts(change)
    return {
        "kind": told.kind,
        "action": told.action,
        "address": told.address,
        "before": told.before,
        "after": told.after,
        "nodes": list(told.nodes),
        "cause": change.cause,
        "reason": change.reason,
    }


def _changes(plan: "Plan") -> list[Document]:
    """The changes, each with its origin, which no digest binds."""
    origins = plan.base.origins if plan.base else [None] * len(plan.changes)
    pairs = zip(plan.changes, origins, strict=True)
    return [{**change_document(change), "origin": origin} for change, origin in pairs]


def base_document(base: "Base") -> Document:
    """What the plan was compared with."""
    return {
        "revision": base.revision,
        "commit": base.commit,
        "gone": [change_document(change) for change in base.gone],
        "problem": base.problem,
    }


def edit_document(edit: "FileEdit") -> Document:
    """One edit with the line it is made at."""
    return {
        "node": edit.node,
        "key": edit.key,
        "before": edit.before,
        "after": edit.after,
        "line": edit.line,
    }


def step_document(step: "Step") -> Document:
    """One step with its results."""
    return {
        "number": step.number,
        "nodes": list(step.nodes),
        "actions": list(step.actions),
        "edits": [edit_document(edit) for edit in step.edits],
        "result": dict(step.result),
        "exposure": [
            {"role": risk.role, "nodes": list(risk.nodes), "what": risk.what}
            for risk in step.exposure
        ],
        "why": step.why,
    }


def finding_document(finding: "Finding") -> Document:
    """One finding; also in the document of an error."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "scope": finding.scope,
        "blocks": finding.blocks,
        "summary": finding.summary,
        "detail": finding.detail,
        "node": finding.node,
        "file": finding.file,
        "line": finding.line,
        "key": finding.key,
        "hint": finding.hint,
    }


def rfc3339(moment: "datetime") -> str:
    """A UTC time to the second, such as `2026-11-24T01:10:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
