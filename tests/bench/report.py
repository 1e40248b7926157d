"""The figures as Markdown: seconds, ratios, and which targets hold."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from bench.measuring import Run
from bench.peers import CONTESTANTS, OURS
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


def summary(
    results: Measured,
    starts: Mapping[str, float],
    *,
    machine: str,
    beyond: float | None,
) -> str:
    """The ratios, and which targets hold. *beyond* is what bench.sick tells."""
    runs = max(run.of for each in results.values() for run in each.values())
    fewer = {
        f" Of {name} only {run.of} runs."
        for each in results.values()
        for name, run in each.items()
        if run.of < runs
    }
    how = f"{machine}. Medians of {runs} runs, in turn.{''.join(sorted(fewer))}"
    parts = [
        f"Measured {datetime.now(UTC):%Y-%m-%d}: {how}\n",
        f"### Ratios\n\n{ratios(results)}",
        _targets(results, starts, beyond),
    ]
    return "\n".join(parts)


def tables(results: Measured) -> str:
    """What each took, by size and distance."""
    keys = sorted(results, key=_order)
    return "\n".join(table(key, results[key]) for key in keys)


def ratios(results: Measured) -> str:
    """What part of each other's time ours takes, for every size and distance."""
    keys = sorted(results, key=_order)
    names = [name for name in CONTESTANTS if any(name in results[key] for key in keys)]
    lines = [
        f"| stalplan plan takes | {' | '.join(map(_where, keys))} |",
        f"|---|{'--:|' * len(keys)}",
    ]
    for name in names:
        cells = [_cell(results[key], name) for key in keys]
        words = "seconds" if name == OURS else f"of {name}"
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _where(key: tuple[int, int]) -> str:
    count, delay = key
    return f"{count} at {delay} ms" if delay else f"{count}"


def _cell(runs: Mapping[str, Run], name: str) -> str:
    if name not in runs or OURS not in runs:
        return ""
    ours = runs[OURS].wall
    return f"{ours if name == OURS else ours / runs[name].wall:.2f}"


def _order(key: tuple[int, int]) -> tuple[int, int]:
    count, delay = key
    return delay, count


def table(key: tuple[int, int], runs: Mapping[str, Run]) -> str:
    """What each took at one size and distance."""
    count, delay = key
    ours = runs.get(OURS)
    where = f"{delay} ms of added round trip" if delay else "loopback"
    lines = [
        f"### {count} node{'s' if count > 1 else ''}, {where}\n",
        "| | seconds | stalplan takes | its work | the nodes' work | memory | trips |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, run in runs.items():
        ratio = f"{ours.wall / run.wall:.2f} of it" if ours and name != OURS else ""
        lines.append(
            f"| {name} | {run.wall:.2f} | {ratio} | {run.client:.2f} s | "
            f"{run.server:.2f} s | {run.memory / 2**20:.0f} MiB | "
            f"{f'{run.trips:.0f}' if run.trips else ''} |"
        )
    return "\n".join(lines) + "\n"


def _targets(
    results: Measured, starts: Mapping[str, float], beyond: float | None
) -> str:
    lines = ["### Targets\n", "| | aim | seen | |", "|---|--:|--:|---|"]
    found = list(_seen(results, starts))
    if beyond is not None:
        what = "250 nodes beside 50 sick addresses: time beyond the timeout, of theirs"
        found.append((what, 1.0, beyond))
    for what, aim, seen in found:
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
        yield (
            "30 nodes at 100 ms: round trips to a node's last byte",
            7,
            far[OURS].trips,
        )
    ours = {
        count: runs[OURS]
        for (count, ms), runs in results.items()
        if not ms and OURS in runs
    }
    if ours.keys() >= {30, 100, 300}:
        few = (ours[100].wall - ours[30].wall) / 70
        many = (ours[300].wall - ours[100].wall) / 200
        yield (
            "from 100 to 300 nodes: a node's time, of that from 30 to 100",
            1.2,
            many / few,
        )
    if 300 in ours:
        yield "300 nodes: MiB at most", 100, ours[300].memory / 2**20
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
