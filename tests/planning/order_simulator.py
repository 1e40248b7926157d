"""A second model of a running cluster, written apart from the planner's own.

It knows nothing but nodes, their ids and their own role lists, in plain dicts.
"""

from collections.abc import Iterable, Iterator

from stalplan.names import NodeName, Role
from stalplan.planning.moments import View
from stalplan.planning.order import Mover, Problem

Now = dict[NodeName, View | None]
Start = tuple[NodeName, View]
Cost = tuple[int, ...]


def begin(problem: Problem) -> Now:
    """Who runs as what before anything is done."""
    return {**problem.fixed, **{m.name: m.before for m in problem.movers}}


def doubles(now: Now) -> set[frozenset[NodeName]]:
    """Pairs of running nodes that count as one id."""
    running = [(name, view) for name, view in now.items() if view]
    return {
        frozenset({a, b})
        for a, one in running
        for b, other in running
        if a < b and one.low_id % 512 == other.low_id % 512
    }


def broken_by(problem: Problem, now: Now, name: NodeName, view: View) -> list[str]:
    """Every hard rule that one more start breaks, in words."""
    broken = []
    down = len(problem.down) + sum(v is None for v in now.values())
    if now[name] is not None and down + 1 > problem.max_unavailable:
        broken.append(f"{name} makes {down + 1} nodes down")
    if view.low_id in problem.taken and now[name] != view:
        broken.append(f"{name} takes an id that may be in use")
    added = doubles({**now, name: view}) - doubles(now)
    return broken + [f"{sorted(pair)} double" for pair in added]


def broken_in_the_end(problem: Problem, now: Now) -> list[str]:
    """What must not be so when all is done."""
    broken = [f"{sorted(pair)} double in the end" for pair in doubles(now)]
    unread = [n for n, view in now.items() if view and view.low_id in problem.taken]
    return broken + [f"{name} may be double in the end" for name in unread]


def broken_rules(problem: Problem, starts: Iterable[Start]) -> list[str]:
    """Every hard rule that the sequence breaks, in words."""
    now, broken = begin(problem), []
    for name, view in starts:
        broken += broken_by(problem, now, name, view)
        now[name] = view
    return broken + broken_in_the_end(problem, now)


def cost(problem: Problem, starts: list[Start]) -> Cost:
    """Starts, then what is wrong in all moments between two of them, worst first."""
    now = begin(problem)
    total = [0] * (len(problem.first) + 5)
    left = dict.fromkeys(m.name for m in problem.movers)
    ends = {m.name: m.after for m in problem.movers}
    for name, view in starts[:-1]:
        now[name] = view
        if view == ends[name]:
            left.pop(name, None)
        for index, part in enumerate(moment(problem, now, list(left))):
            total[index] += part
    return (len(starts), *total)


def moment(problem: Problem, now: Now, left: list[NodeName]) -> list[int]:
    """What is wrong at one moment."""
    views = [view for view in now.values() if view]
    ids = [view.low_id for view in views]
    found = [int(name in left) for name in problem.first]
    found.append(len(ids) - len(set(ids)))
    per_role = [_role(problem, views, role) for role in problem.watch.roles]
    found += [sum(each) for each in zip(*per_role, strict=True)] or [0, 0, 0]
    found.append(int(len({view.coordinator for view in views}) > 1))
    return found


def _role(problem: Problem, views: list[View], role: Role) -> tuple[int, int, int]:
    """Whether the role is run twice, not fully run, or split."""
    tables = {view.tables[role] for view in views}
    if len(tables) > 1 and any(table is not None and table[1:] for table in tables):
        return 0, 0, 1
    parts = [view.parts[role] for view in views if role in view.parts]
    double = role in problem.watch.single and len(parts) > len(set(parts))
    whole = bool(parts) and len(set(parts)) == parts[0][1]
    return int(double), int(not whole), 0


def least_cost(problem: Problem, spares: int) -> Cost | None:
    """The least that any order costs; None: each breaks a hard rule.

    All orders are gone through, with up to *spares* starts with a spare id in them. A
    rule that is broken stays so, whatever comes after.
    """
    now = begin(problem)
    if problem.movers:
        return _least(problem, now, problem.movers, spares)
    return None if broken_in_the_end(problem, now) else (0,)


def _least(
    problem: Problem, now: Now, left: tuple[Mover, ...], spares: int
) -> Cost | None:
    found = (
        _cost_of(problem, {**now, mover.name: view}, rest, spares - held)
        for mover in left
        for view, rest, held in _starts(mover, now, left, spares)
        if not broken_by(problem, now, mover.name, view)
    )
    return min((cost for cost in found if cost is not None), default=None)


def _starts(
    mover: Mover, now: Now, left: tuple[Mover, ...], spares: int
) -> Iterator[tuple[View, tuple[Mover, ...], int]]:
    """What a mover may start as, who is then left, and the spare ids it takes."""
    yield mover.after, tuple(other for other in left if other != mover), 0
    if spares and mover.passing is not None and now[mover.name] == mover.before:
        yield mover.passing, left, 1


def _cost_of(
    problem: Problem, now: Now, left: tuple[Mover, ...], spares: int
) -> Cost | None:
    """One start, the moment after it, and what comes then."""
    nothing = (0,) * (len(problem.first) + 5)
    if not left:
        return None if broken_in_the_end(problem, now) else (1, *nothing)
    rest = _least(problem, now, left, spares)
    if rest is None:
        return None
    here = (1, *moment(problem, now, [mover.name for mover in left]))
    return tuple(map(sum, zip(here, rest, strict=True)))
