"""The options of planning, which `plan` and `apply` share."""

from collections.abc import Callable
from typing import Any

import click

from stalplan.cli.completing import node_names
from stalplan.cli.options import parallelism_option
from stalplan.model.wishes import Desired
from stalplan.names import NodeName
from stalplan.planning.plan import Options


def planning_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a plan can be asked for on the command line."""
    for option in (
        parallelism_option,
        click.option(
            "--while-stopped",
            is_flag=True,
            help="Refuse while any node's service runs.",
        ),
        click.option(
            "--start-stopped",
            is_flag=True,
            help="Also start the services that are found stopped.",
        ),
        click.option(
            "--restart-unknown",
            is_flag=True,
            help="Restart nodes that may run with other values than their file's.",
        ),
        _nodes("--assume-down", "Plan as if NODE could not run; implies --exclude."),
        _nodes("--exclude", "Don't ask NODE, and plan so that this is safe."),
        _nodes("--target", "Change only NODE."),
    ):
        command = option(command)
    return command


def _nodes(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        name,
        metavar="NODE",
        multiple=True,
        shell_complete=node_names,
        help=f"{text} Repeatable.",
    )


def options_of(
    desired: Desired,
    *,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    assume_down: tuple[str, ...],
    restart_unknown: bool,
    start_stopped: bool,
    while_stopped: bool,
) -> Options:
    """The planning options, with every node that they name checked."""
    known = {node.name for node in desired.nodes}
    for name in (*target, *exclude, *assume_down):
        if name not in known:
            raise click.BadParameter(
                f"{name!r} is no node of {desired.file}: {', '.join(sorted(known))}."
            )
    return Options(
        target=_names(target),
        exclude=_names(exclude),
        assume_down=_names(assume_down),
        restart_unknown=restart_unknown,
        start_stopped=start_stopped,
        while_stopped=while_stopped,
    )


def _names(texts: tuple[str, ...]) -> tuple[NodeName, ...]:
    return tuple(sorted({NodeName(text) for text in texts}))
