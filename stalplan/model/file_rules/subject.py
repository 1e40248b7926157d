"""One file as the rules see it, and where its findings are placed."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, found

if TYPE_CHECKING:
    from stalplan.names import NodeName
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A file that the server of *release* reads, and what it makes of it.

    *expanded*: the variables of its macros were known. Without them a text with a
    macro is no fault. *store_keys* are the keys of stores that the desired file
    manages. *before* is the release that the node has now, where it is known.
    """

    config: "FlatConfig" = field(repr=False)
    effective: "Effective" = field(repr=False)
    release: "Release"
    scope: Scope
    file: str
    node: "NodeName | None"
    expanded: bool
    store_keys: tuple[str, ...] = ()
    before: "Release | None" = None

    def finding(
        self, code: str, detail: str, key: str | None = None, *, hint: str = ""
    ) -> Finding:
        """A finding at the first line that is about *key*."""
        lines = [entry.first_line for entry in self.config.under(key)] if key else []
        return found(
            code,
            self.scope,
            detail,
            node=self.node,
            file=self.file,
            line=min(lines, default=None),
            key=key,
            hint=hint,
        )
