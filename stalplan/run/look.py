"""One look at every node, all at once."""

from collections.abc import Callable, Sequence
from typing import Final

from stalplan.model.inventory import Node
from stalplan.model.live import Seen, Unreachable
from stalplan.names import NodeName
from stalplan.ports import Reporter, Transport


class _Silent:
    """For whoever wants the result alone."""

    def node(self, node: NodeName, text: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


SILENT: Final[Reporter] = _Silent()


def look(
    transport: Transport,
    nodes: Sequence[Node],
    reporter: Reporter,
    *,
    hear: Callable[[Seen], object] = lambda _: None,
) -> tuple[Seen, ...]:
    """What every node is now, by name. A node that can't be asked is a value.

    *hear* is told of each as it comes, while others are still asked.
    """
    seen = []
    reporter.note(f"Reading {len(nodes)} {'node' if len(nodes) == 1 else 'nodes'} …")
    for each in transport.read(nodes):
        said = each.summary.lower() if isinstance(each, Unreachable) else "read"
        reporter.node(each.node, said)
        hear(each)
        seen.append(each)
    return tuple(sorted(seen, key=lambda each: each.node))
