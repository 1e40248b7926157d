"""The desired file at another revision: what it asks for, and what it may cause.

An unreviewed desired file can name any address and any command. With a base, nothing
is opened or run for it that the file at the base does not name too.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired import read_desired
from stalplan.model.inventory import Node, ServiceSettings, SshSettings
from stalplan.model.live import Unreachable
from stalplan.model.secrets import SecretRef, Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stalplan.model.wishes import Desired
    from stalplan.names import NodeName
    from stalplan.ports import Git

TRUST = "stalplan plan --trust-desired  # once you have read the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFile:
    """The desired file at a revision. *desired* None: *problem* tells why."""

    revision: str  # as given
    commit: str
    desired: "Desired | None" = field(repr=False)
    problem: str = ""


def read_base(git: "Git", file: "Path", revision: str, *, cluster: str) -> BaseFile:
    """*file* as it is at *revision*.

    Raises:
        StalplanError: git doesn't know the revision, or not here.
    """
    commit = git.commit_of(file, revision)
    data = git.file_at(file, commit)
    desired, problem = None, f"{file} is not there yet."
    if data is not None:
        try:
            desired = read_desired(data, file=str(file), folder=str(file.parent))
            problem = ""
        except DesiredFileWrong as error:
            problem = f"{file} is wrong there: {error.detail.splitlines()[0]}"
    if desired is not None and desired.cluster != cluster:
        problem = f"{file} is of another cluster there: {desired.cluster}."
        desired = None
    return BaseFile(revision=revision, commit=commit, desired=desired, problem=problem)


def not_asked(desired: "Desired", base: BaseFile) -> "Mapping[NodeName, Unreachable]":
    """The nodes of *desired* that must not be read, because *base* names them not so.

    A node may be read if some node of the base is reached and asked in the very way.
    """
    nodes = base.desired.nodes if base.desired else ()
    ways = {_way(node) for node in nodes}
    return {
        node.name: _withheld(node, base)
        for node in desired.nodes
        if _way(node) not in ways
    }


def withheld_secret(base: BaseFile, ref: SecretRef) -> Unresolved | None:
    """Why *ref* must not be followed; None where the base follows it as well."""
    named = base.desired.secret_refs if base.desired else ()
    if ref in named:
        return None
    why = f"{base.revision} does not name it, so it was not asked for."
    return Unresolved(why=why, hint=TRUST)


def _way(node: Node) -> tuple[SshSettings, ServiceSettings]:
    """All that reading a node opens and runs; what only apply uses makes no odds."""
    usual = ServiceSettings()
    return (
        replace(node.ssh, connect_timeout=0.0),
        replace(
            node.service,
            health=None,
            health_timeout=usual.health_timeout,
            stop_timeout=usual.stop_timeout,
            start=None,
            stop=None,
            before_stop=None,
            after_healthy=None,
        ),
    )


def _withheld(node: Node, base: BaseFile) -> Unreachable:
    return Unreachable(
        node=node.name,
        summary="Not asked",
        detail=f"{base.revision} does not name this address, this login, or the "
        "commands that reading the node would run.",
        hint=TRUST,
    )
