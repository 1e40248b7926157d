"""Options that several commands share, and the environment names of all of them."""

from collections.abc import Callable
from typing import Any

import click

DESIRED_FILE = "stalplan.toml"

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Helpful(click.Command):
    """A command whose help is a result like others: that it is lost is told."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own, which writes by our terminal."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = telling(click.Context.get_help)
        return option


def telling(
    text_of: Callable[[click.Context], str],
) -> Callable[[click.Context, click.Parameter, bool], None]:
    """What an option does that says something and does nothing else."""

    def tell(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click passes it so
        if value and not ctx.resilient_parsing:
            ctx.obj.terminal.write_raw(f"{text_of(ctx)}\n")
            ctx.exit()

    return tell


class Command(Helpful):
    """A command whose every option can come from STALPLAN_<COMMAND>_<OPTION>."""

    def __init__(self, name: str, **settings: Any) -> None:  # noqa: ANN401 - click's
        settings.setdefault("context_settings", {})
        settings["context_settings"]["help_option_names"] = ["-h", "--help"]
        super().__init__(name, **settings)
        for option in self.params:
            if isinstance(option, click.Option):
                option.envvar = environment_name(name, option)
                option.show_envvar = False


def environment_name(command: str, option: click.Option) -> str:
    """`--detailed-exitcode` of `plan` is STALPLAN_PLAN_DETAILED_EXITCODE."""
    long = max(option.opts, key=len).lstrip("-")
    return f"STALPLAN_{command}_{long}".replace("-", "_").upper()


def _no_color(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click passes it so
    if value and ctx.obj is not None:
        ctx.obj.terminal.no_color = True


no_color: Decorator = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_no_color,
    help="No colour, whatever the terminal can do.",
)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-f`, `--state` and `--no-color`, which every command takes."""
    for option in (
        no_color,
        click.option(
            "--state",
            type=click.Path(),
            metavar="DIR",
            help="Folder of state and runs. Default: state/ beside the desired file.",
        ),
        click.option(
            "-f",
            "--file",
            type=click.Path(),
            metavar="FILE",
            default=None,
            help=f"The desired-state file. Default: {DESIRED_FILE}.",
        ),
    ):
        command = option(command)
    return command


def common_unused(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same options on a command that has no use for a file or a state folder."""
    text = "Every command takes it; this one has no use for it."
    for names in (("--state",), ("-f", "--file")):
        option = click.option(*names, metavar="PATH", expose_value=False, help=text)
        command = option(command)
    return no_color(command)


text_or_json: Decorator = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What goes to stdout; json is one document and nothing else.",
)

parallelism_option: Decorator = click.option(
    "--parallelism",
    type=click.IntRange(1, 256),
    default=32,
    show_default=True,
    help="Nodes that are read at the same time, at most.",
)
