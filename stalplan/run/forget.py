"""A node whose part in a run only a person can judge: what to look at, and its end."""

from collections.abc import Iterator, Mapping, Sequence

from stalplan.errors import StalplanError
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen
from stalplan.model.records import Transaction, Verdict
from stalplan.names import NodeName, RunId
from stalplan.run.outcome import Ended

FORGOTTEN = "forgotten"  # in the journal: a person closed a node's part


class NothingToForget(StalplanError):
    """The node's part in the run is over, or it has none; nothing was changed."""

    summary = "Nothing to forget"


def is_open(tx: Transaction) -> bool:
    """Whether it was begun and nobody, or only a person, can say how it ended."""
    return tx.begun and tx.verdict in (None, Verdict.FAILED)


def forgotten(tx: Transaction) -> Ended:
    """How a closed step counts: by the file that is there now."""
    return Ended.DONE if tx.file_digest == tx.result else Ended.RESTORED


def given_up(records: Sequence[Mapping[str, object]]) -> frozenset[NodeName]:
    """Nodes that the journal of a run says were closed before."""
    return frozenset(
        NodeName(str(record["node"]))
        for record in records
        if record["event"] == FORGOTTEN
    )


def what_to_look_at(node: Node, seen: Seen, run: RunId) -> tuple[str, ...]:
    """What a person must know before the node's part in *run* is closed.

    Raises:
        NothingToForget: its part is over, or can be ended without a person.
    """
    if not isinstance(seen, NodeReport):
        return (
            f"{node.name} can't be asked: {seen.detail}",
            "Its own records stay there; it may still run its old file, or the new.",
        )
    opened = [tx for tx in seen.transactions if tx.run == run and is_open(tx)]
    if not opened:
        raise NothingToForget(
            f"{node.name} has no failed or unfinished step of run {run}.",
            hint="stalplan recover",
        )
    if any(tx.running for tx in opened):
        raise NothingToForget(
            f"A transaction of run {run} still works on {node.name}.",
            hint="stalplan recover  # waits for it",
        )
    return tuple(line for tx in opened for line in _lines(node, seen, tx))


def _lines(node: Node, seen: NodeReport, tx: Transaction) -> Iterator[str]:
    word = tx.verdict or "begun, and cut off"
    yield f"{node.name}, step {tx.step}: {word}. {tx.detail}".strip()
    yield f"  before the step  {tx.base}"
    yield f"  after the step   {tx.result}"
    yield f"  the file now     {tx.file_digest or 'is not there'}{_which(tx)}"
    path = seen.file.real_path if seen.file else node.service.config or "its file"
    yield f"  Look at {path}, at `{_service(node)}`, and at the server's log."
    yield "  Copies of older files lie in /var/lib/stalplan/*/backups on the node, or,"
    yield "  if the login is not root, in .stalplan/backups beside the file."


def _which(tx: Transaction) -> str:
    match tx.file_digest:
        case tx.base:
            return " (as before)"
        case tx.result:
            return " (as after)"
        case _:
            return " (neither)"


def _service(node: Node) -> str:
    service = node.service
    match service.manager:
        case "systemd":
            return f"systemctl status {service.unit}"
        case "docker" | "podman":
            return f"{service.manager} ps -a --filter name={service.unit}"
        case _:
            return " ".join(service.active or ("its service",))
