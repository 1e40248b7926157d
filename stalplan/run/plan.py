"""The use case behind `stalplan plan`: look at every node, then plan."""

from collections.abc import Collection
from dataclasses import dataclass

from stalplan.errors import StalplanError
from stalplan.model.live import Seen
from stalplan.model.records import State
from stalplan.model.secrets import Secrets
from stalplan.model.wishes import Desired
from stalplan.names import RunId
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Planned
from stalplan.ports import Clock, Reporter, Transport
from stalplan.run.look import look
from stalplan.run.taken import in_the_way


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A plan with what it was made from, and why it may not be applied now."""

    planned: Planned
    seen: tuple[Seen, ...]
    in_the_way: StalplanError | None  # somebody at work, or an unfinished run


def plan_now(
    desired: Desired,
    *,
    transport: Transport,
    state: State | None,
    options: Options,
    begun_here: Collection[RunId],
    clock: Clock,
    reporter: Reporter,
    secrets: Secrets,
) -> Look:
    """A plan from one look at all nodes but the excluded. Changes nothing.

    *secrets* is what `run.secrets.resolve` found, once per run.
    """
    excluded = {*options.exclude, *options.assume_down}
    nodes = [node for node in desired.nodes if node.name not in excluded]
    seen = look(transport, nodes, reporter)
    planned = make_plan(
        desired,
        seen,
        state,
        options=options,
        created=clock.now(),
        secrets=secrets,
    )
    return Look(planned=planned, seen=seen, in_the_way=in_the_way(seen, begun_here))
