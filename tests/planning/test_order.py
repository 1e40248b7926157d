"""The order of steps, against a simulator of its own and all orders there are."""

import pytest
from hypothesis import assume, given, settings
from order_problems import problems, rough_problems
from order_simulator import Start, broken_rules, cost, least_cost

from stalplan.names import NodeName
from stalplan.planning.improve import improved
from stalplan.planning.order import Move, NoOrder, Problem
from stalplan.planning.rules_order import order_by_rules
from stalplan.planning.search import best_order
from stalplan.planning.steps import in_order
from stalplan.planning.stuck import impossible


def starts(problem: Problem, moves: list[Move]) -> list[Start]:
    """The moves as starts of files."""
    movers = {mover.name: mover for mover in problem.movers}
    found: list[Start] = []
    for move in moves:
        mover = movers[move.name]
        view = mover.passing if move.passing else mover.after
        assert view is not None
        found.append((move.name, view))
    return found


def everyone(problem: Problem) -> set[NodeName]:
    """Those who move and those who stay."""
    return {mover.name for mover in problem.movers} | problem.fixed.keys()


def no_worse_than_any_order(problem: Problem) -> None:
    moves = best_order(problem)

    assert moves is not None
    found = starts(problem, moves)
    assert [] == broken_rules(problem, found)
    spares = len(found) - len(problem.movers)
    assert least_cost(problem, spares) == cost(problem, found)


@settings(max_examples=150)
@given(problems(most=5))
def test_no_order_is_better(problem: Problem) -> None:
    """For a few nodes the planner's order is as good as the best of all orders."""
    no_worse_than_any_order(problem)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=10_000)
@given(problems(most=6))
def test_no_order_of_six_is_better(problem: Problem) -> None:
    """The same for six nodes and ten thousand clusters."""
    no_worse_than_any_order(problem)


def is_there_an_order(problem: Problem) -> None:
    told = in_order(problem)

    if isinstance(told, NoOrder):
        assert None is least_cost(problem, spares=len(problem.movers))
        assert told.rule.endswith(".")
        assert {*told.nodes} <= everyone(problem)
        return
    found = starts(problem, [moment.move for moment in told])
    assert [] == broken_rules(problem, found)
    spares = len(found) - len(problem.movers)
    assert not found or cost(problem, found) == least_cost(problem, spares)


@settings(max_examples=150)
@given(rough_problems(most=4))
def test_no_order_means_that_there_is_none(problem: Problem) -> None:
    """With nodes down, fixed or unread: an order, or a rule that none can keep."""
    is_there_an_order(problem)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=10_000)
@given(rough_problems(most=6))
def test_no_order_of_six_means_that_there_is_none(problem: Problem) -> None:
    """The same for six nodes and ten thousand clusters."""
    is_there_an_order(problem)


@settings(max_examples=200)
@given(problems(most=40))
def test_rules_order_many_soundly(problem: Problem) -> None:
    """However many nodes there are, no hard rule is broken, and search never harms."""
    moves = order_by_rules(problem)

    assert moves is not None
    by_rules = starts(problem, moves)
    assert [] == broken_rules(problem, by_rules)
    better = starts(problem, improved(problem, moves))
    assert [] == broken_rules(problem, better)
    assert cost(problem, better) <= cost(problem, by_rules)


@settings(max_examples=100)
@given(rough_problems(most=6))
def test_rules_find_an_order_where_there_is_one(problem: Problem) -> None:
    """With nodes down, fixed or unread the rules know as well as the search does."""
    assume(impossible(problem) is None)
    moves = order_by_rules(problem)

    assert (moves is None) == (best_order(problem) is None)
    if moves is not None:
        assert [] == broken_rules(problem, starts(problem, moves))


@settings(max_examples=150)
@given(rough_problems(most=30))
def test_many_are_ordered_soundly_or_not_at_all(problem: Problem) -> None:
    """However many nodes are down, fixed or unread, no hard rule is broken."""
    told = in_order(problem)

    if isinstance(told, NoOrder):
        assert {*told.nodes} <= everyone(problem)
    else:
        moves = [moment.move for moment in told]
        assert [] == broken_rules(problem, starts(problem, moves))
