"""JSON Schema of the plan's JSON, and of the document that a failure gives instead.

Draft 2020-12. Keys that it doesn't know are allowed everywhere: a newer minor version
adds some, and readers ignore them.
"""

from typing import Any, Final

from stalplan.findings import CATALOGUE, Scope, Severity
from stalplan.planning.changes import Action, Cause
from stalplan.planning.documents import FORMAT_VERSION
from stalplan.planning.plan import ActionName, Origin, Risk

Shape = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_TEXT: Final[Shape] = {"type": "string"}
_FLAG: Final[Shape] = {"type": "boolean"}
_COUNT: Final[Shape] = {"type": "integer", "minimum": 0}
_TIME: Final[Shape] = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
    "description": "UTC, RFC 3339.",
}
_NODE: Final[Shape] = {"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]*$"}
_DIGEST: Final[Shape] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_KINDS: Final = (
    *("set_id", "renumber", "set_hostname", "set_coordinator", "move_role"),
    *("set_store", "drop_key", "join", "leave", "restart"),
)


def plan_schema() -> Shape:
    """The whole schema: a plan, or why there is none."""
    return {
        "$schema": DRAFT,
        "title": "stalplan's plan",
        "description": (
            "What `stalplan plan --format json` prints: a plan, or an error. Keys that "
            f"are not listed may be added by a later minor version of {FORMAT_VERSION}."
        ),
        "anyOf": [{"$ref": "#/$defs/plan"}, {"$ref": "#/$defs/failure"}],
        "$defs": _definitions(),
    }


def _table(description: str, **keys: Shape) -> Shape:
    """An object that has all of *keys*."""
    return {
        "type": "object",
        "description": description,
        "required": sorted(keys),
        "properties": keys,
    }


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


def _maybe(shape: Shape) -> Shape:
    return {"anyOf": [shape, {"type": "null"}]}


def _one(definition: str) -> Shape:
    return {"$ref": f"#/$defs/{definition}"}


def _by_node(shape: Shape) -> Shape:
    return {"type": "object", "propertyNames": _NODE, "additionalProperties": shape}


def _definitions() -> dict[str, Shape]:
    return {
        "plan": _plan(),
        "failure": _failure(),
        "node": _node(),
        "runs": _runs(),
        "change": _change(with_origin=True),
        "given_up": _change(with_origin=False),
        "edit": _edit(),
        "step": _step(),
        "finding": _finding(),
    }


def _plan() -> Shape:
    plan = _table(
        "What apply would do, in which order, and what stands in the way.",
        format_version={"type": "string", "pattern": r"^1\.[0-9]+$"},
        stalplan=_TEXT | {"description": "The version that made it."},
        created=_TIME,
        expires=_TIME,
        digest=_maybe(_DIGEST),
        review_digest={"type": "string", "pattern": "^review:[0-9a-f]{64}$"},
        cluster=_TEXT,
        release=_TEXT,
        complete=_FLAG | {"description": "false: it can never be applied."},
        options=_options(),
        desired=_desired(),
        nodes=_by_node(_one("node")),
        changes=_list(_one("change")),
        base=_maybe(_base()),
        snapshot=_maybe(_table("The snapshot it was made from.", taken=_TIME)),
        edits=_list(_one("edit")),
        steps=_list(_one("step")),
        findings=_list(_one("finding")),
        summary=_summary(),
    )
    stopped = "Why it can't be applied; there where a finding blocks."
    plan["properties"]["error"] = _error() | {"description": stopped}
    return plan


def _summary() -> Shape:
    return _table(
        "Counts of changes by action, of files that change, of stops and starts.",
        add=_COUNT,
        change=_COUNT,
        remove=_COUNT,
        files=_COUNT,
        restarts=_COUNT,
    )


def _options() -> Shape:
    nodes = _list(_NODE)
    return _table(
        "What the plan was asked for.",
        target=nodes,
        exclude=nodes,
        assume_down=nodes,
        restart_unknown=_FLAG,
        start_stopped=_FLAG,
        while_stopped=_FLAG,
    )


def _desired() -> Shape:
    git = _table("The commit it was read at.", commit=_TEXT, dirty=_FLAG)
    return _table(
        "The desired file.",
        path=_TEXT,
        digest=_DIGEST,
        git=_maybe(git),
        lines={"type": "object", "additionalProperties": _COUNT},
    )


def _node() -> Shape:
    return _table(
        "A node of the desired file as it was found, and its file's end.",
        reached=_FLAG,
        path=_maybe(_TEXT),
        base=_maybe(_DIGEST),
        result=_maybe(_DIGEST),
        server_version=_maybe(_TEXT),
        pending_restart=_FLAG,
        error=_maybe(_TEXT),
        before=_maybe(_one("runs")),
        after=_maybe(_one("runs")),
    )


def _runs() -> Shape:
    shard = _table("A part; counted from 0.", shard=_COUNT, of=_COUNT)
    part = {"anyOf": [{"enum": ["on", "off"]}, shard]}
    return _table(
        "What a file makes of a server once it was started with it.",
        node_id=_COUNT,
        roles={"type": "object", "additionalProperties": part},
    )


def _change(*, with_origin: bool) -> Shape:
    value = {
        "anyOf": [
            {"type": ["string", "null"]},
            _list({"anyOf": [_TEXT, _list(_TEXT)]}),
        ]
    }
    keys: dict[str, Shape] = {
        "kind": {"enum": list(_KINDS)},
        "action": {"enum": [str(action) for action in Action]},
        "address": _TEXT,
        "before": value,
        "after": value,
        "nodes": _list(_NODE),
        "cause": {"enum": [str(cause) for cause in Cause]},
        "reason": _TEXT,
    }
    if with_origin:
        keys["origin"] = {"enum": [*(str(origin) for origin in Origin), None]}
    return _table("One thing that changes in the cluster.", **keys)


def _base() -> Shape:
    return _table(
        "The revision that the plan is compared with.",
        revision=_TEXT,
        commit=_TEXT,
        gone=_list(_one("given_up")),
        problem=_TEXT,
    )


def _edit() -> Shape:
    value = {"anyOf": [{"type": ["string", "null"]}, _list(_TEXT)]}
    return _table(
        "One key in one node's file. A list is its items' texts; null: no such key.",
        node=_NODE,
        key=_TEXT,
        before=value,
        after=value,
        line=_maybe({"type": "integer", "minimum": 1}),
    )


def _step() -> Shape:
    risk = _table(
        "What is not as it should be until the next step has ended.",
        role=_maybe(_TEXT),
        nodes=_list(_NODE),
        what={"enum": [str(risk) for risk in Risk]},
    )
    return _table(
        "Nodes that may be down at one moment, and what happens to each.",
        number={"type": "integer", "minimum": 1},
        nodes=_list(_NODE),
        actions=_list({"enum": [str(action) for action in ActionName]}),
        edits=_list(_one("edit")),
        result=_by_node(_maybe(_DIGEST)),
        exposure=_list(risk),
        why=_TEXT,
    )


def _finding() -> Shape:
    return _table(
        "One thing that a rule says.",
        code={"type": "string", "pattern": "^SP[0-9]{3}$", "examples": [*CATALOGUE]},
        severity={"enum": [str(severity) for severity in Severity]},
        scope={"enum": [str(scope) for scope in Scope]},
        blocks=_FLAG,
        summary=_TEXT,
        detail=_TEXT,
        node=_maybe(_NODE),
        file=_maybe(_TEXT),
        line=_maybe({"type": "integer", "minimum": 1}),
        key=_maybe(_TEXT),
        hint=_TEXT,
    )


def _error() -> Shape:
    return _table(
        "What stopped stalplan, as it also stands on stderr.",
        summary=_TEXT,
        detail=_TEXT,
        hint=_TEXT,
        exit_code=_COUNT,
    )


def _failure() -> Shape:
    return _table(
        "Why there is no plan.",
        format_version={"type": "string", "pattern": r"^1\.[0-9]+$"},
        error=_error(),
        findings=_list(_one("finding")),
    )
