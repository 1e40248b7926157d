"""JSON text -> Plan, or why it is none. Nothing of a plan is believed unchecked."""

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from stalplan.errors import PlanUnreadable
from stalplan.findings import Finding, Scope, Severity
from stalplan.names import Digest, NodeId, NodeName, Role
from stalplan.planning.changes import (
    Cause,
    Change,
    DropKey,
    Join,
    Leave,
    MoveRole,
    Renumber,
    Restart,
    RoleHolders,
    SetCoordinator,
    SetHostname,
    SetId,
    SetStore,
)
from stalplan.planning.documents import FORMAT_VERSION, Document
from stalplan.planning.plan import (
    ActionName,
    Base,
    DesiredInfo,
    Exposure,
    FileEdit,
    GitState,
    Options,
    Origin,
    Plan,
    PlannedNode,
    Risk,
    Runs,
    SnapshotInfo,
    Step,
    Summary,
    started,
)
from stalplan.stalwart.effective import Off, On, RoleState, Shard
from stalplan.stalwart.stores import store_key

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_ANEW = "stalplan plan --out new.plan"  # never over a file that is no plan

_KEY_ADDRESS = re.compile(r'nodes\.(?:[a-z0-9-]+|"[a-z0-9.-]+")\."(.+)"', re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def read_plan(text: str, *, file: str) -> Plan:
    """The plan that *text* holds; its digests are only read, not checked.

    Raises:
        PlanUnreadable: with *file*, and what of it is wrong.
    """
    hint = f"stalplan plan --out {file}"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise PlanUnreadable(f"{file} is no plan.", hint=_ANEW) from None
    if not isinstance(document, dict) or "format_version" not in document:
        raise PlanUnreadable(f"{file} is no plan.", hint=_ANEW)
    version = document["format_version"]
    if str(version).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise PlanUnreadable(
            f"{file} has format {version!s:.20}; this stalplan reads "
            f"{FORMAT_VERSION}. Use the stalplan that made it.",
            hint=hint,
        )
    try:
        return _plan(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PlanUnreadable(
            f"{file} is no plan of format {version}: parts of it are missing or of "
            "another kind.",
            hint=hint,
        ) from None


def _plan(document: Document) -> Plan:
    steps = tuple(_step(each) for each in document["steps"])
    return Plan(
        stalplan=_text(document["stalplan"]),
        created=_time(document["created"]),
        expires=_time(document["expires"]),
        cluster=_text(document["cluster"]),
        release=_text(document["release"]),
        desired=_desired(document["desired"]),
        options=_options(document["options"]),
        nodes=tuple(_node(name, each) for name, each in document["nodes"].items()),
        changes=tuple(_change(each) for each in document["changes"]),
        edits=tuple(_edit(each) for each in document["edits"]),
        steps=steps,
        findings=tuple(_finding(each) for each in document["findings"]),
        summary=_summary(document["summary"], steps),
        complete=_flag(document["complete"]),
        digest=_maybe(_digest, document["digest"]),
        review_digest=_text(document["review_digest"]),
        snapshot=_maybe(_snapshot, document.get("snapshot")),
        base=_base(document),
    )


def _snapshot(document: Document) -> SnapshotInfo:
    return SnapshotInfo(taken=_time(document["taken"]))


def _base(document: Document) -> Base | None:
    base = document.get("base")
    if base is None:
        return None
    return Base(
        revision=_text(base["revision"]),
        commit=_text(base["commit"]),
        origins=tuple(Origin(change["origin"]) for change in document["changes"]),
        gone=tuple(_change(each) for each in base["gone"]),
        problem=_text(base["problem"]),
    )


def _desired(document: Document) -> DesiredInfo:
    return DesiredInfo(
        path=_text(document["path"]),
        digest=Digest(document["digest"]),
        git=_maybe(_git, document["git"]),
        lines={
            _text(address): _number(line) for address, line in document["lines"].items()
        },
    )


def _git(document: Document) -> GitState:
    return GitState(commit=_text(document["commit"]), dirty=_flag(document["dirty"]))


def _options(document: Document) -> Options:
    return Options(
        target=_names(document["target"]),
        exclude=_names(document["exclude"]),
        assume_down=_names(document["assume_down"]),
        restart_unknown=_flag(document["restart_unknown"]),
        start_stopped=_flag(document["start_stopped"]),
        while_stopped=_flag(document["while_stopped"]),
    )


def _node(name: str, document: Document) -> PlannedNode:
    return PlannedNode(
        name=NodeName(name),
        reached=_flag(document["reached"]),
        path=_maybe(_text, document["path"]),
        base=_maybe(_digest, document["base"]),
        result=_maybe(_digest, document["result"]),
        server_version=_maybe(_text, document["server_version"]),
        pending_restart=_flag(document["pending_restart"]),
        error=_maybe(_text, document["error"]),
        before=_maybe(_runs, document["before"]),
        after=_maybe(_runs, document["after"]),
    )


def _runs(document: Document) -> Runs:
    roles = document["roles"].items()
    return Runs(
        node_id=_number(document["node_id"]),
        roles={Role(role): _state(state) for role, state in roles},
    )


def _state(value: object) -> RoleState:
    if value in ("on", "off"):
        return On() if value == "on" else Off()
    if not isinstance(value, dict):
        raise TypeError("no part of a role")
    return Shard(_number(value["shard"]), _number(value["of"]))


def _change(document: Document) -> Change:
    return CHANGE_KINDS[document["kind"]](document)


def _told(document: Document) -> dict[str, Any]:
    return {"cause": Cause(document["cause"]), "reason": _text(document["reason"])}


def _one(document: Document) -> dict[str, Any]:
    (node,) = _names(document["nodes"])
    return {"node": node, **_told(document)}


def _many(document: Document) -> dict[str, Any]:
    return {"nodes": _names(document["nodes"]), **_told(document)}


def _id(text: object) -> NodeId:
    return NodeId(int(_text(text)))


CHANGE_KINDS: "dict[str, Callable[[Document], Change]]" = {
    "join": lambda d: Join(after=_id(d["after"]), **_one(d)),
    "leave": lambda d: Leave(before=_text(d["before"]), **_one(d)),
    "set_id": lambda d: SetId(after=_id(d["after"]), **_one(d)),
    "renumber": lambda d: Renumber(
        before=_text(d["before"]), after=_id(d["after"]), **_one(d)
    ),
    "set_hostname": lambda d: SetHostname(
        before=_maybe(_text, d["before"]), after=_text(d["after"]), **_one(d)
    ),
    "set_coordinator": lambda d: SetCoordinator(
        before=_maybe(_text, d["before"]), after=_maybe(_text, d["after"]), **_many(d)
    ),
    "set_store": lambda d: SetStore(
        store=_store_address(d)[0],
        key=_store_address(d)[1],
        before=_value(d["before"]),
        after=_value(d["after"]),
        **_many(d),
    ),
    "move_role": lambda d: MoveRole(
        role=Role(_text(d["address"]).removeprefix("roles.")),
        before=_holders(d["before"]),
        after=_holders(d["after"]),
        **_many(d),
    ),
    "drop_key": lambda d: DropKey(
        key=_dropped_key(d["address"]),
        before=_texts(d["before"]),
        after=_maybe(_texts, d["after"]),
        **_one(d),
    ),
    "restart": lambda d: Restart(**_one(d)),
}


def _store_address(document: Document) -> tuple[str, str]:
    found = store_key(_text(document["address"]))
    if found is None:
        raise ValueError("no address of a store's key")
    return found


def _dropped_key(address: object) -> str:
    found = _KEY_ADDRESS.fullmatch(_text(address))
    if found is None:
        raise ValueError("no address of a key")
    return found[1]


def _holders(value: object) -> RoleHolders:
    if value in ("all", "none"):
        return "all" if value == "all" else "none"
    return tuple(_texts(shard) for shard in _list(value))


def _edit(document: Document) -> FileEdit:
    return FileEdit(
        node=NodeName(document["node"]),
        key=_text(document["key"]),
        before=_value(document["before"]),
        after=_value(document["after"]),
        line=_maybe(_number, document["line"]),
    )


def _value(value: object) -> str | tuple[str, ...] | None:
    return _texts(value) if isinstance(value, list) else _maybe(_text, value)


def _step(document: Document) -> Step:
    return Step(
        number=_number(document["number"]),
        nodes=_names(document["nodes"]),
        actions=tuple(ActionName(each) for each in _list(document["actions"])),
        edits=tuple(_edit(each) for each in document["edits"]),
        result={
            NodeName(name): _maybe(_digest, digest)
            for name, digest in document["result"].items()
        },
        exposure=tuple(_exposure(each) for each in document["exposure"]),
        why=_text(document["why"]),
    )


def _exposure(document: Document) -> Exposure:
    return Exposure(
        role=None if document["role"] is None else Role(_text(document["role"])),
        nodes=_names(document["nodes"]),
        what=Risk(document["what"]),
    )


def _finding(document: Document) -> Finding:
    return Finding(
        code=_text(document["code"]),
        severity=Severity(document["severity"]),
        scope=Scope(document["scope"]),
        blocks=_flag(document["blocks"]),
        summary=_text(document["summary"]),
        detail=_text(document["detail"]),
        node=None if document["node"] is None else NodeName(document["node"]),
        file=_maybe(_text, document["file"]),
        line=_maybe(_number, document["line"]),
        key=_maybe(_text, document["key"]),
        hint=_text(document["hint"]),
    )


def _summary(document: Document, steps: tuple[Step, ...]) -> Summary:
    return Summary(
        add=_number(document["add"]),
        change=_number(document["change"]),
        remove=_number(document["remove"]),
        files=_number(document["files"]),
        restarts=_number(document["restarts"]),
        nodes_restarted=len(started(steps)),
    )


def _time(value: object) -> datetime:
    text = _text(value)
    if not _TIME.fullmatch(text):
        raise ValueError("no time")
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("no number")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _names(value: object) -> tuple[NodeName, ...]:
    return tuple(NodeName(text) for text in _texts(value))


def _digest(value: object) -> Digest:
    return Digest(_text(value))


def _maybe(read: "Callable[[Any], T]", value: object) -> T | None:
    return None if value is None else read(value)
