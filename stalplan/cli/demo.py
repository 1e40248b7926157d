"""`stalplan demo`: plan, apply, plan on a small cluster that lives in one folder."""

import contextlib
import os
import shlex
import signal
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

import click

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.options import Command, common_unused
from stalplan.demo.cluster import DemoCluster, demo_cluster

CHANGES = 2  # what --detailed-exitcode makes of a plan with changes
_BENDING = ("STALPLAN_PLAN_", "STALPLAN_APPLY_")  # options given by environment


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour: a few words, one command, the exit code it should have."""

    words: str
    argv: tuple[str, ...]
    expected: int


TOUR = (
    Stop(
        "Every node's file is read over SSH. What would change is shown and saved;"
        " nothing is changed yet.",
        ("plan", "--out", "first.plan", "--detailed-exitcode"),
        CHANGES,
    ),
    Stop(
        "Exactly that plan is carried out. One node after the other is stopped,"
        " written, started and checked.",
        ("apply", "first.plan"),
        0,
    ),
    Stop(
        "Once more, to see that nothing is left to do.",
        ("plan", "--detailed-exitcode"),
        0,
    ),
)


@click.command("demo", cls=Command)
@click.option(
    "--keep", is_flag=True, help="Leave the cluster up, to play with, until Ctrl-C."
)
@common_unused
@click.pass_obj
def command(app: App, /, *, keep: bool) -> int:
    """Try all of it on three small nodes on this machine

    Starts three nodes on loopback, each with an SSH server, a config.toml and a
    stand-in for the mail server, all in one temporary folder. Their settings are
    wrong in the ways clusters are wrong. Runs plan, apply and plan on them, then
    removes everything. Needs no rights and changes nothing outside that folder.

    \b
    Examples:
      stalplan demo
      stalplan demo --keep

    Exits 0 if all three commands did what they should.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    with _ended_like_ctrl_c(), demo_cluster() as cluster:
        _introduce(app, cluster)
        status = _tour(app, cluster)
        if keep:
            _invite(app, cluster)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
            app.terminal.say("\nThe cluster is going.")
    return status


def _tour(app: App, cluster: DemoCluster) -> int:
    """Run each stop's command; the first that goes wrong ends the tour."""
    with options_from_the_tour_alone(), contextlib.chdir(cluster.folder):
        app.terminal.write(f"\n$ cd {shlex.quote(str(cluster.folder))}\n")
        for stop in TOUR:
            words = textwrap.fill(
                stop.words, initial_indent="# ", subsequent_indent="# "
            )
            app.terminal.write(f"\n{words}\n$ {_typed(*stop.argv)}\n\n")
            status = main(stop.argv, app)
            if status != stop.expected:
                app.terminal.say(f"This should have ended with {stop.expected}.")
                return status if status not in (0, CHANGES) else 1
    return 0


def _introduce(app: App, cluster: DemoCluster) -> None:
    app.terminal.write(
        textwrap.dedent(
            f"""\
            Three mail servers are up, mx1, mx2 and mx3, and something is wrong:
            mx3 was copied from mx2 and still has its id and its hostname, and the
            node that purged the stores, number 4, left long ago.

            Their files:         {cluster.folder}/mx1/config.toml, …
            What they should be: {cluster.desired}
            """
        )
    )


def _invite(app: App, cluster: DemoCluster) -> None:
    desired = str(cluster.desired)
    config = shlex.quote(str(cluster.nodes[0].config))
    app.terminal.write(
        textwrap.dedent(
            f"""
            The cluster stays up until you press Ctrl-C. In another terminal:

              $EDITOR {shlex.quote(desired)}    # ask for something else
              $EDITOR {config}    # or spoil a node's file
              {_typed("plan", "-f", desired)}
              {_typed("apply", "-f", desired)}
            """
        )
    )


def _typed(*words: str) -> str:
    return shlex.join(("stalplan", *words))


@contextlib.contextmanager
def options_from_the_tour_alone() -> Iterator[None]:
    """The user's STALPLAN_PLAN_… and STALPLAN_APPLY_… must not bend the tour."""
    held = {name: os.environ[name] for name in os.environ if name.startswith(_BENDING)}
    for name in held:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(held)


@contextlib.contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and a closed terminal end the demo in order, as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
