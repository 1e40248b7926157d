"""The command group, and the one place where failures become text and a code."""

import importlib
import keyword
import os
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from stalplan.cli import VERSION
from stalplan.cli.app import App
from stalplan.cli.failures import asked_forms, write_failure
from stalplan.cli.options import Helpful, telling
from stalplan.cli.terminal import Terminal
from stalplan.errors import StalplanError
from stalplan.findings import Finding

USAGE_ERROR = 64  # 2 means "there are changes"
INTERRUPTED = 130

# Each command lives in a module of its name and is loaded only when it is used.
COMMANDS = {
    "import": "Write a desired file from running nodes",
    "validate": "Check the desired file; no network",
    "plan": "Show what apply would do; change nothing",
    "show": "Print a saved plan",
    "snapshot": "Write what planning needs to know of the nodes",
    "apply": "Carry out a plan",
    "recover": "End an interrupted apply",
    "status": "Show where every node stands",
    "drift": "Show what changed on the nodes since the last apply",
    "history": "Show what past runs did",
    "unlock": "Remove a lock whose id is named",
    "add-node": "Add a node to the desired file",
    "remove-node": "Remove a node from the desired file",
    "move-role": "Say in the desired file who holds a role",
    "inspect": "Show what a server would read from a config.toml",
    "schema": "Print a JSON Schema of the desired file or of the plan",
    "completion": "Print the completion script of a shell",
    "demo": "Try all of it on three small nodes on this machine",
}


class Commands(Helpful, click.Group):
    """Loads a command's module when it is asked for, so that help costs nothing."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """In the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None."""
        if name not in COMMANDS:
            return None
        word = name.replace("-", "_")
        word += "_" if keyword.iskeyword(word) else ""
        module = importlib.import_module(f"stalplan.cli.{word}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, _ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """From the table above: loading every command would cost half a second."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """From the table above, for the same reason, and our own options."""
        commands = [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=telling(lambda _: VERSION),
    help="Show the version and exit.",
)
def cli() -> None:
    """Plan and apply the cluster settings of Stalwart mail servers.

    One file says which node has which id, hostname, coordinator and background
    roles. `stalplan plan` reads every node over SSH and shows what would change;
    `stalplan apply` carries out exactly that. `stalplan COMMAND --help` has examples.

    Results go to stdout, all else to stderr. Every option can be given by the
    environment as STALPLAN_COMMAND_OPTION, such as STALPLAN_PLAN_FORMAT=json.
    NO_COLOR and FORCE_COLOR are honoured; STALPLAN_IN_AUTOMATION=1 leaves out what
    to run next.

    \b
    Exit codes:
      0    done, or nothing to do
      1    any other failure
      2    there are changes (only with --detailed-exitcode)
      3    the desired file is wrong, or a finding blocks
      4    a node could not be reached
      5    another run holds the cluster
      6    the plan is stale
      7    apply failed, and every touched node is whole
      8    an apply is unfinished: run `stalplan recover`
      64   wrong usage
      130  stopped before anything was touched
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines


def main(argv: Sequence[str], app: App | None = None) -> int:
    """Run one command line and turn every failure into text and an exit code."""
    app = app or App(terminal=Terminal(environ=os.environ))
    try:
        return int(
            cli.main(list(argv), "stalplan", standalone_mode=False, obj=app) or 0
        )
    except click.ClickException as error:  # the command line itself is wrong
        return _usage(app, argv, error)
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(app, argv)
    except StalplanError as error:
        return _failed(app, argv, error)
    except BrokenPipeError:  # the reader of our output went away: `| head`
        return 1


def _usage(app: App, argv: Sequence[str], error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help" if context else "stalplan --help"
    text = error.format_message()
    app.terminal.error("Wrong usage", text, hint)
    _tell_forms(app, argv, "Wrong usage", text, hint, USAGE_ERROR)
    return USAGE_ERROR


def _interrupted(app: App, argv: Sequence[str]) -> int:
    """Stopped by Ctrl-C before anything was touched."""
    app.terminal.say("Interrupted. Nothing was touched.")
    told = "Nothing was touched."
    _tell_forms(app, argv, "Interrupted", told, _help(argv), INTERRUPTED)
    return INTERRUPTED


def _failed(app: App, argv: Sequence[str], error: StalplanError) -> int:
    hint = error.hint or _help(argv)
    app.terminal.error(error.summary, error.detail, hint)
    told = (error.summary, error.detail, hint, error.exit_code)
    _tell_forms(app, argv, *told, error.findings)
    return error.exit_code


def _help(argv: Sequence[str]) -> str:
    """What to read where nothing better can be said."""
    command = next((word for word in argv if word in COMMANDS), "")
    return " ".join(filter(None, ("stalplan", command, "--help")))


def _tell_forms(
    app: App,
    argv: Sequence[str],
    summary: str,
    detail: str,
    hint: str,
    code: int,
    findings: Sequence[Finding] = (),
) -> None:
    """What stderr was told, in the forms that programs read.

    In their files too, unless the command line is wrong.
    """
    if forms := asked_forms(argv, app.environ, COMMANDS):
        from stalplan.render.failure import Failure  # noqa: PLC0415 - rare

        failure = Failure(
            summary=summary,
            detail=detail,
            hint=hint,
            exit_code=code,
            findings=tuple(findings),
        )
        write_failure(app.terminal, forms, failure, files=code != USAGE_ERROR)
