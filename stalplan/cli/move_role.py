"""`stalplan move-role`: who holds a role, in the desired file."""

from typing import TYPE_CHECKING

import click

from stalplan.cli.app import App
from stalplan.cli.completing import node_names, role_names
from stalplan.cli.options import DESIRED_FILE, Command, common
from stalplan.cli.rewriting import rewrite
from stalplan.errors import DesiredFileWrong
from stalplan.model.rewriting.members import move_role
from stalplan.model.wishes import Shards
from stalplan.names import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.model.rewriting.writing import Value
    from stalplan.model.wishes import Desired

WORDS = ("all", "none")  # instead of nodes


@click.command("move-role", cls=Command)
@click.argument("role", shell_complete=role_names)
@click.argument("more", nargs=-1, metavar="[NODE]...", shell_complete=node_names)
@click.option(
    "--to",
    "nodes",
    metavar="NODE",
    multiple=True,
    required=True,
    shell_complete=node_names,
    help="Who is to hold it: nodes, or all, or none. Repeatable.",
)
@click.option(
    "--shards",
    type=click.Choice(["each", "one"]),
    help="A shard for each node, or one for all. Default: as it is now.",
)
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,  # noqa: ARG001 - --state is common to all commands
    role: str,
    nodes: tuple[str, ...],
    more: tuple[str, ...],
    shards: str | None,
) -> int:
    """Say in the desired file who holds a role

    Changes that role's one value, or adds it, and touches no other line and no
    server.

    \b
    Examples:
      stalplan move-role purge.stores --to mx3
      stalplan move-role push-notifications --to mx1 mx2 mx3 --shards each
      stalplan move-role fts-indexing --to all

    Exits 0; 3 if the file is wrong or would be.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    holders = [*nodes, *more]

    def edit(text: str, desired: "Desired") -> str:
        return move_role(text, Role(role), _wish(desired, Role(role), holders, shards))

    rewrite(app, file, edit)
    return 0


def _wish(
    desired: "Desired", role: Role, holders: "Sequence[str]", shards: str | None
) -> "Value":
    if len(holders) == 1 and holders[0] in WORDS:
        return holders[0]
    if shards is None:
        shards = _as_now(desired, role, holders)
    return [[each] for each in holders] if shards == "each" else list(holders)


def _as_now(desired: "Desired", role: Role, holders: "Sequence[str]") -> str:
    """One shard stays one, a shard each stays so; in between only a person knows."""
    wish = desired.roles.get(role)
    if not isinstance(wish, Shards) or len(wish.shards) == 1 or len(holders) == 1:
        return "one"
    if all(len(shard) == 1 for shard in wish.shards):
        return "each"
    raise DesiredFileWrong(
        f"{role} has {len(wish.shards)} shards of several nodes now: say how many "
        "it is to have.",
        hint=f"stalplan move-role {role} --to {' '.join(holders)} --shards each",
    )
