"""A session with one node's agent, over whatever can run a command there."""

import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Protocol

from stalplan.errors import AgentFailed
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, digest_of
from stalplan.model.records import Fence, Lease, Transaction
from stalplan.model.variables import variables_of
from stalplan.names import Digest, RunId
from stalplan.node import agent, answers, asks
from stalplan.ports import (
    CommitOrder,
    LeaseAsk,
    NodeEvent,
    SettingsAsk,
    StageOrder,
)


@dataclass(frozen=True, slots=True)
class Output:
    """What one command on a node said. The bytes may hold a config file."""

    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    status: int  # -1 where a signal ended it or the node told none


class Exec(Protocol):
    """Runs a command line on a node, through the user's login shell there.

    *stdin* is sent whole and then closed. Both methods raise NodeUnreachable when
    the line breaks; the command may then run on, or not.
    """

    def run(self, command: str, stdin: bytes) -> Output:
        """Run *command* to its end."""

    def stream(self, command: str, stdin: bytes) -> Iterator[bytes]:
        """Yield stdout as it comes, in any pieces, until the command ends."""


@cache
def agent_parts() -> Mapping[str, str]:
    """The agent's texts by name, as the package ships them."""
    folder = resources.files("stalplan.node").joinpath("sh")
    names = {part for parts in agent.PARTS.values() for part in parts}
    names.add(agent.CONTAINER_PART)
    return {name: folder.joinpath(f"{name}.sh").read_text("ascii") for name in names}


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
        """What the node is: its file, unchanged while read, service, lease.

        Only a file that reads its own settings from the environment is asked for
        twice: of the environment no more is told than it names.
        """
        first = self._report(frozenset())
        named = variables_of(first.file.data) if first.file else frozenset()
        return self._report(named) if named else first

    def _report(self, variables: AbstractSet[str]) -> NodeReport:
        fields = self._ask("report", asks.report_words(variables))
        return answers.report_of(self.node.name, fields)

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
        nonce = secrets.token_hex(16)
        words = {**asks.run_words(self.node, run), "step": str(step)}
        text = self._script("follow", words, nonce)
        stdin = agent.request(text, nonce=nonce)
        whole = False
        pieces = self.line.stream(self._command, stdin)
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
    def _command(self) -> str:
        return agent.command(sudo=self.node.ssh.sudo)

    def _fence(self, fence: Fence) -> dict[str, str]:
        words = asks.run_words(self.node, fence.run)
        return {**words, "fence": str(fence.number)}

    def _launch(self, verb: str, order: CommitOrder, *, undo: bool) -> None:
        words = asks.commit_words(self.node, order, undo=undo)
        ask = self._words(words)
        detached = agent.script(
            "transaction", agent_parts(), ask, last='transaction "$@"'
        )
        words = {**words, "script": digest_of(detached)}
        self._ask(verb, words, payload=detached)

    def _ask(
        self, verb: str, words: Mapping[str, str], *, payload: bytes = b""
    ) -> list[agent.Field]:
        nonce = secrets.token_hex(16)
        text = self._script(verb, words, nonce)
        stdin = agent.request(text, nonce=nonce, payload=payload)
        output = self.line.run(self._command, stdin)
        fields = agent.fields(output.stdout, nonce)
        if fields is None:
            raise agent.no_answer(
                self.node.name,
                status=output.status,
                stderr=output.stderr,
                sudo=self.node.ssh.sudo,
            )
        if (error := answers.refusal(self.node.name, fields)) is not None:
            raise error
        return fields

    def _script(self, verb: str, words: Mapping[str, str], nonce: str) -> bytes:
        ask = self._words(words)
        return agent.script(verb, agent_parts(), ask, last=f"nonce={nonce}\n{verb}")

    def _words(self, words: Mapping[str, str]) -> agent.Ask:
        base = asks.base_ask(self.node, work_root=self.work_root)
        return agent.Ask({**base.words, **words}, base.commands)


_EPOCH = datetime.fromtimestamp(0, UTC)


def _event(line: str) -> NodeEvent:
    seconds, act, text = [*line.split(" ", 2), "", ""][:3]
    at = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else _EPOCH
    return NodeEvent(at=at, act=act, text=text)
