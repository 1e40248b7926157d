"""Random clusters to be ordered, for tests by law."""

from dataclasses import replace

from hypothesis import strategies as st

from stalplan.names import NodeName, Role
from stalplan.planning.moments import View, Watch
from stalplan.planning.order import Mover, Problem
from stalplan.stalwart.effective import On, Shard, part_of
from stalplan.stalwart.spelling import IdTable

ROLES = (Role("fts-indexing"), Role("purge.stores"))
SPARE = 511


def view(
    node_id: int, tables: dict[Role, IdTable | None], coordinator: str = ""
) -> View:
    """What a server with these lists is."""
    parts = {}
    for role, table in tables.items():
        part = part_of(table, node_id)
        if isinstance(part, On):
            parts[role] = (0, 1)
        if isinstance(part, Shard):
            parts[role] = (part.index, part.of)
    return View(low_id=node_id, coordinator=coordinator, parts=parts, tables=tables)


@st.composite
def tables(draw: st.DrawFn, ids: list[int]) -> IdTable | None:
    """A role's list over *ids*: everyone, one shard, or two."""
    kind = draw(st.sampled_from(["all", "one", "few", "two"]))
    if kind == "all":
        return None
    if kind == "one":
        return ((draw(st.sampled_from(ids)),),)
    if kind == "few":
        chosen = draw(st.sets(st.sampled_from(ids), min_size=1))
        return (tuple(sorted(chosen)),)
    return ((draw(st.sampled_from(ids)),), (draw(st.sampled_from(ids)),))


@st.composite
def problems(draw: st.DrawFn, most: int = 5) -> Problem:
    """Nodes whose ids are dealt anew, with lists that move, some of them fixed."""
    count = draw(st.integers(1, most))
    names = [NodeName(f"mx{number}") for number in range(count)]
    good = list(range(1, count + 1))
    after_ids = draw(st.permutations(good))
    before_ids = draw(
        st.one_of(
            st.permutations(good),
            st.lists(st.integers(1, count + 2), min_size=count, max_size=count),
        )
    )
    old = {role: draw(tables(sorted(set(before_ids)))) for role in ROLES}
    new = {role: draw(tables(good)) for role in ROLES}
    coordinators = draw(st.sampled_from([("a", "a"), ("a", "b")]))
    movers = tuple(
        Mover(
            name=name,
            before=view(before, old, coordinators[0]),
            after=view(after, new, coordinators[1]),
            passing=view(SPARE, _own(old, before), coordinators[0]),
        )
        for name, before, after in zip(names, before_ids, after_ids, strict=True)
    )
    single = {
        role
        for role, table in new.items()
        if table and all(len(shard) == 1 for shard in table)
    }
    return Problem(
        movers=movers,
        fixed={},
        first=tuple(draw(st.lists(st.sampled_from(names), max_size=1))),
        watch=Watch(roles=ROLES, single=frozenset(single)),
    )


@st.composite
def rough_problems(draw: st.DrawFn, most: int = 5) -> Problem:
    """The same, where nodes are down, stay as they are, or were not read.

    Not all of these have an order.
    """
    problem = draw(problems(most))
    some = st.sampled_from(problem.movers)
    stay = {mover.name for mover in draw(st.lists(some, max_size=2))}
    down = {mover.name for mover in draw(st.lists(some, max_size=2))}
    bound = {mover.name for mover in draw(st.lists(some, max_size=2))}
    fixed = {
        mover.name: mover.before
        for mover in problem.movers
        if mover.name in stay - down and mover.before is not None
    }
    kept = {view.low_id for view in fixed.values()}
    return replace(
        problem,
        movers=tuple(
            replace(
                mover,
                before=None if mover.name in down else mover.before,
                passing=None if mover.name in down | bound else mover.passing,
            )
            for mover in problem.movers
            if mover.name not in stay
        ),
        fixed=fixed,
        taken=draw(st.frozensets(st.integers(1, most + 3), max_size=1)) - kept,
        down=tuple(sorted(stay & down)),
        max_unavailable=draw(st.integers(1, 3)),
        first=tuple(name for name in problem.first if name not in stay),
    )


def _own(lists: dict[Role, IdTable | None], node_id: int) -> dict[Role, IdTable | None]:
    """The lists of a node that holds the spare id, in its own file."""
    return {
        role: table
        and tuple(
            tuple(sorted(SPARE if i == node_id else i for i in shard))
            for shard in table
        )
        for role, table in lists.items()
    }
