"""One node on this machine: a folder, a small server, and a session with its agent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nodes.folder import NodeFolder

from node.local_exec import LocalExec, shell_folder
from stalplan.model.health import HealthAsk
from stalplan.model.inventory import Node, ServiceSettings, SshSettings
from stalplan.model.live import digest_of
from stalplan.model.records import Fence, StepRef, Transaction
from stalplan.names import NodeId, NodeName, RunId
from stalplan.ports import CommitOrder, LeaseAsk, NodeEvent, StageOrder
from stalplan.transport.agent_session import AgentSession

RUN = RunId("20261124T000000Z-abcdef")
PLAN = digest_of(b"a plan")

# What a word in its file makes it do; each start reads the file once, as the real one.
SERVER = """
for word; do case $word in --config=*) file=${word#--config=} ;; esac; done
grep -q exits-at-once "$file" && exit 1
grep -q dies-soon "$file" && exec sleep 0.3
grep -q hangs-on "$file" && trap '' TERM
grep -q goes-late "$file" && trap 'sleep 2.5; exit 0' TERM
grep -q rewrites "$file" && trap 'echo "rewritten = 1" >"$file"; exit 0' TERM
while :; do sleep 0.05; done
"""


class LoneNode:
    """A node with manager "command". Its server is not started."""

    def __init__(
        self,
        root: Path,
        config: str,
        *,
        shell: str,
        server: Sequence[str] = ("sh", "-c", SERVER, "server"),
        with_pid: bool = True,
        path: str | None = None,
    ) -> None:
        self.folder = NodeFolder(root, config, server=server, mode=0o640)
        self.work_root = root / "var"
        self.line = LocalExec(path or shell_folder(root.parent, shell), cwd=root)
        service = ServiceSettings(
            manager="command",
            config=str(self.folder.config),
            start=tuple(self.folder.start_argv),
            stop=tuple(self.folder.stop_argv),
            active=tuple(self.folder.active_argv),
            pid=tuple(self.folder.pid_argv) if with_pid else None,
        )
        self.node = Node(
            name=NodeName("mx1"),
            node_id=NodeId(1),
            ssh=SshSettings(address="mx1"),
            service=service,
        )
        self.session = AgentSession(self.line, self.node, work_root=str(self.work_root))
        self.base = self.folder.read()

    def close(self) -> None:
        """End the server, whatever it says."""
        self.folder.kill()

    def use(self, **service: object) -> None:
        """Run the node's service in another way from now on."""
        changed = replace(self.node.service, **service)  # type: ignore[arg-type] # keywords of ServiceSettings
        self.node = replace(self.node, service=changed)
        self.session = replace(self.session, node=self.node)

    @property
    def work(self) -> Path:
        """The one folder of records below work_root."""
        (found,) = self.work_root.iterdir()
        return found

    def take(self, run: RunId = RUN, *, seconds: int = 900) -> Fence:
        """A lease for *run*."""
        ask = LeaseAsk(run=run, who="tester@here", plan=PLAN, seconds=seconds)
        return Fence(run=run, number=self.session.take_lease(ask).number)

    def take_over(self) -> Fence:
        """A lease for RUN from another controller, though RUN holds the node."""
        ask = LeaseAsk(
            run=RUN, who="other@there", plan=PLAN, seconds=900, take_over_run=RUN
        )
        return Fence(run=RUN, number=self.session.take_lease(ask).number)

    def stage(self, fence: Fence, result: bytes, *, step: int = 1) -> None:
        """Lay *result* beside the file as *step*."""
        order = StageOrder(
            fence=fence,
            step=step,
            base=digest_of(self.base),
            result=digest_of(result),
            data=result,
        )
        self.session.stage(order)

    def order(
        self,
        fence: Fence,
        result: bytes,
        *,
        stop_timeout: float = 60,
        start_stopped: bool = False,
        health: HealthAsk | None = None,
    ) -> CommitOrder:
        """Step 1 of the run: from what the file held when the node was made."""
        return CommitOrder(
            fence=fence,
            plan=PLAN,
            step=1,
            base=digest_of(self.base),
            result=digest_of(result),
            health=health or health_ask(),
            stop_timeout=stop_timeout,
            start_stopped=start_stopped,
            remaining=(StepRef(step=2, node=NodeName("mx2")),),
        )

    def followed(self) -> list[NodeEvent]:
        """The log of step 1 until its verdict."""
        return list(self.session.follow(RUN, 1))

    def applied(self, result: bytes, **order: object) -> Transaction:
        """The record after lease, staging, and a whole transaction."""
        fence = self.take()
        if result != self.base:
            self.stage(fence, result)
        self.session.commit(self.order(fence, result, **order))  # type: ignore[arg-type] # keywords of order
        self.followed()
        return self.record()

    def record(self) -> Transaction:
        """The node's own record of step 1."""
        found = self.session.transaction(RUN, 1)
        assert found is not None
        return found


MakeNode = Callable[..., LoneNode]


def health_ask(*, timeout: float = 60, steady: float = 0.1) -> HealthAsk:
    """Only the process itself counts."""
    return HealthAsk(
        url=None, timeout=timeout, hostname=None, coordinated=False, steady=steady
    )
