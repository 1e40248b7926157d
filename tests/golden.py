"""Golden cases: a folder each, with a cluster and the plan it should give.

`desired.toml`, `nodes/NODE.toml`, and where needed `state.json` and `case.toml`, which
says what files can't: options, stopped servers, versions, times, secrets, what a look
at a node shows, and whether the plan is made from a snapshot. A folder without `nodes`
holds a desired file that stops every command. Run the tests with GOLDEN=write to write
`plan.text`, `plan.markdown` and so on anew; then read what changed.
"""

import json
import os
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reports import CREATED, STARTED, WRITTEN, desired_of, report_of

from stalplan.errors import HostKeyMismatch
from stalplan.model.live import Seen, Unreachable
from stalplan.model.records import RecordedNode, State
from stalplan.model.secrets import EnvRef, Secret, Secrets, Unresolved
from stalplan.model.wishes import Desired
from stalplan.names import Digest, NodeName
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Plan, Planned
from stalplan.planning.preview import preview
from stalplan.planning.snapshot import snapshot_of

FOLDERS = sorted(
    path.parent for path in Path(__file__).parent.glob("cases/*/desired.toml")
)
CASES = [folder for folder in FOLDERS if (folder / "nodes").is_dir()]
WRONG = [folder for folder in FOLDERS if folder not in CASES]

FACTS = (
    *("unreadable_by_service", "replace_problem", "lease_problem"),
    *("service_problem", "file_problem", "other_names"),
)
"""What `case.toml` may say of a node in the words of a NodeReport."""


def planned_from(case: Path) -> Planned:
    """The plan of one case folder; one from a snapshot has nothing to carry out."""
    desired, seen, state, options = inputs_from(case)
    if (told := _toml(case / "case.toml").get("snapshot")) is not None:
        plan = _previewed(desired, seen, state, options, told)
        return Planned(plan=plan, results={}, bases={}, digests={}, health={})
    return make_plan(
        desired,
        seen,
        state,
        options=options,
        created=CREATED,
        secrets=secrets_from(case, desired),
    )


def inputs_from(case: Path) -> tuple[Desired, list[Seen], State | None, Options]:
    """What the plan of one case folder is made from."""
    told = _toml(case / "case.toml")
    files = sorted((case / "nodes").glob("*.toml"))
    seen = [_seen(path, told.get("nodes", {}).get(path.stem, {})) for path in files]
    seen += [_unreachable(name) for name in told.get("unreachable", ())]
    seen += [_another_key(name) for name in told.get("host_key_changed", ())]
    return (
        desired_of((case / "desired.toml").read_text()),
        seen,
        state_from(case / "state.json"),
        _options(told.get("options", {})),
    )


def _previewed(
    desired: Desired,
    seen: list[Seen],
    state: State | None,
    options: Options,
    told: dict[str, Any],
) -> Plan:
    """From a snapshot so many *hours* old, in which some nodes are *unknown*."""
    taken = CREATED - timedelta(hours=told.get("hours", 0))
    snapshot = snapshot_of(desired, seen, state, taken)
    machines = {
        name: machine
        for name, machine in snapshot.machines.items()
        if name not in told.get("unknown", ())
    }
    snapshot = replace(snapshot, machines=machines)
    return preview(desired, snapshot, options=options, created=CREATED)


def secrets_from(case: Path, desired: Desired) -> Secrets:
    """What the references lead to; only variables that the case has are set."""
    told = _toml(case / "case.toml").get("secrets", {})
    return {
        ref: Secret(told[ref.name])
        if isinstance(ref, EnvRef) and ref.name in told
        else Unresolved("It is not set.")
        for ref in desired.secret_refs
    }


def secret_differs(case: Path) -> bool:
    """Whether a live secret is not the wanted one, which no snapshot can tell."""
    return bool(_toml(case / "case.toml").get("secret_differs", False))


def check(path: Path, text: str) -> None:
    """*text* is what *path* holds; with GOLDEN=write it is made so."""
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    assert path.read_text() == text


def state_from(path: Path) -> State | None:
    """A state file of few words: id, host name, values, and when, by node."""
    if not path.exists():
        return None
    told = json.loads(path.read_text())
    nodes = {NodeName(name): _recorded(node) for name, node in told["nodes"].items()}
    return State(cluster=told["cluster"], lineage="-", serial=1, nodes=nodes)


def _recorded(told: dict[str, Any]) -> RecordedNode:
    values = {key: tuple(texts) for key, texts in told["values"].items()}
    began = told.get("started_values")
    return RecordedNode(
        node_id=told["id"],
        hostname=told.get("hostname"),
        digest=Digest("sha256:" + "0" * 64),
        values=values,
        started_values=None
        if began is None
        else {key: tuple(texts) for key, texts in began.items()},
        started_at=STARTED,
        applied_at=datetime.fromisoformat(told["applied_at"]),
    )


def _seen(path: Path, told: dict[str, Any]) -> Seen:
    newer, environment = timedelta(days=1), told.get("environment")
    before = path.with_suffix(".before")
    report = report_of(
        path.stem,
        path.read_bytes(),
        running=told.get("running", True),
        version=told.get("version", "0.15.5"),
        changed_at=STARTED + newer if told.get("newer") else WRITTEN,
        environment=environment,
        unit_environment=told.get("unit_environment", environment),
        backup=before.read_bytes() if before.exists() else None,
        host_key=told.get("host_key"),
    )
    file = report.file
    if "size" in told and file is not None:  # over the limit it is not even fetched
        file = replace(file, data=b"", size=told["size"], too_large=True)
    return replace(
        report,
        file=None if "file_problem" in told else file,
        unmade_probes=tuple(map(tuple, told.get("unmade_probes", ()))),
        **{key: told[key] for key in FACTS if key in told},
    )


def _unreachable(name: str) -> Unreachable:
    return Unreachable(
        node=NodeName(name),
        summary="Node unreachable",
        detail=f"{name}: connection refused.",
        hint=f"ssh {name}",
    )


def _another_key(name: str) -> Unreachable:
    return Unreachable(
        node=NodeName(name),
        summary=HostKeyMismatch.summary,
        detail=f"{name} showed another key than known_hosts has.",
        hint=f"ssh-keygen -F {name}",
    )


def _options(told: dict[str, Any]) -> Options:
    def names(key: str) -> tuple[NodeName, ...]:
        return tuple(map(NodeName, told.get(key, ())))

    return Options(
        target=names("target"),
        exclude=names("exclude"),
        assume_down=names("assume_down"),
        restart_unknown=told.get("restart_unknown", False),
        start_stopped=told.get("start_stopped", False),
        while_stopped=told.get("while_stopped", False),
    )


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text()) if path.exists() else {}
