"""`make bench`: how long `stalplan plan` takes, beside what else could be used.

All contestants read the same files from the same server in one run, one after the
other and again, so that whatever else the machine does strikes all of them alike.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.at_once import at_once
from bench.cluster import BenchCluster
from bench.measuring import Failed, Run, measured, medians, more_files
from bench.peers import BOUNDS, CONTESTANTS
from bench.report import Figures, ratios, summary, table, tables
from bench.sick import LIVING, sick
from bench.starts import starts

ROOT = Path(__file__).parents[2]
STOCK = Path("/usr/share/base-files")
MASKED = "STALPLAN_BENCH_MASKED"
SIZES = [1, 3, 10, 30, 100, 300]
RATIOS = "<!-- ratios: written by `make bench` -->"
RATIOS_END = "<!-- end of the ratios -->"
FIGURES = "<!-- figures: what stands below is written by `make bench` -->"


def main() -> None:
    """Measure, and print and keep each size as it comes."""
    options = _options()
    _mask_start_up_files()
    more_files()
    figures = Figures(starts=starts(options.runs))
    few = min(options.runs, 3)
    sizes = [*options.nodes, *options.delayed_nodes, options.at_once]
    with _cluster(max(*sizes, LIVING * options.sick)) as cluster:
        for delay in options.delays:
            with _way(cluster, delay) as way:
                for count in options.delayed_nodes if delay else options.nodes:
                    key = count, delay
                    figures.results[key] = _round(cluster, count, way, options)
                    _say(table(key, figures.results[key]))
                    _keep(options, figures)
                if options.at_once:
                    file = cluster.write_desired(options.at_once, way.port)
                    figures.at_once[delay] = at_once(cluster, file, few)
        if options.sick:
            figures.beyond = sick(cluster, few)
    _say(_keep(options, figures))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _keep(options: argparse.Namespace, figures: Figures) -> str:
    """Write what was measured to the pages that want it; returns its summary."""
    text = summary(figures, machine=_machine())
    if options.out:
        said = options.out.read_text("utf-8").partition(FIGURES)[0]
        page = f"{said}{FIGURES}\n\n{text}\n{tables(figures.results)}"
        options.out.write_text(page, "utf-8")
    if options.readme:
        before, _, rest = options.readme.read_text("utf-8").partition(RATIOS)
        after = rest.partition(RATIOS_END)[2]
        quoted = f"{RATIOS}\n\n{ratios(figures.results)}\n{RATIOS_END}"
        options.readme.write_text(f"{before}{quoted}{after}", "utf-8")
    return text


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 20, 100])
    parser.add_argument("--delayed-nodes", type=int, nargs="+", default=[30])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-sick", dest="sick", action="store_false")
    parser.add_argument("--at-once", type=int, default=100, help="nodes; 0: not at all")
    parser.add_argument("--only", nargs="+", default=list(CONTESTANTS))
    parser.add_argument("--peers", type=Path, default=ROOT / ".bench")
    parser.add_argument("--out", type=Path, help="a page whose figures are replaced")
    parser.add_argument("--readme", type=Path, help="a page that quotes the ratios")
    parser.add_argument("--quick", action="store_true", help="a minute's worth")
    options = parser.parse_args()
    if options.quick:
        parser.set_defaults(nodes=[3, 30], delays=[0], runs=3, sick=False, at_once=0)
        options = parser.parse_args()
    return options


def _mask_start_up_files() -> None:
    """Go on in a mount namespace where the login shell has Debian's own files.

    A developer's own .bashrc can cost ten times the login, on the node's side.
    """
    if os.environ.get(MASKED) or os.getuid() != 0 or not STOCK.is_dir():
        return
    home = Path.home()
    binds = {
        home / ".bashrc": STOCK / "dot.bashrc",
        home / ".profile": STOCK / "dot.profile",
    }
    binds |= {
        home / name: Path("/dev/null") for name in (".bash_profile", ".bash_login")
    }
    mounts = [
        f"mount --bind {stock} {own}" for own, stock in binds.items() if own.exists()
    ]
    words = [sys.executable, "-m", "bench", *sys.argv[1:]]
    script = " && ".join([*mounts, 'exec "$@"'])
    os.environ[MASKED] = "1"
    os.execvp("unshare", ["unshare", "--mount", "sh", "-c", script, "sh", *words])


@contextmanager
def _cluster(most: int) -> Iterator[BenchCluster]:
    root = Path(tempfile.mkdtemp(prefix="stalplan-bench-"))
    cluster = BenchCluster(root, most=most)
    try:
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(root)


@dataclass(frozen=True, slots=True)
class _Way:
    """Where the nodes are reached: the server's port, or that of a proxy before it."""

    port: int
    trips: Path | None = None  # what the proxy tells


@contextmanager
def _way(cluster: BenchCluster, delay: int) -> Iterator[_Way]:
    port = cluster.sshd.port
    if not delay:
        yield _Way(port)
        return
    trips = cluster.root / f"trips-{delay}"
    argv = [sys.executable, "-m", "bench.delay", str(port), str(delay), str(trips)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        try:
            yield _Way(int(proxy.stdout.readline()), trips)
        finally:
            proxy.kill()


def _round(
    cluster: BenchCluster, count: int, way: _Way, options: argparse.Namespace
) -> dict[str, Run]:
    """Every contestant as often as asked, in turn."""
    often = {
        name: min(options.runs, BOUNDS[name].runs) if name in BOUNDS else options.runs
        for name in options.only
        if name not in BOUNDS or (count in BOUNDS[name].sizes and way.trips is None)
    }
    told = {
        name: CONTESTANTS[name](cluster, count, way.port, options.peers)
        for name in often
    }
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for number in range(options.runs):
        for name, each in list(told.items()):
            if number >= often[name]:
                continue
            try:
                run = measured(each, cluster.sshd.pid, way.trips)
            except Failed as failed:
                sys.stderr.write(f"{name} at {count} nodes: {failed}\n")
                del told[name]
                continue
            runs[name].append(run)
    return {name: medians(runs[name]) for name in told}


def _machine() -> str:
    load = os.getloadavg()[0]
    cores = os.cpu_count()
    python = platform.python_version()
    return f"{cores} cores, Python {python}, load {load:.1f} at the end"


if __name__ == "__main__":
    main()
