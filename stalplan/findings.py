"""What a rule has to say: coded, placed, and with a severity."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalplan.names import NodeName


class Severity(StrEnum):
    """How bad it is; the order of the members is the order of display."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Scope(StrEnum):
    """Which cluster a rule looked at."""

    DESIRED = "desired"  # the one asked for
    LIVE = "live"  # the one there is
    DURING = "during"  # a moment on the way


CATALOGUE: dict[str, tuple[Severity, str]] = {
    "SP101": (Severity.ERROR, "Duplicate node id"),
    "SP102": (Severity.WARNING, "No readable node id"),
    "SP103": (Severity.ERROR, "Node id outside 0..511"),
    "SP104": (Severity.INFO, "Node id is an env macro"),
    "SP105": (Severity.WARNING, "Node id is a file or cfg macro"),
    "SP106": (Severity.WARNING, "Node id 0"),
    "SP201": (Severity.ERROR, "Nobody would hold a role"),
    "SP202": (Severity.INFO, "Role has no list"),
    "SP203": (Severity.WARNING, "Role list names an unknown id"),
    "SP204": (Severity.ERROR, "Shard tables differ"),
    "SP205": (Severity.WARNING, "Integer list changed its meaning in 0.14"),
    "SP206": (Severity.WARNING, "Text list means every node before 0.14"),
    "SP207": (Severity.WARNING, "Role entry can't be read"),
    "SP208": (Severity.WARNING, "Role key this release doesn't read"),
    "SP209": (Severity.WARNING, "Role should have one node"),
    "SP210": (Severity.WARNING, "Push notifications would be sent twice"),
    "SP211": (Severity.INFO, "Role written in two spellings"),
    "SP212": (Severity.INFO, "acme.renew holds until the first reload"),
    "SP301": (Severity.ERROR, "Coordinator not the same everywhere"),
    "SP302": (Severity.ERROR, "Coordinator names a missing store"),
    "SP303": (Severity.ERROR, "Coordinator's store can't coordinate"),
    "SP304": (Severity.WARNING, "Store type missing from the official builds"),
    "SP305": (Severity.ERROR, "Kafka brokers written as a list"),
    "SP306": (Severity.WARNING, "Redis cluster without resp3"),
    "SP307": (Severity.INFO, "Gossip keys left over from 0.11"),
    "SP308": (Severity.WARNING, "One Kafka group id on all nodes"),
    "SP401": (Severity.INFO, "Hostnames differ"),
    "SP402": (Severity.WARNING, "No hostname"),
    "SP403": (Severity.WARNING, "Hostname change may void the licence"),
    "SP404": (Severity.WARNING, "Hostname is not a lower-case qualified name"),
    "SP501": (Severity.ERROR, "The server can't read this file"),
    "SP502": (Severity.INFO, "Not TOML, but the server reads it"),
    "SP503": (Severity.WARNING, "Running values may differ from the file"),
    "SP504": (Severity.ERROR, "A managed key is a database key here"),
    "SP505": (Severity.ERROR, "The server's user can't read the file"),
    "SP506": (Severity.ERROR, "A macro that makes the server loop"),
    "SP507": (Severity.ERROR, "The file is too large or not UTF-8"),
    "SP601": (Severity.ERROR, "Node unreachable"),
    "SP602": (Severity.ERROR, "Server of another release"),
    "SP603": (Severity.ERROR, "The file can't be replaced"),
    "SP604": (Severity.WARNING, "Node left the desired file"),
    "SP605": (Severity.ERROR, "The node can't hold a lease or finish by itself"),
    "SP606": (Severity.WARNING, "A probe can't be made"),
    "SP607": (Severity.ERROR, "No order of steps keeps the rules"),
    "SP608": (Severity.ERROR, "Two nodes are one machine"),
    "SP609": (Severity.ERROR, "A secret reference can't be resolved"),
    "SP610": (Severity.WARNING, "The snapshot is old"),
    "SP611": (Severity.INFO, "The file has other names"),
}

BLOCKS_WHEREVER_IT_STANDS = frozenset(
    {
        *("SP501", "SP504", "SP505", "SP506", "SP507"),
        *("SP601", "SP602", "SP603", "SP605", "SP608", "SP609"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule found. Code and summary are stable; the detail names names.

    *file* is the path a person can open: the desired file's as given, or a path on
    *node*. *line* counts from 1.
    """

    code: str
    severity: Severity
    scope: Scope
    summary: str
    detail: str
    blocks: bool = False
    node: "NodeName | None" = None
    file: str | None = None
    line: int | None = None
    key: str | None = None
    hint: str = ""

    @property
    def sort_key(self) -> tuple[int, str, str, int, str, str]:
        """Worst first, then by code and place: the order of every list of findings."""
        return (
            list(Severity).index(self.severity),
            self.code,
            self.node or "",
            self.line or 0,
            self.key or "",
            self.detail,
        )


def found(
    code: str,
    scope: Scope,
    detail: str,
    *,
    severity: Severity | None = None,
    node: "NodeName | None" = None,
    file: str | None = None,
    line: int | None = None,
    key: str | None = None,
    hint: str = "",
) -> Finding:
    """A finding with its code's summary and severity, and whether it blocks.

    A live fault is at most a warning and blocks nothing, unless it is one of those
    that stand in the way wherever they are.
    """
    usual, summary = CATALOGUE[code]
    severity = severity or usual
    always = code in BLOCKS_WHEREVER_IT_STANDS
    if scope is Scope.LIVE and severity is Severity.ERROR and not always:
        severity = Severity.WARNING
    return Finding(
        code=code,
        severity=severity,
        scope=scope,
        summary=summary,
        detail=detail,
        blocks=severity is Severity.ERROR,
        node=node,
        file=file,
        line=line,
        key=key,
        hint=hint,
    )


def repaired(finding: Finding) -> Finding:
    """The same live fault, now known to be gone once the plan is carried out."""
    if finding.code in BLOCKS_WHEREVER_IT_STANDS:
        return finding
    return replace(finding, severity=Severity.INFO, blocks=False)
