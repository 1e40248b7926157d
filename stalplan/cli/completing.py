"""What the shell offers for nodes, roles and runs: what the files here have."""

import click
from click.shell_completion import CompletionItem

from stalplan.cli.app import App, state_folder
from stalplan.cli.options import DESIRED_FILE
from stalplan.cli.terminal import Terminal
from stalplan.errors import DesiredFileWrong
from stalplan.model.wishes import Desired
from stalplan.stalwart.releases import roles_of
from stalplan.store.runs import RunFolder


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


def lock_places(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Where a lock may lie: a node, all of them, this machine."""
    words = [word for word in ("all", "local") if word.startswith(incomplete)]
    return [*node_names(ctx, param, incomplete), *map(CompletionItem, words)]


def run_ids(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The runs that are kept beside the state, newest first."""
    desired = _desired(ctx)
    if desired is None:
        return []
    folder = state_folder(desired.file, ctx.params.get("state"))
    runs = RunFolder(folder, desired.cluster).runs()
    return [CompletionItem(run) for run in runs[::-1] if run.startswith(incomplete)]


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
