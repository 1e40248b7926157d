"""A session with one node's agent, over whatever can run a command there."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from stalplan.errors import AgentFailed
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, digest_of
from stalplan.model.records import Fence, Lease, Transaction
from stalplan.names import Digest, RunId
from stalplan.node import agent, answers, asks
from stalplan.ports import (
    CommitOrder,
    LeaseAsk,
    NodeEvent,
    SettingsAsk,
    StageOrder,
)
from stalplan.transport.agent_talk import AgentTalk, Output


class Exec(Protocol):
    """Runs a command line on a node, through the user's login shell there.

    *stdin* is sent whole and then closed. Both methods raise NodeUnreachable when
    the line breaks; the command may then run on, or not.
    """

    def run(self, command: str, stdin: bytes) -> Output:
        """Run *command* to its end."""

    def stream(self, command: str, stdin: bytes) -> Iterator[bytes]:
        """Yield stdout as it comes, in any pieces, until the command ends."""


@dataclass(frozen=True, slots=True)
class AgentSession:
    """ports.Session over an Exec. Nothing is kept here; the node knows all.

    *work_root* is where root's records lie on the node, None for the agent's own
    choice: STALPLAN_WORK_ROOT of the login's environment, else /var/lib/stalplan.
    """

    line: Exec
    node: Node
    work_root: str | None = None

    def report(self) -> NodeReport:
        """What the node is: its file, unchanged while read, service, lease."""
        asking = self._talk.report()
        stdin = next(asking)
        while True:
            output = self.line.run(self._talk.command, stdin)
            try:
                stdin = asking.send(output)
            except StopIteration as told:
                report: NodeReport = told.value
                return report

    def take_lease(self, ask: LeaseAsk) -> Lease:
        """Take the node, or an expired lease on it; one of several askers wins."""
        fields = self._ask("take_lease", asks.lease_words(self.node, ask))
        return answers.lease_of(self.node.name, fields, at=_EPOCH)

    def renew_lease(self, fence: Fence, *, seconds: int) -> Lease:
        """Hold the node for *seconds* from now, by the node's clock."""
        words = {**self._fence(fence), "seconds": str(max(1, seconds))}
        fields = self._ask("renew_lease", words)
        return answers.lease_of(self.node.name, fields, at=_EPOCH)

    def release_lease(self, fence: Fence) -> None:
        """Let the node go. Letting go twice, or after a takeover, does nothing."""
        self._ask("release_lease", self._fence(fence))

    def break_lease(self, run: RunId) -> bool:
        """Remove the lease that *run* holds; False when it holds none."""
        if not asks.is_usable(run):
            return False
        fields = self._ask("break_lease", {"run": run})
        return any(field.name == "broken" and field.text == "yes" for field in fields)

    def stage(self, order: StageOrder) -> None:
        """Write the result beside the config, with owner and mode, flushed."""
        self._ask("stage", asks.stage_words(self.node, order), payload=order.data)

    def commit(self, order: CommitOrder) -> None:
        """Begin the node's own transaction and return; it ends without us."""
        self._launch("commit", order, undo=False)

    def finish(self, order: CommitOrder, *, undo: bool) -> None:
        """End an interrupted transaction by itself: forward, or back to its base."""
        self._launch("finish", order, undo=undo)

    def follow(self, run: RunId, step: int) -> Iterator[NodeEvent]:
        """The transaction's log from its first line until it has a verdict."""
        words = {**asks.run_words(self.node, run), "step": str(step)}
        stdin, nonce = self._talk.request("follow", words)
        whole = False
        pieces = self.line.stream(self._talk.command, stdin)
        for line in agent.event_lines(pieces, nonce):
            if line is None:
                whole = True
            else:
                yield _event(line)
        if not whole:
            raise AgentFailed(f"{self.node.name}: the agent stopped telling its log.")

    def transaction(self, run: RunId, step: int) -> Transaction | None:
        """The node's own record, also of a step that is only staged."""
        words = {**asks.run_words(self.node, run), "step": str(step)}
        fields = self._ask("one_transaction", words)
        found = answers.transactions_of(self.node.name, fields)
        return found[0] if found else None

    def clean(self, fence: Fence) -> None:
        """Remove the run's staged files and records that are over. Backups stay."""
        self._ask("clean", self._fence(fence))

    def backup(self, digest: Digest) -> bytes | None:
        """The bytes with that digest, if they are among the node's backups."""
        told = self._ask("backup", {"result": digest})
        found = (each.value for each in told if each.name == "backup")
        return next((data for data in found if digest_of(data) == digest), None)

    def reach(self, addresses: Sequence[str]) -> frozenset[str] | None:
        """Those of "HOST:PORT" that accept a connection; None: it can't be tried."""
        told = self._ask("reach", {"addresses": " ".join(addresses)})
        if any(field.name == "untried" for field in told):
            return None
        return frozenset(field.text for field in told if field.name == "reached")

    def forget(self, fence: Fence, step: int) -> None:
        """Remove one step's record and staged file, however it ended."""
        self._ask("forget", {**self._fence(fence), "step": str(step)})

    def settings(self, ask: SettingsAsk) -> Mapping[str, str]:
        """The running server's settings that *ask* names, as flat keys and texts."""
        login = f"{ask.user}:{ask.password.text}".encode()
        told = self._ask("settings", {"url": ask.url}, payload=b64encode(login))
        return answers.settings_of(self.node.name, told)

    @property
    def _talk(self) -> AgentTalk:
        return AgentTalk(self.node, self.work_root)

    def _fence(self, fence: Fence) -> dict[str, str]:
        words = asks.run_words(self.node, fence.run)
        return {**words, "fence": str(fence.number)}

    def _launch(self, verb: str, order: CommitOrder, *, undo: bool) -> None:
        words = asks.commit_words(self.node, order, undo=undo)
        detached = self._talk.script("transaction", words, last='transaction "$@"')
        words = {**words, "script": digest_of(detached)}
        self._ask(verb, words, payload=detached)

    def _ask(
        self, verb: str, words: Mapping[str, str], *, payload: bytes = b""
    ) -> list[agent.Field]:
        stdin, nonce = self._talk.request(verb, words, payload=payload)
        return self._talk.answer(self.line.run(self._talk.command, stdin), nonce)


_EPOCH = datetime.fromtimestamp(0, UTC)


def _event(line: str) -> NodeEvent:
    seconds, act, text = [*line.split(" ", 2), "", ""][:3]
    at = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else _EPOCH
    return NodeEvent(at=at, act=act, text=text)
