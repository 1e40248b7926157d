"""`stalplan import`: a first desired file, from nodes that run."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.import_options import Setting, settings_of, settings_options
from stalplan.cli.inventory import nodes_of
from stalplan.cli.options import DESIRED_FILE, Command, common, parallelism_option
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.rewriting import DesiredFileUnwritable, put, shown
from stalplan.errors import DesiredFileWrong, NodeUnreachable
from stalplan.model.desired.cluster import CLUSTER_KEYS
from stalplan.model.inventories.asked import Asked
from stalplan.model.live import Unreachable
from stalplan.model.rewriting.writing import Value
from stalplan.planning.importing.make import Imported, import_nodes
from stalplan.planning.importing.merge import Base, merge_nodes
from stalplan.planning.importing.met import Met, NotImported, Terms
from stalplan.render.importing import import_text
from stalplan.run.import_ import meet
from stalplan.stalwart.releases import Release


@click.command("import", cls=Command)
@click.argument("nodes", metavar="NODE=ADDRESS…", nargs=-1)
@click.option(
    "--from",
    "inventory",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="INVENTORY",
    help="A list of NODE=ADDRESS, an OpenSSH config, or an Ansible inventory.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file to write, which must not be there yet. Default: stdout.",
)
@click.option("--merge", is_flag=True, help="Add the nodes to a file that is there.")
@click.option(
    "--cluster",
    type=Setting(CLUSTER_KEYS["name"]),
    metavar="NAME",
    help="The cluster's name. Default: after its domain.",
)
@click.option(
    "--release",
    type=Setting(CLUSTER_KEYS["release"]),
    metavar="LINE",
    help="The release line that all nodes run. Default: what most nodes have.",
)
@settings_options
@parallelism_option
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    nodes: tuple[str, ...],
    inventory: Path | None,
    out: Path | None,
    merge: bool,
    cluster: str | None,
    release: str | None,
    parallelism: int,
    **settings: Value | None,
) -> int:
    """Write a desired file from running nodes

    Reads every node as `plan` does, finds its release, its service and its file, and
    writes the desired file that says what the nodes have now. Comments tell what was
    odd. Changes nothing on any node and overwrites no file.

    ADDRESS is [user@]host[:port]. With --from, a word without = picks a host or a
    group of the inventory. Commands are given as one text, quoted as in a shell.

    \b
    Examples:
      stalplan import mx1=192.0.2.11 mx2=192.0.2.12 --out stalplan.toml
      stalplan import --from hosts.ini mailservers --ssh-sudo --out stalplan.toml
      stalplan import --merge mx3=root@192.0.2.13:2222

    Exits 0, also where something was odd; 4 if no node could be reached.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    asked = nodes_of(nodes, inventory)
    target = out or (Path(file or DESIRED_FILE) if merge else None)
    terms = Terms(
        cluster=cluster,
        release=Release(release) if release else None,
        ssh=_placed(settings_of("ssh", settings), target),
        service=settings_of("service", settings),
        folder=str(target.parent) if target else "",
    )
    if merge:
        assert target is not None, "a file to merge into is always named"
        return _merge(app, target, asked, terms, parallelism)
    if target is not None and os.path.lexists(target):
        raise NotImported(
            f"{target} is there already, and is never overwritten. No node was asked.",
            hint="stalplan import --merge adds nodes to it.",
        )
    met = _meet(app, asked, terms, parallelism)
    folder = state_folder(str(target or DESIRED_FILE), state)
    imported = import_nodes(
        met,
        terms,
        created=app.clock.now(),
        recorded=lambda name: recorded_state(folder, name, app.terminal),
    )
    if target is None:
        app.terminal.write_raw(imported.text)
    else:
        _write_new(target, imported.text)
    _tell(app, imported, target)
    return 0


def _placed(ssh: Mapping[str, Value], target: Path | None) -> dict[str, Value]:
    """Paths were given as seen from here; the file is read as seen from its folder."""
    placed = dict(ssh)
    for key in ("identity_file", "known_hosts"):
        path = placed.get(key)
        if target is not None and isinstance(path, str) and not path.startswith("~"):
            away = not Path(path).is_absolute() and target.parent != Path()
            placed[key] = os.path.relpath(path, target.parent) if away else path
    return placed


def _meet(
    app: App, asked: list[Asked], terms: Terms, parallelism: int
) -> tuple[Met, ...]:
    """Every node as it was met. Raises NodeUnreachable where none was reached."""
    transport = app.transport(parallelism)
    try:
        with progress(app.terminal) as reporter:
            met = meet(asked, terms, transport=transport, reporter=reporter)
    except DesiredFileWrong as error:  # options that contradict each other
        lines = (line.split(": ", 1)[-1] for line in error.detail.splitlines())
        raise click.UsageError("\n".join(dict.fromkeys(lines))) from error
    finally:
        transport.close()
    lost = [each.seen for each in met if isinstance(each.seen, Unreachable)]
    if len(lost) == len(met):
        raise NodeUnreachable(
            "No node could be reached, so nothing was written.\n"
            + "\n".join(f"{each.summary}: {each.detail}" for each in lost),
            hint=lost[0].hint,
        )
    return met


def _merge(
    app: App, target: Path, asked: list[Asked], terms: Terms, parallelism: int
) -> int:
    desired = app.read_desired(str(target))
    path = target.resolve()  # a link stays a link
    base = Base(text=path.read_bytes().decode(), desired=desired)
    new = [each for each in asked if each.name not in base.names]
    for each in asked:
        if each.name in base.names:
            app.terminal.say(f"{each.name} is in {target} already, and was not asked.")
    if not new:
        return 0
    terms = base.terms(terms)
    met = _meet(app, new, terms, parallelism)
    imported = merge_nodes(base, met, terms, created=app.clock.now())
    put(path, base.text, imported.text)
    app.terminal.write(shown(base.text, imported.text))
    _tell(app, imported, target)
    return 0


def _write_new(path: Path, text: str) -> None:
    """Never over a file that came meanwhile."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
    except OSError as error:
        raise DesiredFileUnwritable(f"{path}: {error.strerror}.") from error


def _tell(app: App, imported: Imported, target: Path | None) -> None:
    hint = ""
    if app.hints and target is not None:
        name = "" if str(target) == DESIRED_FILE else f" -f {target}"
        hint = f"\n\nRead it, then:\n  stalplan plan{name}"
    app.terminal.say(import_text(imported, str(target or "the file")) + hint)
