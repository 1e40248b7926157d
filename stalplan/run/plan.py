"""The use case behind `stalplan plan`: look at every node, then plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from stalplan.errors import StalplanError
from stalplan.model.inventory import Node
from stalplan.model.live import Seen, Unreachable
from stalplan.model.records import State
from stalplan.model.secrets import Secrets
from stalplan.model.wishes import Desired
from stalplan.names import NodeName, RunId
from stalplan.planning.plan import GitState, Options, Plan, Planned
from stalplan.ports import Clock, Reporter, Transport
from stalplan.run.look import SILENT, look
from stalplan.run.taken import in_the_way
from stalplan.run.together import aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalplan.model.records import RecordedNode
    from stalplan.planning.look import Known, Lost

_NO_OPTIONS: Final = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A plan with what it was made from, and why it may not be applied now."""

    planned: Planned
    seen: tuple[Seen, ...]
    in_the_way: StalplanError | None  # somebody at work, or an unfinished run


def make_plan(
    desired: Desired,
    *,
    transport: Transport,
    clock: Clock,
    state: State | None = None,
    options: Options = _NO_OPTIONS,
    begun_here: Collection[RunId] = (),
    reporter: Reporter = SILENT,
    secrets: Secrets = MappingProxyType({}),
    withheld: Mapping[NodeName, Unreachable] = MappingProxyType({}),
    git: GitState | None = None,
) -> Look:
    """A plan from one look at all nodes but the excluded. Changes nothing.

    *state* is what was last applied, where it is known. *secrets* is what
    `run.secrets.resolve` found, once per run; what is missing there blocks the plan.
    *begun_here* are runs that this machine began and did not end. No connection is
    opened to the nodes of *withheld*: that is what was seen of them. A node that
    can't be reached raises nothing: the plan says so, and can't be applied.
    """
    left_out = {*options.not_asked, *withheld}
    nodes = [node for node in desired.nodes if node.name not in left_out]
    looks: dict[NodeName, Callable[[], Known | Lost]] = {}
    asked = {node.name: node for node in nodes}
    recorded = state.nodes if state else {}

    def hear(each: Seen) -> None:
        known = asked[each.node], recorded.get(each.node)
        looks[each.node] = other.submit(_looked_at, each, desired, *known).result

    # What is read is looked at while other nodes still work on their answers.
    with aside() as other:
        loaded = other.submit(_load_planning)
        seen = look(transport, nodes, reporter, hear=hear)
    seen += tuple(
        each for name, each in withheld.items() if name not in options.not_asked
    )
    planned = loaded.result()(
        desired,
        seen,
        state,
        options=options,
        created=clock.now(),
        secrets=secrets,
        looked={name: looked() for name, looked in looks.items()},
    )
    planned = replace(planned, plan=with_git(planned.plan, git))
    return Look(planned=planned, seen=seen, in_the_way=in_the_way(seen, begun_here))


def _looked_at(
    seen: Seen, desired: Desired, node: Node, recorded: "RecordedNode | None"
) -> "Known | Lost":
    from stalplan.planning.look import look as look_at  # noqa: PLC0415 - loaded there

    return look_at(node, seen, desired, recorded)


def _load_planning() -> "Callable[..., Planned]":
    """What plans. It is loaded while the nodes work on their first answers."""
    from stalplan.planning.make import make_plan  # noqa: PLC0415 - as said

    return make_plan


def with_git(plan: Plan, git: GitState | None) -> Plan:
    """*plan*, knowing at which commit its desired file was read. No digest binds it."""
    return replace(plan, desired=replace(plan.desired, git=git))
