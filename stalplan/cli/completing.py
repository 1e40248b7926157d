"""What the shell offers for node and role names: what the desired file has."""

import click
from click.shell_completion import CompletionItem

from stalplan.cli.app import App
from stalplan.cli.options import DESIRED_FILE
from stalplan.cli.terminal import Terminal
from stalplan.errors import DesiredFileWrong
from stalplan.model.wishes import Desired
from stalplan.stalwart.releases import roles_of


def node_names(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The nodes of the desired file, with their ids."""
    desired = _desired(ctx)
    if desired is None:
        return []
    return [
        CompletionItem(node.name, help=f"id {node.node_id}")
        for node in desired.nodes
        if node.name.startswith(incomplete)
    ]


def role_names(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The roles that the desired release has."""
    desired = _desired(ctx)
    if desired is None:
        return []
    return [
        CompletionItem(role)
        for role in roles_of(desired.release)
        if role.startswith(incomplete)
    ]


def _desired(ctx: click.Context) -> Desired | None:
    """The file that this command line names; a wrong one completes nothing."""
    app = App(terminal=Terminal(environ={}))
    try:
        return app.read_desired(ctx.params.get("file") or DESIRED_FILE)
    except DesiredFileWrong:
        return None
