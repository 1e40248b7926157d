"""What `stalplan inspect` tells of one file, as text and as data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from stalplan.findings import Finding, Scope
from stalplan.model.cluster import listed
from stalplan.model.file_rules import file_findings
from stalplan.model.file_rules.reading import too_large
from stalplan.planning.documents import finding_document
from stalplan.render.alike import told_once
from stalplan.stalwart import releases
from stalplan.stalwart.effective import (
    Effective,
    Off,
    RoleState,
    Shard,
    effective,
)
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse
from stalplan.stalwart.releases import ServerVersion

if TYPE_CHECKING:
    from stalplan.stalwart.spelling import IdTable

MANAGED = (releases.HOSTNAME, releases.OLD_HOSTNAME)
SECRET = "cluster.key"  # noqa: S105 - the name of the gossip's password, up to 0.11


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One file, read by a server of *version*; *config* and *reads*, or a refusal."""

    file: str
    version: ServerVersion
    refused: tuple[int | None, str] | None = None  # line, what the server would do
    config: FlatConfig | None = field(default=None, repr=False)
    reads: Effective | None = field(default=None, repr=False)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def unread(cls, file: str, version: ServerVersion, why: str) -> Self:
        """A file that could not be opened here."""
        return cls(file=file, version=version, refused=(None, why))

    def document(self, *, show_values: bool) -> dict[str, object]:
        """The object that `--format json` prints."""
        reads = self.reads
        roles = {} if reads is None else reads.roles
        error = None
        if self.refused:
            error = {"line": self.refused[0], "message": self.refused[1]}
        return {
            "file": self.file,
            "release": str(self.version),
            "error": error,
            "keys": dict(self._keys(show_values=show_values)),
            "node_id": reads.node_id if reads else None,
            "node_id_error": reads.node_id_error if reads else None,
            "hostname": reads.hostname if reads else None,
            "coordinator": reads.coordinator if reads else None,
            "roles": {role: _state(state) for role, state in roles.items()},
            "findings": [finding_document(finding) for finding in self.findings],
        }

    def _keys(self, *, show_values: bool) -> Iterator[tuple[str, str]]:
        for key, text in (self.config or {}).items():
            if show_values or is_managed(key):
                yield key, text

    def text(self, *, show_values: bool) -> str:
        """The table of settings with their lines, then the findings."""
        if self.refused:
            line, message = self.refused
            place = f"{self.file}:{line}" if line else self.file
            return f"{place}: {message}\n\n"
        rows = [("setting", "value", "line"), *self._rows()]
        if show_values and self.config is not None:
            rows += [("", "", ""), ("key", "text", "line")]
            rows += ((key, text, self._line(key)) for key, text in self.config.items())
        lines = [f"{self.file}, as Stalwart {self.version} reads it", ""]
        lines += _table(rows)
        for finding in told_once(self.findings):
            place = f"{finding.file}:{finding.line}: " if finding.line else ""
            lines += ["", f"  ! {finding.code} {finding.severity}: {finding.summary}"]
            lines.append(f"    {place}{finding.detail}")
            lines += [f"    Hint: {finding.hint}"] if finding.hint else []
        return "\n".join(lines) + "\n\n"

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        reads = self.reads
        if reads is None:
            return
        node_id = str(reads.node_id)
        if reads.node_id_error:
            node_id += f" (the text is {reads.node_id_text!r})"
        elif reads.node_id_text is None:
            node_id += " (not set)"
        yield "node id", node_id, self._line(releases.NODE_ID)
        hostname = "the machine's own" if reads.hostname is None else reads.hostname
        hostname_key = reads.hostname_key or releases.HOSTNAME
        yield "hostname", hostname, self._line(hostname_key)
        if releases.has_coordinator(self.version.line):
            yield "coordinator", _coordinator(reads), self._line(releases.COORDINATOR)
        for role, state in reads.roles.items():
            value = f"{_words(state)}: {_holders(reads.tables[role])}"
            yield role, value, self._line(releases.ROLE_PREFIX + role)
        for entry in reads.unread:
            yield entry.key, "not read", str(entry.first_line)

    def _line(self, key: str) -> str:
        """The first line that is about *key*."""
        found = self.config.under(key) if self.config else []
        return str(min(entry.first_line for entry in found)) if found else "-"


def inspected(file: str, data: bytes, version: ServerVersion) -> Inspection:
    """Read *data* as a server of *version* does, and look at what it makes of it."""
    try:
        config = parse(data, version)
    except ConfigRefused as refused:
        problem = (refused.line, refused.message)
        return Inspection(file=file, version=version, refused=problem)
    findings = file_findings(config, version.line, file=file)
    if large := too_large(len(data), file=file, node=None, scope=Scope.LIVE):
        findings = [large, *findings]
    return Inspection(
        file=file,
        version=version,
        config=config,
        reads=effective(config, version.line),
        findings=tuple(findings),
    )


def is_managed(key: str) -> bool:
    """Whether a key's text may be shown without asking: those stalplan is about."""
    if key == SECRET or key.startswith(f"{SECRET}."):
        return False
    return key.startswith("cluster.") or key in MANAGED


def _state(state: RoleState) -> object:
    if isinstance(state, Shard):
        return {"shard": state.index, "of": state.of}
    return "off" if isinstance(state, Off) else "on"


def _words(state: RoleState) -> str:
    if isinstance(state, Shard):
        return f"part {state.index + 1} of {state.of}"
    return "off" if isinstance(state, Off) else "on"


def _holders(table: "IdTable | None") -> str:
    if table is None:
        return "every node"
    return " | ".join(f"id {listed(map(str, ids))}" for ids in table)


def _coordinator(reads: Effective) -> str:
    if reads.coordinator is None:
        return "none"
    can = "" if reads.coordinator_usable else ", can't coordinate"
    kind = "such a store is missing" if reads.coordinator_type is None else "found"
    return f"{reads.coordinator} ({kind}{can})"


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    """Rows of three columns, as wide as they need to be."""
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    return [f"  {a:{first}}  {b:{second}}  {c}".rstrip() for a, b, c in rows]
