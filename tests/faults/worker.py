"""One after the other: the cases of some seeds on one world."""

import os
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TextIO

from faults.case import Case, Kind, Server, case_of
from faults.runner import Runner
from faults.world import Loss, new_world

Kinds = Counter[str]


@dataclass(slots=True)
class Result:
    """What became of the seeds so far."""

    kinds: Kinds = field(default_factory=Counter)
    missed: int = 0  # cases that were over before the act came
    lost: list[int] = field(default_factory=list)

    def add(self, other: "Result") -> None:
        """Count the cases of another worker as well."""
        self.kinds += other.kinds
        self.missed += other.missed
        self.lost += other.lost

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(self.kinds.items()))
        held = sum(self.kinds.values())
        lines = [
            f"{held} faults held, {len(self.lost)} lost",
            f"the act did not come: {self.missed}",
            f"by kind: {kinds}",
            *(f"lost: make faults FAULTS=1 SEED={seed}" for seed in self.lost),
        ]
        return "\n".join(lines)


def run_seeds(
    seeds: range, out: TextIO, *, seconds: float, verbose: bool, systemd: bool
) -> Result:
    """Run them until they are all done or *seconds* are over."""
    result = Result()
    until = time.monotonic() + seconds
    runner: Runner | None = None
    with ExitStack() as kept:
        for seed in seeds:
            if time.monotonic() > until:
                break
            case = case_of(seed, rooted=os.getuid() == 0, systemd=systemd)
            if runner is None:
                runner = Runner(world=kept.enter_context(new_world(systemd=systemd)))
            began = time.monotonic()
            try:
                name = runner.run(case)
            except (Loss, TimeoutError, OSError, ValueError) as error:
                result.lost.append(seed)
                _tell_loss(case, error, runner, out)
                kept.close()
                runner = None
                continue
            result.kinds[_kind(case)] += 1
            result.missed += not name
            if verbose:
                spent = time.monotonic() - began
                out.write(f"{case}: {name or 'not reached'}, {spent:.1f} s\n")
                out.flush()
        if runner is not None:
            runner.world.look_everywhere()
    return result


def _kind(case: Case) -> str:
    words = [] if case.server is Server.WELL else [f"server {case.server}"]
    words += ["clock wrong"] if case.clock else []
    words += [f"{case.kind}"] if case.kind is not Kind.NOTHING else []
    return " + ".join(words)


def _tell_loss(case: Case, error: Exception, runner: Runner, out: TextIO) -> None:
    said = [str(each) for each in runner.said]
    records = [
        f"{path}: {path.read_text(errors='replace')}"
        for machine in runner.world.machines
        for record in machine.records()
        for path in record.rglob("*")
        if path.name in ("log", "verdict", "found", "order", "refused")
    ]
    text = [f"LOST {case}", f"{type(error).__name__}: {error}", *said, *records]
    out.write("\n".join([*text, "\n"]))
    out.flush()


def main() -> int:
    """Be one of several workers: the result goes to stdout, losses to stderr."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without tidying up
    first, last, seconds, *options = sys.argv[1:]
    result = run_seeds(
        range(int(first), int(last) + 1),
        sys.stderr,
        seconds=float(seconds),
        verbose="verbose" in options,
        systemd="systemd" in options,
    )
    sys.stdout.write(f"{dict(result.kinds)!r}\n{result.missed}\n{result.lost!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
