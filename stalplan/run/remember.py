"""What state remembers of a node: always what the node itself was seen to hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stalplan.errors import StalplanError, StateUnusable
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.model.wishes import Desired
from stalplan.names import Digest, NodeName
from stalplan.planning.look import version_of
from stalplan.planning.process import file_is_newer
from stalplan.planning.values import managed_values
from stalplan.ports import Clock, Reporter, StateStore, Transport
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import HOSTNAME, NODE_ID


@dataclass(slots=True, kw_only=True)
class Memory:
    """The state of a run's cluster, saved after every node that is done.

    Losing it loses history only, so a disk that can't take it is a note, not the end
    of a run that is busy with mail servers.
    """

    store: StateStore
    state: State
    desired: Desired
    reporter: Reporter

    def node(self, report: NodeReport, *, plan: Digest | None, at: datetime) -> None:
        """Remember one node as it is after its step."""
        self._save({**self.state.nodes, **self._recorded([report], plan, at)})

    def partly(self, report: NodeReport, *, left: Collection[str | None]) -> None:
        """Remember a node that has a record as it is now, but for the keys in *left*.

        Those stay as they were, and its file goes on to be another than the recorded.
        """
        before = self.state.nodes[report.node]
        now = recorded(report, self.desired, before)
        if now is None:
            return
        keys = before.values.keys() | now.values.keys()
        sources = {key: (before if key in left else now).values for key in keys}
        values = {key: of[key] for key, of in sources.items() if key in of}
        record = replace(
            before,
            values=values,
            node_id=(before if NODE_ID in left else now).node_id,
            hostname=(before if HOSTNAME in left else now).hostname,
        )
        self._save({**self.state.nodes, report.node: record})

    def everyone(
        self, seen: Sequence[Seen], *, plan: Digest | None, at: datetime
    ) -> None:
        """Remember every node as it was seen, and forget those that have left."""
        reports = [each for each in seen if isinstance(each, NodeReport)]
        known = {**self.state.nodes, **self._recorded(reports, plan, at)}
        wanted = {node.name for node in self.desired.nodes}
        self._save({name: node for name, node in known.items() if name in wanted})

    def _recorded(
        self, reports: Sequence[NodeReport], plan: Digest | None, at: datetime
    ) -> Mapping[NodeName, RecordedNode]:
        records = {}
        for report in reports:
            before = self.state.nodes.get(report.node)
            record = recorded(report, self.desired, before)
            if record is not None and not _says_the_same(before, record):
                records[report.node] = replace(record, plan=plan, applied_at=at)
        return records

    def _save(self, nodes: dict[NodeName, RecordedNode]) -> None:
        if nodes == self.state.nodes:
            return
        try:
            self.state = self.store.save(replace(self.state, nodes=nodes))
        except (OSError, StateUnusable) as error:
            self.reporter.note(f"State was not saved: {error}")


def look_again(
    memory: Memory,
    transport: Transport,
    node: Node,
    *,
    plan: Digest | None,
    clock: Clock,
) -> None:
    """Remember *node* as it is now. One that can't be asked is a note, no more."""
    try:
        report = transport.session(node).report()
    except StalplanError as error:
        memory.reporter.note(f"{node.name}: not looked at again: {error.detail}")
        return
    memory.node(report, plan=plan, at=clock.now())


_NOTHING = RecordedNode(node_id=0, hostname=None, digest=digest_of(b""))


def recorded(
    report: NodeReport, desired: Desired, before: RecordedNode | None
) -> RecordedNode | None:
    """What to remember of one look at a node; None where its file can't be read.

    What its process began with is known only where the file is older than the
    start; else what was remembered of the same start stays.
    """
    if report.file is None or report.file.too_large:
        return None
    try:
        config = parse(report.file.data, version_of(report, desired.release))
    except ConfigRefused:
        return None
    values = managed_values(config, desired.release, desired.stores)
    reads = effective(config, desired.release, report.unit_environment)
    started = report.service.started_at if report.service else None
    fresh = started is not None and not file_is_newer(report)
    kept = before or _NOTHING
    return RecordedNode(
        node_id=reads.node_id,
        hostname=reads.hostname,
        digest=report.file.digest,
        values=values,
        started_values=values if fresh else kept.started_values,
        started_at=started if fresh else kept.started_at,
    )


def _says_the_same(before: RecordedNode | None, after: RecordedNode) -> bool:
    """Whether nothing is new but when it was looked at."""
    if before is None:
        return False
    return replace(before, plan=None, applied_at=None) == after
