"""Every failure stalplan can explain, each with the exit code scripts rely on."""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.findings import Finding


def error_document(
    summary: str, detail: str, hint: str, exit_code: int
) -> dict[str, str | int]:
    """What went wrong, as every JSON document tells it under `error`."""
    return {
        "summary": summary,
        "detail": detail,
        "hint": hint,
        "exit_code": exit_code,
    }


class StalplanError(Exception):
    """Base of every failure we can explain. Anything else is a bug in stalplan.

    *findings* are the coded findings behind it, for the JSON error document.
    """

    exit_code: ClassVar[int] = 1
    summary: ClassVar[str] = "stalplan failed"

    def __init__(
        self, detail: str, *, hint: str = "", findings: "Sequence[Finding]" = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.findings = tuple(findings)

    @property
    def document(self) -> dict[str, str | int]:
        """As JSON has it."""
        return error_document(self.summary, self.detail, self.hint, self.exit_code)


class DesiredFileWrong(StalplanError):
    """The desired file can't be read or asks for what no cluster can be."""

    exit_code = 3
    summary = "The desired file is wrong"


class PlanBlocked(StalplanError):
    """A finding stands in the way; nothing was touched."""

    exit_code = 3
    summary = "The plan can't be applied"


class PlanUnreadable(StalplanError):
    """A saved plan is not one that this stalplan can read."""

    summary = "The plan file can't be read"


class NodeUnreachable(StalplanError):
    """No session could be opened, or it broke. The node's state is unknown."""

    exit_code = 4
    summary = "Node unreachable"


class HostKeyUnknown(NodeUnreachable):
    """Nothing vouches for the key that the node showed."""

    summary = "Host key unknown"


class HostKeyMismatch(NodeUnreachable):
    """The node showed another key than the inventory or known_hosts names."""

    summary = "Host key mismatch"


class AgentFailed(NodeUnreachable):
    """The node was reached, but what runs there could not do its work."""

    summary = "The node can't do what was asked"


class LockHeld(StalplanError):
    """Another run holds this cluster's lock on this machine, or a node's lease."""

    exit_code = 5
    summary = "Another run holds the cluster"


class LeaseLost(LockHeld):
    """The node's lease has passed to another run; the node refused to act."""

    summary = "The lease was lost"


class PlanIsStale(StalplanError):
    """A node or the desired file is no longer what the plan was made from."""

    exit_code = 6
    summary = "Plan is stale"


class Unfinished(StalplanError):
    """A run was interrupted, or what became of a node is not known."""

    exit_code = 8
    summary = "An apply is unfinished"


class StateFolderUnusable(StalplanError):
    """The folder of state, lock and runs takes nothing. Nothing was begun."""

    summary = "The state folder can't be used"


class StateUnusable(StalplanError):
    """The state file is unreadable, newer than this stalplan, or another cluster's."""

    summary = "The state file can't be used"


class StateDamaged(StateUnusable):
    """The state file holds no state; what it held is lost to us. It is left as is."""

    summary = "The state file is damaged"


class SnapshotUnusable(StalplanError):
    """The snapshot is damaged, of another format, or another cluster's."""

    summary = "The snapshot can't be used"
