"""The cluster that each page speaks of, and what happens to it meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from docs import operating
from docs.reader import Reader, cluster_of
from stalplan.demo.configs import CONFIGS, config_text
from stalplan.transport.memory import MemoryCluster

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-nodes-0.15"


@dataclass(frozen=True, slots=True)
class Scene:
    """The nodes of a page, its files, and its events by command; see Reader."""

    cluster: Callable[[], MemoryCluster]
    files: Callable[[Path], None] = lambda _: None
    events: dict[str, list[Callable[[Reader], None]]] = field(default_factory=dict)


def demo_nodes() -> MemoryCluster:
    """The nodes of `stalplan demo`."""
    return cluster_of(
        {
            name: config_text(name, folder="/opt/stalwart", http=8080, smtp=25)
            for name in CONFIGS
        }
    )


TYPO = """\
format = 1

[cluster]
name = "mail"
release = "0.15"
hostnames = "mail.example.org"

[nodes.mx1]
id = 1

[nodes.mx2]
id = 513

[roles]
"purge.stores" = ["mx3"]
"""


def example_nodes() -> MemoryCluster:
    """The nodes of the example that the README shows, too."""
    files = (EXAMPLE / "nodes").glob("*.toml")
    return cluster_of({file.stem: file.read_text() for file in files})


def _the_example(folder: Path) -> None:
    (folder / "stalplan.toml").write_bytes((EXAMPLE / "stalplan.toml").read_bytes())


def _with_a_typo(folder: Path) -> None:
    (folder / "typo.toml").write_text(TYPO)


SCENES = {
    "desired-file.md": Scene(cluster=demo_nodes, files=_with_a_typo),
    "reading-a-plan.md": Scene(cluster=example_nodes, files=_the_example),
    "start.md": Scene(cluster=demo_nodes),
    "operating.md": Scene(
        cluster=operating.nodes,
        files=operating.write_desired,
        events=operating.EVENTS,
    ),
}
