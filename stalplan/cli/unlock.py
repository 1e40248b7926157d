"""`stalplan unlock`: remove a lock whose id is named."""

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.asking import approved
from stalplan.cli.completing import lock_places
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.cli.progress import progress
from stalplan.errors import StalplanError
from stalplan.model.inventory import Node
from stalplan.model.wishes import Desired
from stalplan.names import RunId
from stalplan.run.together import together
from stalplan.store.lock import remove_lock


class NoSuchLock(StalplanError):
    """Nothing here is held under that id; nothing was changed."""

    summary = "No such lock"


@click.command("unlock", cls=Command)
@click.argument("where", metavar="NODE|all|local", shell_complete=lock_places)
@click.argument("lock_id", metavar="LOCK-ID")
@click.option("--auto-approve", is_flag=True, help="Don't ask.")
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    where: str,
    lock_id: str,
    file: str | None,
    state: str | None,
    auto_approve: bool,
) -> int:
    """Remove a lock whose id is named

    LOCK-ID is the run's id, as the error that met the lock shows it. A run that
    still lives is refused at its next act. Usually `stalplan recover` is what you
    want: it also ends what the run began.

    \b
    Examples:
      stalplan unlock mx1 20261124T012000Z-3fa9c1
      stalplan unlock all 20261124T012000Z-3fa9c1
      stalplan unlock local 20261124T012000Z-3fa9c1   # the lock on this machine

    Exits 0; 1 if nothing there is held under that id.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    nodes = _nodes(desired, where)
    question = f"Remove the lock {lock_id} of {where}?"
    if not auto_approve and not approved(
        app.terminal, question, command=f"stalplan unlock {where} {lock_id}"
    ):
        app.terminal.write("Unlock cancelled.\n")
        return 1
    if where == "local":
        removed = remove_lock(state_folder(file, state), desired.cluster, lock_id)
        freed = ["local"] if removed else []
    else:
        freed = _free(app, nodes, RunId(lock_id))
    if not freed:
        raise NoSuchLock(f"Nothing of {where} is held by {lock_id}.")
    app.terminal.write(f"Unlocked: {', '.join(freed)}.\n")
    return 0


def _nodes(desired: Desired, where: str) -> list[Node]:
    if where == "local":
        return []
    found = [node for node in desired.nodes if where in {"all", node.name}]
    if not found:
        raise click.BadParameter(f"{where!r} is no node of {desired.file}.")
    return found


def _free(app: App, nodes: list[Node], run: RunId) -> list[str]:
    """The nodes that were held by *run* and no longer are; what fails is told."""
    transport = app.transport(len(nodes))
    freed = []
    try:
        with progress(app.terminal) as reporter:
            for node, result in together(
                lambda node: transport.session(node).break_lease(run), nodes
            ):
                if isinstance(result, StalplanError):
                    reporter.note(f"{node.name}: {result.detail}")
                elif result:
                    freed.append(str(node.name))
    finally:
        transport.close()
    return sorted(freed)
