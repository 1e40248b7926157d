"""How a run ended: the printed sentence and the exit code from one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stalplan.model.records import Verdict
from stalplan.names import NodeName


class Ended(StrEnum):
    """What became of one node, as people count them."""

    DONE = "done"
    RESTORED = "restored"
    UNTOUCHED = "untouched"
    UNKNOWN = "unknown"


BY_VERDICT = {
    Verdict.APPLIED: Ended.DONE,
    Verdict.RESTORED: Ended.RESTORED,
    Verdict.STALE: Ended.UNTOUCHED,
    Verdict.NOT_STOPPED: Ended.UNTOUCHED,
    Verdict.FAILED: Ended.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one apply. *nodes* are those that have steps.

    *why* says in sentences what went wrong, *lasting* the exposure that lasts until
    the run is finished. *interrupted*: stopped on request, with steps left.
    *unrecorded*: the run's end could not be written down, so recover must end it.
    """

    nodes: Mapping[NodeName, Ended]
    complete: bool
    interrupted: bool = False
    unrecorded: bool = False
    why: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()

    def count(self, ended: Ended) -> int:
        """How many nodes ended so."""
        return sum(each is ended for each in self.nodes.values())

    @property
    def failed_sentence(self) -> str:
        """The contract's sentence for a run that did not complete."""
        counts = ", ".join(f"{self.count(ended)} {ended}" for ended in Ended)
        return f"Apply failed. Nodes: {counts}."

    @property
    def exit_code(self) -> int:
        """0 complete; 8 unknown, unrecorded or steps left; 130 stopped; else 7."""
        if self.unrecorded:
            return 8
        if self.complete:
            return 0
        if self.interrupted and set(self.nodes.values()) <= {Ended.UNTOUCHED}:
            return 130
        return 8 if self.interrupted or self.count(Ended.UNKNOWN) else 7

    @property
    def failed(self) -> bool:
        """Whether it ended half way without being asked to."""
        return not self.complete and not self.interrupted

    @property
    def closed(self) -> bool:
        """Whether nothing is left for recover: its marks on the nodes can go."""
        return self.exit_code != 8  # noqa: PLR2004 - the contract's
