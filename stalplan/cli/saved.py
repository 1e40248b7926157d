"""A plan in a file: this JSON and nothing more."""

from pathlib import Path

from stalplan.errors import PlanUnreadable
from stalplan.planning.plan import Plan
from stalplan.planning.plan_json import plan_from_json, plan_to_json
from stalplan.store.files import write_result

MOST_BYTES = 256 << 20


def read_saved_plan(path: Path) -> Plan:
    """The plan in *path*. Raises PlanUnreadable, which says why."""
    try:
        with path.open("rb") as handle:
            text = handle.read(MOST_BYTES + 1)
    except OSError as error:
        hint = f"ls -l {path}" if path.exists() else f"stalplan plan --out {path}"
        raise PlanUnreadable(f"{path}: {error.strerror}.", hint=hint) from error
    if len(text) > MOST_BYTES:
        raise PlanUnreadable(
            f"{path}: no plan is that large.", hint="stalplan plan --out new.plan"
        )
    try:
        return plan_from_json(text.decode("utf-8"), file=str(path))
    except UnicodeDecodeError as error:
        raise PlanUnreadable(
            f"{path} is no plan.", hint="stalplan plan --out new.plan"
        ) from error


def write_saved_plan(path: Path, plan: Plan) -> None:
    """Write *plan*, whole or not at all."""
    try:
        write_result(path, plan_to_json(plan).encode())
    except OSError as error:
        raise PlanUnwritable(
            f"{path}: {error.strerror}.", hint=f"ls -ld {path.parent}"
        ) from error


class PlanUnwritable(PlanUnreadable):
    """The file named by --out can't be written; no node was changed."""

    summary = "The plan file can't be written"
