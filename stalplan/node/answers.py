"""The agent's answers -> records of the model. Garbage is an AgentFailed, no more."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from stalplan.errors import (
    AgentFailed,
    LeaseLost,
    LockHeld,
    PlanIsStale,
    StalplanError,
    Unfinished,
)
from stalplan.model.live import NodeFile, NodeReport, Service
from stalplan.model.records import Lease, StepRef, Transaction, Verdict
from stalplan.names import Digest, NodeName, RunId
from stalplan.node.agent import Field
from stalplan.node.asks import NO_PLAN

UNKNOWN_PLAN = Digest(f"sha256:{'0' * 64}")
"""Stands for the plan of a step that was staged before its run had a plan."""

_TICKS = 100  # clock ticks in a second; the same on every Linux that userland sees
# A start may lie up to a tick after the one that is told, and the clock that gives
# times to files, and to entries in /proc, stays behind by up to as much.
# Source: Linux kernel/time/timekeeping.c, ktime_get_coarse_real_ts64.
_LATE = timedelta(seconds=2 / _TICKS)
_VERSION = re.compile(rb"(?<![\d.])v?(\d+\.\d+\.\d+)(?![\d.])")


def refusal(node: NodeName, fields: Sequence[Field]) -> StalplanError | None:
    """The error that an answer tells of, if it tells of one."""
    errors = [field for field in fields if field.name == "error"]
    if not errors:
        return None
    code, _, text = errors[0].text.partition(" ")
    if code == "held":
        return _held(node, lease_of(node, fields, at=_EPOCH))
    kind, says, hint = _REFUSALS.get(code, (AgentFailed, "{node}: {text}.", ""))
    return kind(says.format(node=node, text=text), hint=hint)


_REFUSALS: dict[str, tuple[type[StalplanError], str, str]] = {
    "lease-lost": (LeaseLost, "{node} is now held by {text}, not by this run.", ""),
    "lease-expired": (
        LeaseLost,
        "The lease on {node} ran out; nothing more is done there.",
        "",
    ),
    "crowded": (LockHeld, "Others ask for the lease on {node} right now.", ""),
    "busy": (LockHeld, "A transaction of run {text} is at work on {node}.", ""),
    "stale": (PlanIsStale, "{node}: the file is now {text}, no longer the base.", ""),
    "unfinished": (
        Unfinished,
        "{node}: step {text} was begun before and has no verdict.",
        "stalplan recover",
    ),
    "tool": (AgentFailed, "{node} has no program {text}.", ""),
}


def _held(node: NodeName, lease: Lease) -> LockHeld:
    until = lease.until.strftime("%Y-%m-%d %H:%M:%S UTC")
    return LockHeld(
        f"{node} is held by run {lease.run} of {lease.who} until {until}.",
        hint=f"stalplan recover, or, if that run is dead: "
        f"stalplan unlock {node} {lease.run}",
    )


def lease_of(node: NodeName, fields: Sequence[Field], *, at: datetime) -> Lease:
    """The lease in an answer; *at* is the node's time then. Raises AgentFailed."""
    said = {field.name: field.text for field in fields}
    try:
        until = _time(said["lease_until"])
        return Lease(
            number=int(said["lease_number"]),
            run=RunId(said["lease_run"]),
            who=said["lease_who"],
            plan=None if said["lease_plan"] == NO_PLAN else Digest(said["lease_plan"]),
            until=until,
            expired=until <= at,
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise _damaged(node, "lease") from error


def transactions_of(node: NodeName, fields: Iterable[Field]) -> tuple[Transaction, ...]:
    """All records in an answer, the oldest step first. Raises AgentFailed."""
    groups: list[dict[str, Field]] = []
    for field in fields:
        if field.name == "transaction":
            groups.append({})
        if groups:
            groups[-1].setdefault(field.name, field)
    found = [_transaction(node, group) for group in groups]
    return tuple(sorted(found, key=lambda each: (each.began_at or _NEVER, each.step)))


def _transaction(node: NodeName, said: dict[str, Field]) -> Transaction:
    try:
        word, _, detail = (
            said["verdict"].text.partition("\n") if "verdict" in said else ("", "", "")
        )
        if not word and "why" in said:
            detail = said["why"].text
        plan, file_digest = said["plan"].text, said["file_digest"].text
        return Transaction(
            run=RunId(said["transaction"].text),
            plan=UNKNOWN_PLAN if plan == NO_PLAN else Digest(plan),
            step=int(said["step"].text),
            base=Digest(said["base"].text),
            result=Digest(said["result"].text),
            begun="began_at" in said,
            running="running" in said,
            verdict=Verdict(word) if word else None,
            detail=" ".join(detail.split()),
            file_digest=Digest(file_digest) if file_digest else None,
            remaining=_step_refs(said["remaining"].text),
            began_at=_time(said["began_at"].text) if "began_at" in said else None,
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise _damaged(node, "record of a transaction") from error


def _step_refs(text: str) -> tuple[StepRef, ...]:
    pairs = (each.split(":", 1) for each in text.split())
    return tuple(StepRef(step=int(step), node=NodeName(name)) for step, name in pairs)


def report_of(node: NodeName, fields: Sequence[Field]) -> NodeReport:
    """The whole report. Raises AgentFailed where it is no report."""
    # A file that changed while it was sent is sent again: the last one counts.
    said = {field.name: field for field in fields}
    texts = {field.name: field.text for field in fields if field.name not in _BYTES}
    try:
        read_at, fine = _now(texts["now"])
        service = _service(texts, read_at, fine=fine)
        file = _file(texts, said, fine=fine) if "file_facts" in said else None
    except (KeyError, ValueError, IndexError, OverflowError) as error:
        raise _damaged(node, "report") from error
    began_with = said.get("began_with")
    return NodeReport(
        node=node,
        read_at=read_at,
        file=file,
        other_names=_other_names(texts) if file else 0,
        file_problem=texts.get("file_problem") or None,
        unreadable_by_service="unreadable" in texts,
        service=service,
        service_problem=texts.get("service_problem") or None,
        server_version=_version(said.get("server_version")),
        replace_problem=texts.get("replace_problem") or None,
        lease_problem=texts.get("lease_problem") or None,
        unmade_probes=_unmade(fields),
        environment=_environment(said.get("environment")),
        unit_environment=_environment(said.get("unit_environment")),
        lease=lease_of(node, fields, at=read_at) if "lease_run" in texts else None,
        transactions=transactions_of(node, fields),
        backup_before_start=began_with.value if began_with else None,
    )


_BYTES = {"file", "began_with", "environment", "unit_environment"}
_EPOCH = datetime.fromtimestamp(0, UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


def _file(texts: dict[str, str], said: dict[str, Field], *, fine: bool) -> NodeFile:
    facts, changed, owner = texts["file_facts"].split("|")
    uid, gid, mode, _, size, _, _, _, ctime = facts.split()
    too_large = "too_large" in said
    data = b"" if too_large else said["file"].value
    if not too_large and len(data) != int(size):
        raise ValueError("the file's size is not that of what was sent")
    user, _, group = owner.partition(":")
    return NodeFile(
        path=texts["path"],
        real_path=texts["real_path"],
        data=data,
        size=int(size),
        owner=f"{_known(user, uid)}:{_known(group, gid)}",
        mode=int(mode, 8),
        changed_at=_changed_at(ctime, changed) if fine else _time(ctime),
        too_large=too_large,
    )


def _other_names(texts: dict[str, str]) -> int:
    facts, _, _ = texts["file_facts"].split("|")
    return int(facts.split()[3]) - 1


def _known(name: str, number: str) -> str:
    return number if name in ("", "UNKNOWN") else name


def _service(texts: dict[str, str], now: datetime, *, fine: bool) -> Service | None:
    """The start is the clock now, less the ticks since.

    It is taken late rather than early: a file that was written just before it must not
    look newer.
    """
    if "service_problem" in texts:
        return None
    running = texts["running"] == "yes"
    if not running or "pid" not in texts:
        return Service(running=running)
    age = timedelta(seconds=(int(texts["ticks"]) - int(texts["born"])) / _TICKS)
    late = _LATE if fine else _LATE + timedelta(seconds=1)
    return Service(running=True, pid=int(texts["pid"]), started_at=now - age + late)


def _now(facts: str) -> tuple[datetime, bool]:
    """The clock, and whether it told parts of seconds: not every stat does.

    *facts* are those of a process's entry in /proc, made at that moment.
    """
    numbers, changed, _ = facts.split("|")
    at = _changed_at(numbers.split()[-1], changed)
    return at, at.microsecond != 0


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), UTC)


def _changed_at(seconds: str, stamp: str) -> datetime:
    """*seconds* since 1970, and the part of a second that *stamp* tells besides.

    stat writes that one as 2026-11-24 01:30:18.979823844 +0000.
    """
    part = stamp.partition(".")[2].partition(" ")[0]
    return _time(seconds) + timedelta(microseconds=int(part[:6].ljust(6, "0")))


def _version(said: Field | None) -> str | None:
    """Only a bare version counts, perhaps after the server's name."""
    if said is None:
        return None
    lines = said.value.strip().splitlines()
    if len(lines) != 1:
        return None
    found = _VERSION.search(lines[0])
    return found[1].decode("ascii") if found else None


def _unmade(fields: Iterable[Field]) -> tuple[tuple[str, str], ...]:
    pairs = (field.text.partition("\t") for field in fields if field.name == "unmade")
    return tuple((probe, shows) for probe, _, shows in pairs)


def _environment(said: Field | None) -> dict[str, str]:
    """NAME=VALUE lines; a newline within a value travelled as one of code 1."""
    if said is None:
        return {}
    lines = said.value.decode("utf-8", "surrogateescape").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value.replace("\x01", "\n") for name, _, value in pairs}


def _damaged(node: NodeName, what: str) -> AgentFailed:
    return AgentFailed(f"{node}: its {what} can't be read; the answer is damaged.")


_OK = 200
_SETTINGS_WORDS = {
    "000": "nothing answers at that address",
    "401": "it refuses that user and password",
    "403": "that user may not read settings",
    "404": "it has no settings API",
}


def settings_of(node: NodeName, fields: Sequence[Field]) -> Mapping[str, str]:
    """A running server's settings. Raises AgentFailed where it told none.

    Source: stalwart v0.15.5 crates/http/src/management/settings.rs.
    """
    told = {field.name: field for field in fields}
    status = told["status"].text if "status" in told else "000"
    if status != str(_OK):
        why = _SETTINGS_WORDS.get(status, f"it answers with status {status or 'none'}")
        raise AgentFailed(f"{node}: the settings API was asked: {why}.")
    try:
        tree = json.loads(told["body"].value)["data"]
        return {str(key): str(text) for key, text in tree.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AgentFailed(
            f"{node}: the settings API gave an answer that it never gives."
        ) from error
