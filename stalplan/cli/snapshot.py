"""`stalplan snapshot`: what planning needs to know of the nodes, for plans offline."""

from pathlib import Path

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.guards import spare
from stalplan.cli.options import DESIRED_FILE, Command, common, parallelism_option
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.snapshots import write_snapshot
from stalplan.model.cluster import listed
from stalplan.model.live import Unreachable
from stalplan.run.snapshot import take_snapshot

UNREACHABLE = 4


@click.command("snapshot", cls=Command)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    required=True,
    help="The file to write; an old one is replaced.",
)
@parallelism_option
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    out: Path,
    parallelism: int,
) -> int:
    """Write what planning needs to know of the nodes, without their secrets

    Reads every node once, as `plan` does, and writes to F what `plan --snapshot F`
    needs: managed settings with their lines, store types, and how each service runs.
    No value of another setting, no comment and no secret is in it, so it can lie
    where pull requests are planned without any key. Changes nothing on any node.

    \b
    Examples:
      stalplan snapshot --out snapshot.json
      stalplan plan --snapshot snapshot.json --format markdown

    Exits 0; 4 if a node could not be reached, which the snapshot then tells.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    spare(file, out)
    desired = app.read_desired(file)
    transport = app.transport(parallelism)
    try:
        with progress(app.terminal) as reporter:
            taken = take_snapshot(
                desired,
                transport=transport,
                state=recorded_state(
                    state_folder(file, state), desired.cluster, app.terminal
                ),
                clock=app.clock,
                reporter=reporter,
            )
    finally:
        transport.close()
    write_snapshot(out, taken)
    count = len(taken.seen)
    app.terminal.write(
        f"Snapshot of {count} {'node' if count == 1 else 'nodes'} written to {out}.\n"
    )
    lost = [each for each in taken.seen if isinstance(each, Unreachable)]
    if not lost:
        return 0
    app.terminal.error(
        "Node unreachable",
        f"The snapshot knows nothing of {listed(each.node for each in lost)}.\n"
        + "\n".join(f"{each.summary}: {each.detail}" for each in lost),
        lost[0].hint,
    )
    return UNREACHABLE
