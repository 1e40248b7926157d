"""`stalplan remove-node`: one node less in the desired file."""

from typing import TYPE_CHECKING

import click

from stalplan.cli.app import App
from stalplan.cli.completing import node_names
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.cli.rewriting import rewrite
from stalplan.errors import DesiredFileWrong
from stalplan.model.rewriting import remove_node
from stalplan.model.rewriting.members import forget_node, held_alone
from stalplan.names import NodeName

if TYPE_CHECKING:
    from stalplan.model.wishes import Desired


@click.command("remove-node", cls=Command)
@click.argument("name", shell_complete=node_names)
@common
@click.pass_obj
def command(app: App, /, *, file: str | None, state: str | None, name: str) -> int:  # noqa: ARG001 - --state is common to all commands
    """Remove a node from the desired file

    Takes out its table and its name from the roles that other nodes hold too. A role
    that it alone holds must be moved first. The machine itself is not touched: stop
    its server, then plan and apply, so that its id goes from the other nodes' lists.

    \b
    Examples:
      stalplan remove-node mx2
      stalplan move-role purge.stores --to mx3 && stalplan remove-node mx2

    Exits 0; 3 if the file is wrong or would be.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE

    def edit(text: str, desired: "Desired") -> str:
        if name not in {node.name for node in desired.nodes}:
            names = ", ".join(node.name for node in desired.nodes)
            raise DesiredFileWrong(
                f"{file}: no node is named {name}; there are {names}."
            )
        alone = held_alone(text, NodeName(name))
        if alone:
            raise DesiredFileWrong(
                f"{file}: nobody else holds {', '.join(alone)}. Nothing was written.",
                hint=f"stalplan move-role {alone[0]} --to NODE",
            )
        return remove_node(forget_node(text, NodeName(name)), name)

    rewrite(app, file, edit)
    return 0
