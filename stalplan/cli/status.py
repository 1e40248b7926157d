"""`stalplan status`: where every node stands."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.durations import DURATION
from stalplan.cli.options import (
    DESIRED_FILE,
    Command,
    common,
    parallelism_option,
    text_or_json,
)
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.status_view import status_table, status_text
from stalplan.model.secrets import Secret, Unresolved
from stalplan.model.wishes import Desired
from stalplan.planning.status import NodeStatus
from stalplan.ports import Reporter
from stalplan.render.status import notes_of, status_json
from stalplan.run.look import SILENT
from stalplan.run.status import status_now

if TYPE_CHECKING:
    from rich.console import RenderableType

UNREACHABLE = 4

Ask = Callable[[Reporter], tuple[NodeStatus, ...]]


@click.command("status", cls=Command)
@click.option("--watch", is_flag=True, help="Look again and again, on a terminal.")
@click.option(
    "--interval",
    type=DURATION,
    default="2s",
    show_default=True,
    help="Between two looks of --watch.",
)
@text_or_json
@parallelism_option
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    form: str,
    watch: bool,
    interval: float,
    parallelism: int,
) -> int:
    """Show where every node stands

    For each node: how long it took to read it, its installed release, the id, the
    hostname and the roles that its process really runs, whether that is what its
    file says, who holds it, what was left unfinished, and when it was last applied.
    With [api] in the desired file the running server is asked too.

    \b
    Examples:
      stalplan status
      stalplan status --watch --interval 5s
      stalplan status --format json

    Exits 0; 4 if a node could not be read.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    if watch and (form == "json" or not app.terminal.out.isatty()):
        raise click.BadParameter("--watch needs a terminal and text.")
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    folder = state_folder(file, state)
    password = _password(app, desired)
    transport = app.transport(parallelism)

    def ask(reporter: Reporter) -> tuple[NodeStatus, ...]:
        return status_now(
            desired,
            transport=transport,
            state=recorded_state(folder, desired.cluster, app.terminal),
            password=password,
            clock=app.clock,
            reporter=reporter,
        )

    try:
        if watch:
            _watch(app, ask, interval)
            return 0
        with progress(app.terminal) as reporter:
            statuses = ask(reporter)
    finally:
        transport.close()
    if form == "json":
        app.terminal.write_raw(status_json(statuses, cluster=desired.cluster))
    else:
        app.terminal.write(status_text(statuses))
    return UNREACHABLE if any(status.error for status in statuses) else 0


def _password(app: App, desired: Desired) -> Secret | Unresolved | None:
    return None if desired.api is None else app.commands().secret(desired.api.password)


def _watch(app: App, ask: Ask, interval: float) -> None:
    """Until Ctrl-C, which is how one ends it. The table itself is the progress."""
    from rich.console import Console, Group  # noqa: PLC0415 - only where it is seen
    from rich.live import Live  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    def view(statuses: tuple[NodeStatus, ...]) -> "RenderableType":
        notes = [note for status in statuses for note in notes_of(status)]
        now = f"\n{app.clock.now():%Y-%m-%d %H:%M:%S} UTC; Ctrl-C ends this."
        return Group(status_table(statuses), Text("\n".join(["", *notes])), Text(now))

    console = Console(
        file=app.terminal.out,
        no_color=not app.terminal.colours(app.terminal.out),
        highlight=False,
    )
    try:
        with Live(view(ask(SILENT)), console=console, auto_refresh=False) as live:
            while True:
                app.clock.sleep(interval)
                live.update(view(ask(SILENT)), refresh=True)
    except KeyboardInterrupt:
        return
