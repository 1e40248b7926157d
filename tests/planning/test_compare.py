"""What differs between two trees of leaves."""

from stalplan.planning.compare import Difference, differences


def told(difference: Difference) -> tuple[str, str, str | None, str | None]:
    """All four, since equality is of the place alone."""
    return difference.node, difference.key, difference.live, difference.wanted


def test_leaves_that_differ_are_told_by_node_and_key() -> None:
    """A leaf that one side lacks is None there."""
    live = {"mx2": {"b": "1", "a": "1"}, "mx1": {"c": "1", "d": "1"}}

    found = differences(
        live, {"mx2": {"b": "2", "a": None}, "mx1": {"c": "1", "e": "3"}}
    )

    assert [
        ("mx1", "e", None, "3"),
        ("mx2", "a", "1", None),
        ("mx2", "b", "1", "2"),
    ] == [told(each) for each in found]


def test_what_is_not_wanted_is_not_ours() -> None:
    """Keys and nodes that stand only in the live tree are skipped."""
    live = {"mx1": {"a": "1", "own": "x"}, "mx9": {"a": "2"}}

    assert [] == differences(live, {"mx1": {"a": "1"}})


def test_of_a_node_that_nobody_has_seen_all_is_absent() -> None:
    """It is compared with nothing."""
    found = differences({}, {"mx1": {"a": "1", "b": None}})

    assert [("mx1", "a", None, "1")] == [told(each) for each in found]
