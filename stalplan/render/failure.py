"""A failure as data, for the formats that tools read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalplan.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no plan; *findings* are the coded ones behind it, if any."""

    summary: str
    detail: str
    hint: str
    exit_code: int
    findings: tuple["Finding", ...] = ()

    @property
    def text(self) -> str:
        """Detail and hint."""
        return f"{self.detail} Hint: {self.hint}" if self.hint else self.detail
