"""Golden cases: a folder each, with a cluster and the plan it should give.

`desired.toml`, `nodes/NODE.toml`, and where needed `state.json` and `case.toml`, which
says what files can't: options, stopped servers, versions, times, secrets. Run the
tests with GOLDEN=write to write `plan.text`, `plan.markdown` and so on anew; then read
what changed.
"""

import json
import os
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reports import CREATED, STARTED, WRITTEN, desired_of, report_of

from stalplan.model.live import Seen, Unreachable
from stalplan.model.records import RecordedNode, State
from stalplan.model.secrets import EnvRef, Secret, Secrets, Unresolved
from stalplan.model.wishes import Desired
from stalplan.names import Digest, NodeName
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Planned

CASES = sorted(
    path.parent for path in Path(__file__).parent.glob("cases/*/desired.toml")
)


def planned_from(case: Path) -> Planned:
    """The plan of one case folder."""
    desired, seen, state, options = inputs_from(case)
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
    return (
        desired_of((case / "desired.toml").read_text()),
        seen,
        state_from(case / "state.json"),
        _options(told.get("options", {})),
    )


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
    newer = timedelta(days=1)
    return report_of(
        path.stem,
        path.read_bytes(),
        running=told.get("running", True),
        version=told.get("version", "0.15.5"),
        changed_at=STARTED + newer if told.get("newer") else WRITTEN,
        environment=told.get("environment"),
        unit_environment=told.get("environment"),
        host_key=told.get("host_key"),
    )


def _unreachable(name: str) -> Unreachable:
    return Unreachable(
        node=NodeName(name),
        summary="Node unreachable",
        detail=f"{name}: connection refused.",
        hint=f"ssh {name}",
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
