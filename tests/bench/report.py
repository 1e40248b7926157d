"""The figures as Markdown: seconds, ratios, and which targets hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.at_once import LIMITS
from bench.measuring import Run
from bench.peers import CAT, CONTESTANTS, OURS
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
    (100, CAT, 0.90),
    (100, "asyncssh, only reading", 1.25),
    (3, "pyinfra files.put --dry --diff", 0.60),
)


@dataclass(slots=True, kw_only=True)
class Figures:
    """All that one measurement tells; it grows size by size."""

    starts: Mapping[str, float]  # seconds, as bench.starts has them
    results: Measured = field(default_factory=dict)
    # By milliseconds of added round trip: seconds by how many nodes at once.
    at_once: dict[int, Mapping[int, float]] = field(default_factory=dict)
    beyond: float | None = None  # as bench.sick tells it


def summary(figures: Figures, *, machine: str) -> str:
    """The ratios, and which targets hold."""
    results = figures.results
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
        _targets(figures),
    ]
    if figures.at_once:
        parts.append(_at_once(figures.at_once))
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
    lines = [
        f"### {count} node{'s' if count > 1 else ''}, {_way(delay)}\n",
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


def _at_once(by_delay: Mapping[int, Mapping[int, float]]) -> str:
    lines = [
        "### How many nodes at once\n",
        f"| seconds of a plan | {' | '.join(map(str, LIMITS))} |",
        f"|---|{'--:|' * len(LIMITS)}",
    ]
    for delay, seconds in by_delay.items():
        cells = [f"{seconds[limit]:.2f}" for limit in LIMITS]
        lines.append(f"| {_way(delay)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _way(delay: int) -> str:
    return f"{delay} ms of added round trip" if delay else "loopback"


def _targets(figures: Figures) -> str:
    lines = ["### Targets\n", "| | aim | seen | |", "|---|--:|--:|---|"]
    found = list(_seen(figures.results, figures.starts))
    if figures.beyond is not None:
        what = "250 nodes beside 50 sick addresses: time beyond the timeout, of theirs"
        found.append((what, 1.0, figures.beyond))
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
    if {OURS, CAT} <= (hundred := results.get((100, 0), {})).keys():
        seconds = hundred[OURS].wall
        floor, own = 100 * FLOOR / CORES, hundred[CAT].server / CORES
        yield "100 nodes: of the floor, 100 x 15 ms / 2", 1.8, seconds / floor
        yield "100 nodes: of what `cat` costs them here / 2", 1.8, seconds / own
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
