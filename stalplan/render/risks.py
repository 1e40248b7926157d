"""What is at risk while the steps run: from which step's end to which one's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from stalplan.model.cluster import listed
from stalplan.planning.plan import Plan, Risk, Step
from stalplan.render.headlines import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.names import NodeName, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """A risk of some roles that lasts from the end of one step to that of another."""

    what: Risk
    roles: tuple["Role", ...]
    nodes: tuple["NodeName", ...]
    since: int
    until: int

    @property
    def sentence(self) -> str:
        """What is not as it should be."""
        are = "is" if len(self.roles) == 1 else "are"
        match self.what:
            case Risk.DOUBLE:
                return f"{listed(self.roles)} {are} run twice, by {names(self.nodes)}."
            case Risk.UNCOVERED:
                later = f" ({names(self.nodes)} will)" if self.nodes else ""
                return f"{listed(self.roles)} {are} not fully run{later}."
            case Risk.SPLIT:
                roles = listed(self.roles)
                return f"running nodes have different shard tables of {roles}."
            case Risk.PARTED:
                return "running nodes are on different coordinators."
            case _:
                assert_never(self.what)


def at_risk(plan: Plan) -> list[AtRisk]:
    """Every risk once, in the order in which they begin."""
    told: list[AtRisk] = []
    before: set[object] = set()
    for index, step in enumerate(plan.steps):
        alike: dict[tuple[int, Risk, tuple[NodeName, ...]], list[Role]] = {}
        for risk in step.exposure:
            if (risk.role, risk.what) not in before:
                until = _until(plan.steps, index, (risk.role, risk.what))
                roles = alike.setdefault((until, risk.what, risk.nodes), [])
                roles += [risk.role] if risk.role else []
        before = {(risk.role, risk.what) for risk in step.exposure}
        told += [
            AtRisk(
                what=what,
                roles=tuple(roles),
                nodes=nodes,
                since=step.number,
                until=until,
            )
            for (until, what, nodes), roles in alike.items()
        ]
    return told


def risks(plan: Plan) -> dict[int, list[str]]:
    """By the step that brings them: what is at risk, and until which step ends."""
    told: dict[int, list[str]] = {step.number: [] for step in plan.steps}
    for risk in at_risk(plan):
        told[risk.since].append(f"Until step {risk.until} is done: {risk.sentence}")
    return told


def _until(steps: "Sequence[Step]", index: int, risk: object) -> int:
    for step in steps[index:]:
        if risk not in {(each.role, each.what) for each in step.exposure}:
            return step.number
    return steps[-1].number
