"""`stalplan history`: what past runs did, and the plan of one as it was."""

import json

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.completing import run_ids
from stalplan.cli.formats import format_option, write_plan
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.planning.facts import facts
from stalplan.run.history import NoSuchRun, PastRun, history, one_run
from stalplan.store.runs import RunFolder


@click.command("history", cls=Command)
@click.argument("run", required=False, shell_complete=run_ids)
@format_option
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    run: str | None,
    forms: tuple[str, ...],
) -> int:
    """Show what past runs did

    Lists the runs that are kept beside the state, newest first: when, who, what was
    planned, and what became of each node. With RUN, the beginning or the end of a
    run's id, prints its plan as it was, in any format of `stalplan plan`. Reads files
    of this machine only.

    \b
    Examples:
      stalplan history
      stalplan history --format json
      stalplan history 20261124T0131 --format markdown

    Exits 0; 1 if there is no such run, or its plan is not kept.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    runs = RunFolder(state_folder(file, state), desired.cluster)
    if run is not None:
        past = one_run(runs, run)
        if past.plan is None:
            raise NoSuchRun(
                f"The plan of run {past.run} is not kept here, or is damaged."
            )
        write_plan(app.terminal, past.plan, forms)
        return 0
    known = history(runs)
    match forms:
        case () | ("text",):
            app.terminal.write(_text(known))
        case ("json",):
            app.terminal.write_raw(_json(desired.cluster, known))
        case _:
            raise click.BadParameter("the list of runs has text and json only.")
    return 0


def _text(runs: tuple[PastRun, ...]) -> str:
    if not runs:
        return "No runs yet.\n"
    return "\n".join(_entry(run) for run in runs)


def _entry(past: PastRun) -> str:
    when = f"{past.began:%Y-%m-%d %H:%M:%S} UTC" if past.began else "at an unknown time"
    lines = [f"{past.run}  {past.outcome}", f"  {when}{_lasted(past)}, {past.who}"]
    if past.plan is not None:
        digest = past.plan.digest or ""
        lines += [f"  {past.plan.summary.sentence}", f"  {digest}"]
    else:
        lines.append("  Its plan is not kept here.")
    words = list(past.nodes.values())
    for word in dict.fromkeys(words):
        names = ", ".join(name for name, what in past.nodes.items() if what == word)
        lines.append(f"  {word}: {names}")
    return "\n".join(lines) + "\n"


def _lasted(past: PastRun) -> str:
    if past.began is None or past.ended is None:
        return ""
    return f", {(past.ended - past.began).total_seconds():.0f} s"


def _json(cluster: str, runs: tuple[PastRun, ...]) -> str:
    document = {
        "format_version": "1.0",
        "cluster": cluster,
        "findings": [],
        "runs": [_run(past) for past in runs],
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _run(past: PastRun) -> dict[str, object]:
    summary = past.plan.summary if past.plan else None
    return {
        "run": past.run,
        "began": f"{past.began:%Y-%m-%dT%H:%M:%SZ}" if past.began else None,
        "ended": f"{past.ended:%Y-%m-%dT%H:%M:%SZ}" if past.ended else None,
        "who": past.who,
        "outcome": past.outcome,
        "plan": past.plan.digest if past.plan else None,
        "summary": {
            "add": summary.add,
            "change": summary.change,
            "remove": summary.remove,
            "files": summary.files,
            "restarts": summary.restarts,
        }
        if summary
        else None,
        "changes": [facts(change).address for change in past.plan.changes]
        if past.plan
        else None,
        "nodes": dict(past.nodes),
    }
