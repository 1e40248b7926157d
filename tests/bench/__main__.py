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
from pathlib import Path

from bench.cluster import BenchCluster
from bench.measuring import Failed, Run, measured, medians, more_files
from bench.peers import CONTESTANTS
from bench.report import Measured, report
from bench.starts import starts

ROOT = Path(__file__).parents[2]
STOCK = Path("/usr/share/base-files")
MASKED = "STALPLAN_BENCH_MASKED"
FIGURES = "<!-- figures: what stands below is written by `make bench` -->"


def main() -> None:
    """Measure, print, and write the table where it is asked for."""
    options = _options()
    _mask_start_up_files()
    more_files()
    results: Measured = {}
    with _cluster(max(options.nodes)) as cluster:
        for delay in options.delays:
            with _port(cluster, delay) as port:
                for count in options.nodes:
                    if delay and count not in options.delayed_nodes:
                        continue
                    results[count, delay] = _round(cluster, count, port, options)
    text = report(results, starts(options.runs), machine=_machine(), runs=options.runs)
    sys.stdout.write(text)
    if options.out:
        said = options.out.read_text("utf-8").partition(FIGURES)[0]
        options.out.write_text(f"{said}{FIGURES}\n\n{text}", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 3, 10, 30, 100])
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 20, 100])
    parser.add_argument("--delayed-nodes", type=int, nargs="+", default=[30])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=list(CONTESTANTS))
    parser.add_argument("--peers", type=Path, default=ROOT / ".bench")
    parser.add_argument("--out", type=Path, help="a page whose figures are replaced")
    return parser.parse_args()


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


@contextmanager
def _port(cluster: BenchCluster, delay: int) -> Iterator[int]:
    """The server's port, or that of a proxy before it."""
    port = cluster.sshd.port
    if not delay:
        yield port
        return
    argv = [sys.executable, "-m", "bench.delay", str(port), str(delay)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.kill()


def _round(
    cluster: BenchCluster, count: int, port: int, options: argparse.Namespace
) -> dict[str, Run]:
    """Every contestant as often as asked, in turn; a first run does not count."""
    told = {
        name: CONTESTANTS[name](cluster, count, port, options.peers)
        for name in options.only
    }
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for number in range(options.runs + 1):
        for name, each in list(told.items()):
            try:
                run = measured(each, cluster.sshd.pid)
            except Failed as failed:
                sys.stderr.write(f"{name} at {count} nodes: {failed}\n")
                del told[name]
                continue
            if number:
                runs[name].append(run)
    return {name: medians(runs[name]) for name in told}


def _machine() -> str:
    load = os.getloadavg()[0]
    cores = os.cpu_count()
    python = platform.python_version()
    return f"{cores} cores, Python {python}, load {load:.1f} at the end"


if __name__ == "__main__":
    main()
