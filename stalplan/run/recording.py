"""A journal on a disk that may be full: what can't be announced is not begun."""

from dataclasses import dataclass

from stalplan.errors import StalplanError
from stalplan.ports import Journal


class NotRecorded(StalplanError):
    """The journal took no record. The act that it was to announce was not begun."""

    summary = "The run can't be recorded"


@dataclass(frozen=True, slots=True)
class Recording:
    """Implements ports.Journal over another one; a full disk becomes NotRecorded."""

    journal: Journal

    def write(self, event: str, **facts: object) -> None:
        """Append one record. Raises NotRecorded."""
        try:
            self.journal.write(event, **facts)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise NotRecorded(
                f"The run's journal can't be written: {why}.",
                hint="df -h .  # make room, then: stalplan recover",
            ) from error
