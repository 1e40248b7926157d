"""What the branch under review has to do with a plan, in sentences."""

from typing import TYPE_CHECKING

from stalplan.planning.changes import Cause
from stalplan.planning.facts import facts
from stalplan.planning.plan import Origin
from stalplan.render.headlines import headline, mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.planning.changes import Change
    from stalplan.planning.plan import Base, Plan


def base_title(base: "Base") -> str:
    """What the branch is compared with."""
    return f"Compared with {base.revision} ({base.commit[:12]})"


def base_lines(plan: "Plan") -> "Iterator[str]":
    """Whose the changes are, and what the branch gives up; nothing without a base."""
    base = plan.base
    if base is None:
        return
    if base.problem:
        yield f"There is no plan at {base.revision}: {base.problem}"
        yield "So every change counts as one of this branch."
    count = base.origins.count(Origin.PENDING)
    own = len(base.origins) - count
    come = "comes" if own == 1 else "come"
    were = "was" if count == 1 else "were"
    yield (
        f"{_counted(own)} {come} from this branch; {count or 'none'} {were} pending "
        "before it."
    )
    yield from map(_gone, base.gone)


def _counted(number: int) -> str:
    return f"{number or 'No'} change{'' if number == 1 else 's'}"


def _gone(change: "Change") -> str:
    """A change that the base asks for and the branch does not."""
    line = f"{mark(change)} {headline(change)}"
    if change.cause is Cause.DRIFT:
        nodes = ", ".join(facts(change).nodes)
        return f"This branch leaves drift on {nodes} as it is, without: {line}"
    return f"No longer asked for: {line}"
