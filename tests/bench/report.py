"""The figures as Markdown: seconds, ratios, and which targets hold."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from bench.measuring import Run
from bench.peers import OURS
from bench.starts import NOTHING

Measured = dict[tuple[int, int], dict[str, Run]]
"""By nodes and milliseconds of added round trip."""

FLOOR = 0.015  # seconds of its sshd's work that a node costs to be read, on loopback
CORES = 2
# At so many nodes, ours may take at most so much of another's time.
TARGETS = (
    (100, "pyinfra files.put --dry --diff", 0.55),
    (100, "pyinfra, only reading", 0.85),
    (100, "Ansible copy --check --diff", 0.12),
    (100, "Ansible raw, only reading", 0.45),
    (100, "OpenSSH cat under xargs -P32", 0.90),
    (100, "asyncssh, only reading", 1.25),
    (3, "pyinfra files.put --dry --diff", 0.60),
)


def report(
    results: Measured, starts: Mapping[str, float], *, machine: str, runs: int
) -> str:
    """All tables."""
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    head = f"Measured {when}: {machine}; medians of {runs}, all in one run, in turn.\n"
    parts = [head, *(_table(key, results[key]) for key in sorted(results, key=_order))]
    return "\n".join([*parts, _targets(results, starts)])


def _order(key: tuple[int, int]) -> tuple[int, int]:
    count, delay = key
    return delay, count


def _table(key: tuple[int, int], runs: Mapping[str, Run]) -> str:
    count, delay = key
    ours = runs.get(OURS)
    where = f"{delay} ms of added round trip" if delay else "loopback"
    lines = [
        f"### {count} node{'s' if count > 1 else ''}, {where}\n",
        "| | seconds | stalplan takes | its work | the nodes' work | memory |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, run in runs.items():
        ratio = f"{ours.wall / run.wall:.2f} of it" if ours and name != OURS else ""
        lines.append(
            f"| {name} | {run.wall:.2f} | {ratio} | {run.client:.2f} s | "
            f"{run.server:.2f} s | {run.memory / 2**20:.0f} MiB |"
        )
    return "\n".join(lines) + "\n"


def _targets(results: Measured, starts: Mapping[str, float]) -> str:
    lines = ["### Targets\n", "| | aim | seen | |", "|---|--:|--:|---|"]
    for what, aim, seen in _seen(results, starts):
        verdict = "holds" if seen <= aim else "**missed**"
        lines.append(f"| {what} | {aim:.2f} | {seen:.2f} | {verdict} |")
    return "\n".join(lines) + "\n"


def _seen(
    results: Measured, starts: Mapping[str, float]
) -> Iterator[tuple[str, float, float]]:
    for count, name, aim in TARGETS:
        runs = results.get((count, 0), {})
        if name in runs and OURS in runs:
            yield f"{count} nodes: of {name}", aim, runs[OURS].wall / runs[name].wall
    if OURS in (hundred := results.get((100, 0), {})):
        floor = 100 * FLOOR / CORES
        yield (
            "100 nodes: of the floor, 100 x 15 ms / 2",
            1.8,
            hundred[OURS].wall / floor,
        )
    if OURS in (far := results.get((30, 100), {})):
        yield "30 nodes at 100 ms: round trips, all in all", 10, far[OURS].wall / 0.1
    three, thirty = results.get((300, 0), {}), results.get((30, 0), {})
    if OURS in three and OURS in thirty:
        yield (
            "300 nodes: of ten times 30",
            1.1,
            three[OURS].wall / (10 * thirty[OURS].wall),
        )
        yield "300 nodes: MiB at most", 100, three[OURS].memory / 2**20
    bare = starts[NOTHING]
    yield (
        "--version: ms beyond a bare Python",
        60,
        1000 * (starts["stalplan --version"] - bare),
    )
    yield (
        "validate: ms beyond a bare Python",
        180,
        1000 * (starts["stalplan validate"] - bare),
    )
