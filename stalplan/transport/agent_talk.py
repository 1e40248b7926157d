"""What is said to one node's agent and what its answers mean, over no line at all."""

import secrets
from collections.abc import Generator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport
from stalplan.model.variables import variables_of
from stalplan.node import agent, answers, asks


@dataclass(frozen=True, slots=True)
class Output:
    """What one command on a node said. The bytes may hold a config file."""

    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    status: int  # -1 where a signal ended it or the node told none


Asking = Generator[bytes, Output, NodeReport]
"""Yields what goes to the command's stdin, is sent what it said, returns the report.

Whoever drives it runs each command to its end in a way of its own: a thread that
waits, or a loop that does other things meanwhile.
"""


@cache
def agent_parts() -> Mapping[str, str]:
    """The agent's texts by name, as the package ships them."""
    folder = resources.files("stalplan.node").joinpath("sh")
    names = {part for parts in agent.PARTS.values() for part in parts}
    names.add(agent.CONTAINER_PART)
    return {name: folder.joinpath(f"{name}.sh").read_text("ascii") for name in names}


@dataclass(frozen=True, slots=True)
class AgentTalk:
    """Requests to the agent of *node*, and the reading of its answers.

    *work_root* is where root's records lie on the node, None for the agent's own
    choice: STALPLAN_WORK_ROOT of the login's environment, else /var/lib/stalplan.
    """

    node: Node
    work_root: str | None = None

    @property
    def command(self) -> str:
        """The command line that takes every request."""
        return agent.command(sudo=self.node.ssh.sudo)

    def report(self) -> Asking:
        """What the node is: its file, unchanged while read, service, lease.

        Only a file that reads its own settings from the environment is asked for
        twice: of the environment no more is told than it names.
        """
        first = yield from self._report(frozenset())
        named = variables_of(first.file.data) if first.file else frozenset()
        return (yield from self._report(named)) if named else first

    def _report(self, variables: AbstractSet[str]) -> Asking:
        stdin, nonce = self.request("report", asks.report_words(variables))
        output = yield stdin
        return answers.report_of(self.node.name, self.answer(output, nonce))

    def request(
        self, verb: str, words: Mapping[str, str], *, payload: bytes = b""
    ) -> tuple[bytes, str]:
        """What goes to stdin, and the nonce that marks the answer."""
        nonce = secrets.token_hex(16)
        text = self.script(verb, words, last=f"nonce={nonce}\n{verb}")
        return agent.request(text, nonce=nonce, payload=payload), nonce

    def script(self, verb: str, words: Mapping[str, str], *, last: str) -> bytes:
        """The text that does *verb* on this node."""
        base = asks.base_ask(self.node, work_root=self.work_root)
        ask = agent.Ask({**base.words, **words}, base.commands)
        return agent.script(verb, agent_parts(), ask, last=last)

    def answer(self, output: Output, nonce: str) -> list[agent.Field]:
        """The fields of an answer.

        Raises:
            StalplanError: the agent refused; AgentFailed: there is no answer.
        """
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
