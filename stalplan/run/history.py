"""What past runs did, from their plans and journals in the state folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stalplan.errors import PlanUnreadable, StalplanError
from stalplan.names import NodeName, RunId
from stalplan.planning.plan import Plan
from stalplan.planning.plan_json import plan_from_json

BEGUN = "run-begun"
ENDED = "run-ended"
RECOVERED = "recovered"

Record = Mapping[str, object]


class NoSuchRun(StalplanError):
    """No run, or more than one, goes by that name here."""

    summary = "No such run"


class PastRuns(Protocol):
    """The local folder of runs, as far as looking back needs it."""

    def runs(self) -> Sequence[RunId]:
        """All runs of the cluster, oldest first."""

    def records(self, run: RunId) -> Sequence[Record]:
        """All records of one run, oldest first."""

    def plan_json(self, run: RunId) -> str | None:
        """The run's plan as it was, or None where the folder lost it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run. *plan* is None where the run began elsewhere, or its plan is damaged.

    *exit_code* is None while the run has no end, or where it failed before it touched
    anything; *outcome* is a word for it. *nodes* are those of the plan's steps.
    """

    run: RunId
    began: datetime | None  # UTC, our clock
    ended: datetime | None  # UTC, our clock; None: unfinished
    who: str
    plan: Plan | None
    outcome: str
    nodes: Mapping[NodeName, str]


def history(runs: PastRuns) -> tuple[PastRun, ...]:
    """All runs that are known here, newest first."""
    return tuple(_past(runs, run) for run in reversed(runs.runs()))


def one_run(runs: PastRuns, name: str) -> PastRun:
    """The run whose id is *name*, or begins or ends with it. Raises NoSuchRun."""
    known = runs.runs()
    fitting = [run for run in known if run.startswith(name) or run.endswith(name)]
    if name in known:
        return _past(runs, RunId(name))
    if len(fitting) != 1:
        found = ", ".join(fitting) if fitting else "none"
        raise NoSuchRun(
            f"{name!r} should name one run, and names {found}.",
            hint="stalplan history",
        )
    return _past(runs, fitting[0])


def _past(runs: PastRuns, run: RunId) -> PastRun:
    records = runs.records(run)
    first = records[0]
    ends = [record for record in records if record["event"] == ENDED]
    end = ends[-1] if ends else None
    plan = _plan(runs.plan_json(run), run)
    return PastRun(
        run=run,
        began=_time(first),
        ended=None if end is None else _time(end),
        who=str(first.get("who", "")),
        plan=plan,
        outcome=_outcome(end),
        nodes=_nodes(plan, end, records),
    )


def _time(record: Record) -> datetime | None:
    try:
        return datetime.fromisoformat(str(record.get("at")))
    except ValueError:
        return None


def _plan(text: str | None, run: RunId) -> Plan | None:
    if text is None:
        return None
    try:
        return plan_from_json(text, file=f"the plan of run {run}")
    except PlanUnreadable:
        return None  # of another version, or damaged: the run is still told


_WORDS = {0: "complete", 7: "failed", 8: "unfinished", 130: "stopped"}


def _outcome(end: Record | None) -> str:
    """A code is what apply ended with; a text says why nothing was begun."""
    if end is None:
        return "unfinished"
    outcome = end.get("outcome")
    if isinstance(outcome, int):
        return _WORDS.get(outcome, f"exit {outcome}")
    return RECOVERED if outcome == RECOVERED else f"not begun: {outcome}"


def _nodes(
    plan: Plan | None, end: Record | None, records: Sequence[Record]
) -> Mapping[NodeName, str]:
    """What became of each node; without a record of it, what was begun."""
    told = (end or {}).get("nodes")
    if isinstance(told, Mapping):
        return {NodeName(str(name)): str(what) for name, what in sorted(told.items())}
    steps = {name for step in (plan.steps if plan else ()) for name in step.nodes}
    begun = {str(record["node"]) for record in records if "node" in record}
    words = {True: "begun", False: "untouched"}
    return {name: words[name in begun] for name in sorted(steps)}
