"""What a node has now, as it was read; nothing here is judged."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from stalplan.model.records import Lease, Transaction
from stalplan.names import Digest, NodeName


def digest_of(data: bytes) -> Digest:
    """What identifies *data* in plans, records and on nodes."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the server would not read a file whose bytes are not here."""

    message: str
    line: int  # from 1
    not_utf8: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy without secrets no longer shows of the file itself."""

    not_toml: str | None  # where TOML readers give up on it; None: nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFile:
    """One node's config file as it was read. *data* may hold passwords.

    *too_large* is set, and *data* empty, where the file is over 1 MiB: it is then
    not fetched at all. *refusal* is set, and *data* empty, where a snapshot tells of a
    file that the server would not read. *copied* is set where *data* is a snapshot's
    copy without secrets.
    """

    path: str  # as configured or as the unit says
    real_path: str  # links followed; what a replacement replaces
    data: bytes = field(repr=False)
    size: int
    owner: str  # "user:group", numbers where the node knows no name
    mode: int
    changed_at: datetime  # ctime, UTC, the node's clock
    too_large: bool = False
    refusal: Refusal | None = None
    copied: Copied | None = None

    @property
    def digest(self) -> Digest:
        """The digest of the bytes that were read."""
        return digest_of(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The node's server as its service manager sees it."""

    running: bool
    pid: int | None = None
    started_at: datetime | None = None  # UTC, the node's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """All that one look at a node tells. Bytes are hidden; problems are texts."""

    node: NodeName
    read_at: datetime  # UTC, the node's clock
    host_key: str | None = None  # "SHA256:…" of the key it showed
    file: NodeFile | None = None
    other_names: int = 0  # hard links to the file besides its path
    file_problem: str | None = None  # why there is no file: "No such file…"
    unreadable_by_service: bool = False  # the server's own user can't read it
    service: Service | None = None
    service_problem: str | None = None
    server_version: str | None = None  # of the installed binary, "0.15.5"
    replace_problem: str | None = None  # SP603: why a replacement can't work
    lease_problem: str | None = None  # SP605: why no lease or no detaching
    unmade_probes: tuple[tuple[str, str], ...] = ()  # SP606: probe, what it shows
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    unit_environment: dict[str, str] = field(default_factory=dict, repr=False)
    lease: Lease | None = None
    transactions: tuple[Transaction, ...] = ()  # not yet cleaned, oldest first
    backup_before_start: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """No report: the node could not be asked. A value, so that plans can show it."""

    node: NodeName
    summary: str  # the error class's summary: "Host key mismatch"
    detail: str
    hint: str = ""


Seen = NodeReport | Unreachable
