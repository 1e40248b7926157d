"""`stalplan completion`: the script that teaches a shell our commands."""

import click
from click.shell_completion import get_completion_class

from stalplan.cli.app import App
from stalplan.cli.options import Command, common_unused

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_STALPLAN_COMPLETE"  # what the script calls stalplan with; click's name


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
@common_unused
@click.pass_obj
def command(app: App, shell: str) -> int:
    """Print the completion script of a shell

    Completes commands, options, and the node and role names of the desired file.

    \b
    Examples, which give it to every new shell:
      stalplan completion bash > ~/.local/share/bash-completion/completions/stalplan
      stalplan completion zsh > ~/.zfunc/_stalplan   # a folder in $fpath
      stalplan completion fish > ~/.config/fish/completions/stalplan.fish
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    from stalplan.cli.main import cli  # noqa: PLC0415 - it loads us

    shells = get_completion_class(shell)
    assert shells is not None  # click knows these three
    app.terminal.write_raw(shells(cli, {}, "stalplan", VARIABLE).source() + "\n")
    return 0
