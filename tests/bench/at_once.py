"""How many nodes at once is best: one plan with other limits than the default."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench.cluster import BenchCluster
from bench.measuring import measured
from bench.peers import plan

LIMITS = (4, 8, 16, 32, 64)


def at_once(cluster: BenchCluster, file: Path, runs: int) -> Mapping[int, float]:
    """Seconds of a plan of *file* by the limit, the middle of *runs*, in turn."""
    seconds: defaultdict[int, list[float]] = defaultdict(list)
    for _ in range(runs):
        for limit in LIMITS:
            told = plan(cluster, file, "--parallelism", str(limit))
            seconds[limit].append(measured(told, cluster.sshd.pid).wall)
    return {limit: median(times) for limit, times in seconds.items()}
