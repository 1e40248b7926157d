"""A second model of a running cluster, written apart from the planner's own.

It knows nothing but nodes, their ids and their own role lists, in plain dicts.
"""

from collections.abc import Iterable, Iterator
from itertools import permutations

from stalplan.names import NodeName, Role
from stalplan.planning.moments import View
from stalplan.planning.order import Mover, Problem

Now = dict[NodeName, View | None]
Start = tuple[NodeName, View]


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


def broken_rules(problem: Problem, starts: Iterable[Start]) -> list[str]:
    """Every hard rule that the sequence breaks, in words."""
    now, broken = begin(problem), []
    for name, view in starts:
        before = doubles(now)
        down = problem.down + sum(v is None for v in now.values())
        if now[name] is not None and down + 1 > problem.max_unavailable:
            broken.append(f"{name} makes {down + 1} nodes down")
        if view.low_id in problem.taken and now[name] != view:
            broken.append(f"{name} takes an id that may be in use")
        now[name] = view
        broken += [f"{sorted(pair)} double" for pair in doubles(now) - before]
    broken += [f"{sorted(pair)} double in the end" for pair in doubles(now)]
    return broken


def cost(problem: Problem, starts: list[Start]) -> tuple[int, ...]:
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


def all_orders(problem: Problem) -> Iterator[list[Start]]:
    """Every order of one start per mover, sound or not."""
    for order in permutations(problem.movers):
        yield [(mover.name, mover.after) for mover in order]


def all_orders_with_one_spare(problem: Problem) -> Iterator[list[Start]]:
    """Every order in which one mover, that may, first holds its spare id."""
    movers: tuple[Mover, ...] = problem.movers
    for mover in movers:
        if mover.passing is None:
            continue
        first = (mover.name, mover.passing)
        for order in all_orders(problem):
            place = order.index((mover.name, mover.after))
            for index in range(place + 1):
                yield [*order[:index], first, *order[index:]]
