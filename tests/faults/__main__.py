"""Random faults on real servers: `python -m faults --faults 100 --seed 1`."""

import argparse
import ast
import os
import secrets
import subprocess
import sys
import time
from collections import Counter

from faults.worker import Result


def main() -> int:
    """Run seeds SEED and the FAULTS - 1 that follow it; 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", default="", help="the first; default: a random one")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--verbose", action="store_true", help="a line per fault")
    parser.add_argument("--systemd", action="store_true", help="nodes under systemd")
    asked = parser.parse_args()
    first = int(asked.seed) if asked.seed else secrets.randbelow(1_000_000_000)
    last = first + asked.faults - 1
    sys.stdout.write(f"seeds {first} to {last}\n")
    sys.stdout.flush()
    began = time.monotonic()
    how = [str(asked.seconds)]
    how += [word for word in ("verbose", "systemd") if getattr(asked, word)]
    workers = [
        _worker([str(each[0]), str(each[-1]), *how])
        for each in _dealt(range(first, last + 1), asked.workers)
    ]
    result = Result()
    for worker in workers:
        said, _ = worker.communicate()
        if worker.returncode:
            sys.stdout.write("a worker died\n")
            return 1
        result.add(_result(said))
    spent = time.monotonic() - began
    sys.stdout.write(f"{result}\n{spent / 60:.0f} minutes\n")
    return 1 if result.lost else 0


def _dealt(seeds: range, workers: int) -> list[range]:
    """A part of the seeds for each worker, none empty."""
    size = -(-len(seeds) // workers)
    parts = [seeds[at : at + size] for at in range(0, len(seeds), size)]
    return [part for part in parts if part]


def _worker(words: list[str]) -> "subprocess.Popen[str]":
    """Its mounts are its own, and go with it."""
    alone = ["unshare", "--mount", "--propagation", "private"]
    argv = [*(alone if os.getuid() == 0 else []), sys.executable, "-m", "faults.worker"]
    return subprocess.Popen([*argv, *words], stdout=subprocess.PIPE, text=True)


def _result(said: str) -> Result:
    kinds, missed, lost = said.splitlines()[-3:]
    return Result(Counter(ast.literal_eval(kinds)), int(missed), ast.literal_eval(lost))


if __name__ == "__main__":
    sys.exit(main())
