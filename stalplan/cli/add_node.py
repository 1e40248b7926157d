"""`stalplan add-node`: one more node in the desired file."""

from typing import TYPE_CHECKING

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.completing import node_names
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.cli.recorded import recorded_state
from stalplan.cli.rewriting import rewrite
from stalplan.errors import DesiredFileWrong
from stalplan.model.rewriting import add_node
from stalplan.model.rewriting.members import free_id, like
from stalplan.names import NodeName

if TYPE_CHECKING:
    from stalplan.model.rewriting.writing import Value
    from stalplan.model.wishes import Desired


@click.command("add-node", cls=Command)
@click.argument("name")
@click.option("--address", metavar="A", required=True, help="Where SSH finds it.")
@click.option(
    "--like",
    "model",
    metavar="NODE",
    shell_complete=node_names,
    help="Take over this node's labels and its ssh and service settings.",
)
@click.option(
    "--id",
    "node_id",
    type=int,
    metavar="ID",
    help="Its id. Default: the lowest that no node has or had.",
)
@click.option("--hostname", metavar="HOST", help="Its own server.hostname.")
@click.option("--label", "labels", metavar="LABEL", multiple=True, help="Repeatable.")
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    name: str,
    address: str,
    model: str | None,
    node_id: int | None,
    hostname: str | None,
    labels: tuple[str, ...],
) -> int:
    """Add a node to the desired file

    Writes its table behind the last node's, in the file's own style, and touches no
    other line and no server. Roles that pick nodes by label find it by its labels;
    roles that name nodes are left to `stalplan move-role`.

    \b
    Examples:
      stalplan add-node mx4 --address 192.0.2.14 --like mx3
      stalplan add-node mx4 --address 192.0.2.14 --id 7 --label back

    Exits 0; 3 if the file is wrong or would be.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE

    def edit(text: str, desired: "Desired") -> str:
        folder = state_folder(file, state)
        recorded = recorded_state(folder, desired.cluster, app.terminal)
        taken = frozenset(
            node.node_id for node in (recorded.nodes.values() if recorded else ())
        )
        chosen = node_id if node_id is not None else free_id(desired, taken)
        _check_names(desired, name, model, file)
        settings: dict[str, Value] = {"id": _known(chosen), "address": address}
        if hostname is not None:
            settings["hostname"] = hostname
        settings |= like(text, NodeName(model)) if model is not None else {}
        if labels:
            settings["labels"] = list(labels)
        return add_node(text, name, settings)

    rewrite(app, file, edit)
    return 0


def _known(node_id: int | None) -> int:
    if node_id is None:
        raise DesiredFileWrong("All ids from 1 to 511 are taken.")
    return node_id


def _check_names(desired: "Desired", name: str, model: str | None, file: str) -> None:
    names = {node.name for node in desired.nodes}
    if name in names:
        place = desired.place("nodes", name)
        line = f":{place.line}" if place else ""
        raise DesiredFileWrong(f"{file}{line}: there is a node {name} already.")
    if model is not None and model not in names:
        raise DesiredFileWrong(
            f"{file}: no node is named {model}; there are {', '.join(sorted(names))}."
        )
