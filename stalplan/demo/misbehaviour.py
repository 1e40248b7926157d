"""What the stand-in server can be told to do wrong, so that tests see failures."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """Seconds count from the start, those of *linger* from the signal."""

    refuse: int | None = None  # exit at once with this status
    slow_start: float = 0.0  # bound but not listening for so long
    die_after: float | None = None  # then exit with status 1
    never_ready: bool = False  # /healthz/ready answers 503
    linger: float = 0.0  # go on as if no signal had come
    coordinator_down: bool = False  # the coordinator's store can't be reached


def misbehaviour(config: Mapping[str, str], environ: Mapping[str, str]) -> Misbehaviour:
    """Read STANDIN_* of the environment, then `standin.*` of the file.

    Names: REFUSE, SLOW_START, DIE_AFTER, NEVER_READY, LINGER, COORDINATOR (`down`);
    in the file in lower case with dashes. WHEN, as `cluster.node-id=7`, makes all of
    them hold only for a file with that very text under that key, so that a new file
    fails where the old one works.
    """

    def told(name: str) -> str:
        variable = f"STANDIN_{name.replace('-', '_').upper()}"
        return environ.get(variable) or config.get(f"standin.{name}", "")

    key, equals, text = told("when").partition("=")
    if equals and config.get(key) != text:
        return Misbehaviour()
    return Misbehaviour(
        refuse=int(told("refuse")) if told("refuse") else None,
        slow_start=float(told("slow-start") or 0),
        die_after=float(told("die-after")) if told("die-after") else None,
        never_ready=bool(told("never-ready")),
        linger=float(told("linger") or 0),
        coordinator_down=told("coordinator") == "down",
    )
