"""How many nodes at once is best: one plan with other limits than the default."""

import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench.cluster import BenchCluster
from bench.measuring import Told, measured

LIMITS = (4, 8, 16, 32, 64)


def at_once(cluster: BenchCluster, file: Path, runs: int) -> Mapping[int, float]:
    """Seconds of a plan of *file* by the limit, the middle of *runs*, in turn."""
    plan = [sys.executable, "-m", "stalplan", "plan", "-f", str(file), "--parallelism"]
    seconds: defaultdict[int, list[float]] = defaultdict(list)
    for _ in range(runs):
        for limit in LIMITS:
            argv = [*plan, str(limit)]
            told = Told(argv=argv, environment={}, folder=cluster.root)
            seconds[limit].append(measured(told, cluster.sshd.pid).wall)
    return {limit: median(times) for limit, times in seconds.items()}
