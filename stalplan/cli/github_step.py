"""The files by which a step of GitHub Actions tells the runner more than a log can."""

from pathlib import Path

from stalplan.cli.form_files import append_form
from stalplan.cli.terminal import Terminal
from stalplan.planning.plan import Plan
from stalplan.render.github import SUMMARY, output_file, outputs, step_summary

LEAST = 1_000  # bytes in which a summary can at least say that it is not complete


def tell_step(terminal: Terminal, plan: Plan) -> None:
    """Add the plan to the step's summary and outputs; outside of a step do nothing.

    Both files are the runner's and may hold what other commands of the step wrote.
    """
    environ = terminal.environ
    if path := environ.get("GITHUB_OUTPUT"):
        append_form(path, output_file(outputs(plan)))
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        summary = Path(path)
        room = SUMMARY - (summary.stat().st_size if summary.exists() else 0)
        if room >= LEAST:
            append_form(path, step_summary(plan, room))
        else:
            terminal.say("Warning: this step's summary is full; the plan is not in it.")
