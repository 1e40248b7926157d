"""`make bench-planning`: how long planning takes, with nodes from memory.

Each figure is the middle of several runs, each in a process of its own, so that one
can't warm up another.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from reports import CREATED, report_of

from bench.texts import config_text, desired_text
from stalplan.model.desired import read_desired
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options
from stalplan.render import RENDERERS


def main() -> None:
    """Measure each size in processes of its own and print a table."""
    parser = argparse.ArgumentParser(prog="bench.planning", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[3, 50, 512])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clusters", type=int, default=20)
    parser.add_argument("--append", type=Path, help="a page that gets the table")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        count, holder = map(int, options.one)
        sys.stdout.write(json.dumps(_once(count, holder)))
        return
    out = [
        "| nodes | unchanged | every file edited | rendered in all formats | memory |",
        "|--:|--:|--:|--:|--:|",
        *(_row(count, options.runs) for count in options.nodes),
    ]
    if options.clusters:
        seconds = _several(options.clusters, 500)
        out += [
            "",
            f"{options.clusters} clusters of 500 nodes: {seconds:.1f} s in all.",
        ]
    text = "\n".join(["### Planning alone, in processor time\n", *out]) + "\n"
    sys.stdout.write(text)
    if options.append:
        with options.append.open("a", encoding="utf-8") as page:
            page.write(f"\n{text}")


def _row(count: int, runs: int) -> str:
    same = [_apart(count, 1) for _ in range(runs)]
    edited = [_apart(count, 2) for _ in range(runs)]
    memory = max(run["memory"] for run in edited) / 2**20
    return (
        f"| {count} | {_middle(same, 'planned')} | {_middle(edited, 'planned')} | "
        f"{_middle(edited, 'rendered')} | {memory:.0f} MiB |"
    )


def _middle(runs: list[dict[str, float]], what: str) -> str:
    return f"{median(run[what] for run in runs):.2f} s"


def _apart(count: int, holder: int) -> dict[str, float]:
    argv = [sys.executable, "-m", "bench.planning", "--one", str(count), str(holder)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _once(count: int, holder: int) -> dict[str, float]:
    """One plan of *count* nodes, whose files name *holder* for one role."""
    nodes = [(f"mx{n}", n, Path("/opt/stalwart")) for n in range(count)]
    text = desired_text(
        nodes, port=22, user="root", identity=Path("id"), known=Path("known_hosts")
    )
    desired = read_desired(text.encode(), file="stalplan.toml")
    seen = [
        report_of(name, config_text(number, purge=holder).encode())
        for name, number, _ in nodes
    ]
    began = time.process_time()
    plan = make_plan(
        desired, seen, None, options=Options(), created=CREATED, secrets={}
    ).plan
    planned = time.process_time()
    for render in RENDERERS.values():
        render(plan)
    return {
        "planned": planned - began,
        "rendered": time.process_time() - planned,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "changes": len(plan.changes),
    }


def _several(clusters: int, count: int) -> float:
    """Planning and rendering many clusters, one after the other, in one process."""
    began = time.process_time()
    for _ in range(clusters):
        _once(count, 2)
    return time.process_time() - began


if __name__ == "__main__":
    main()
