"""The fixture of all tests here: a cluster that never tells its secrets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from nodes.factories import OpenSshNodes

from e2e.cluster import BRIEF, Cluster, make_cluster


class MakeCluster(Protocol):
    """Makes a running cluster of one node per config; see make_cluster()."""

    def __call__(
        self,
        *configs: str,
        release: str = "0.15",
        mode: int = 0o600,
        environ: dict[str, dict[str, str]] | None = None,
        steady: float | None = BRIEF,
    ) -> Cluster:
        """All servers run."""


@pytest.fixture
def cluster_of(openssh_nodes: OpenSshNodes, tmp_path: Path) -> Iterator[MakeCluster]:
    """At the end no file that a command wrote may hold a secret of a node."""
    made: list[Cluster] = []

    def make(
        *configs: str,
        release: str = "0.15",
        mode: int = 0o600,
        environ: dict[str, dict[str, str]] | None = None,
        steady: float | None = BRIEF,
    ) -> Cluster:
        made.append(
            make_cluster(
                openssh_nodes,
                tmp_path,
                configs,
                release=release,
                mode=mode,
                environ=environ,
                steady=steady,
            )
        )
        return made[-1]

    yield make
    for cluster in made:
        cluster.no_secret_was_kept()
