"""How a recover ended: the printed sentence and the exit code from one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stalplan.names import NodeName, RunId
from stalplan.run.outcome import Ended


class Fate(StrEnum):
    """What became of a node's part in the run, as the sentence counts it."""

    FINISHED = "finished"
    UNDONE = "undone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """The end of a run that was cut off. *why* tells in sentences what is not done."""

    run: RunId
    nodes: Mapping[NodeName, Fate]
    why: tuple[str, ...] = ()
    interrupted: bool = False  # stopped on request, with something left to do
    judged: NodeName | None = None  # a failed node, which only a person can close

    @property
    def sentence(self) -> str:
        """The contract's last line."""
        fates = list(self.nodes.values())
        counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in Fate)
        return f"Recovered. Nodes: {counts}."

    @property
    def exit_code(self) -> int:
        """0, or 8 while any node is unknown."""
        return 8 if Fate.UNKNOWN in self.nodes.values() else 0


def fate(parts: set[Ended]) -> Fate:
    """One node's, from how each of its steps ended."""
    if Ended.UNKNOWN in parts:
        return Fate.UNKNOWN
    return Fate.FINISHED if parts == {Ended.DONE} else Fate.UNDONE
