"""Which id each node is to have: its own where that is sound, else the lowest free."""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from stalplan.names import NODE_IDS
from stalplan.planning.importing.met import NotImported

if TYPE_CHECKING:
    from stalplan.names import NodeName
    from stalplan.planning.look import Known

_NUMBER = re.compile(r"[0-9]{1,3}$")


def choose_ids(
    known: "Sequence[Known]", taken: Collection[int]
) -> "dict[NodeName, int]":
    """An id in 0..511 for each node, none of them in *taken* and none twice.

    Of several nodes with one id the one keeps it that says it best: in its file, as
    a number below 512, and with a server that runs; then the one named first. Who
    loses gets an id that nobody has and lists name beside others, since they were
    written for such a node: its name's number where there is a choice. Else the
    lowest that no list names, since those may name it to say nobody.

    Raises NotImported where there are not enough ids.
    """
    chosen: dict[NodeName, int] = {}
    used = set(taken)
    waiting: list[NodeName] = []
    for node in sorted(known, key=_claim):
        low = node.starts.node_id % NODE_IDS
        if low in used:
            waiting.append(node.node.name)
        else:
            used.add(low)
            chosen[node.node.name] = low
    waiting.sort(key=[node.node.name for node in known].index)
    listed, expected = _listed(known)
    for name in sorted(waiting, key=lambda name: _number(name) not in expected - used):
        number = _number(name)
        if number not in expected - used:
            number = min(expected - used, default=_lowest(used | listed))
        if number is None:
            number = _lowest(used)
        if number is None:
            raise NotImported("A cluster has at most 512 nodes, since it has 512 ids.")
        used.add(number)
        chosen[name] = number
    return chosen


def _claim(node: "Known") -> tuple[bool, bool, bool]:
    """Sorted first: who has the best claim to its id."""
    said = node.starts.node_id_text is not None and not node.starts.node_id_error
    return not said, node.starts.node_id >= NODE_IDS, not node.process.up


def _listed(known: "Sequence[Known]") -> tuple[set[int], set[int]]:
    """Every id that a list names, and of those the ones named beside a node's own."""
    live = {node.starts.node_id for node in known}
    listed: set[int] = set()
    expected: set[int] = set()
    for node in known:
        for table in node.starts.tables.values():
            named = {node_id for shard in table or () for node_id in shard}
            listed |= named
            if named & live:
                expected |= {i for i in named - live if 0 < i < NODE_IDS}
    return listed, expected


def _number(name: "NodeName") -> int | None:
    """3 of mx3 and of mx3.example.org."""
    found = _NUMBER.search(name.partition(".")[0])
    return int(found[0]) if found else None


def _lowest(used: Collection[int]) -> int | None:
    return next((each for each in range(1, NODE_IDS) if each not in used), None)
