"""A snapshot: what planning needs to know of the nodes, without their secrets."""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from stalplan.model.file_rules.reading import not_toml
from stalplan.model.live import (
    Copied,
    NodeFile,
    NodeReport,
    Refusal,
    Seen,
    Unreachable,
    digest_of,
)
from stalplan.planning.look import version_of
from stalplan.planning.process import file_is_newer
from stalplan.planning.snapshot_file import NotSnapshotable, without_secrets
from stalplan.planning.snapshot_keys import Groups, is_managed, kept_keys
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from stalplan.model.inventory import Node
    from stalplan.model.records import State
    from stalplan.model.wishes import Desired
    from stalplan.names import NodeName
    from stalplan.stalwart.releases import ServerVersion

_GIVEN_TWICE: Final = re.compile(r"the key '(.*)' is given twice", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Which file of which machine a node's facts are of."""

    address: str
    port: int | None
    jump: str | None = None  # the same address may be another machine from elsewhere
    manager: str
    unit: str
    config: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The nodes at one moment. The files in *seen* are those of `without_secrets`."""

    cluster: str
    taken: "datetime"  # UTC
    machines: "Mapping[NodeName, Machine]"
    seen: tuple[Seen, ...] = field(repr=False)
    state: "State | None" = field(repr=False)


def machine_of(node: "Node") -> Machine:
    """Where *node*'s facts come from, as the desired file says."""
    return Machine(
        address=node.ssh.address,
        port=node.ssh.port,
        jump=node.ssh.jump,
        manager=node.service.manager,
        unit=node.service.unit,
        config=node.service.config,
    )


def snapshot_of(
    desired: "Desired",
    seen: "Sequence[Seen]",
    state: "State | None",
    taken: "datetime",
) -> Snapshot:
    """What was seen, without secrets; nodes that could not be asked stay in it.

    Leases and unfinished transactions are left out: they are over when it is read.
    """
    groups = Groups()
    told = sorted(seen, key=lambda each: each.node)
    return Snapshot(
        cluster=desired.cluster,
        taken=taken,
        machines={node.name: machine_of(node) for node in desired.nodes},
        seen=tuple(_told(each, desired, groups) for each in told),
        state=None if state is None else _without_digests(state),
    )


def _without_digests(state: "State") -> "State":
    """The recorded state; a digest of a whole file would let secrets be guessed."""
    nodes = {
        name: replace(node, digest=digest_of(b""), plan=None)
        for name, node in state.nodes.items()
    }
    return replace(state, nodes=nodes)


def _told(seen: Seen, desired: "Desired", groups: Groups) -> Seen:
    if isinstance(seen, Unreachable):
        return seen
    version = version_of(seen, desired.release)
    plain = replace(
        seen,
        lease=None,
        transactions=(),
        environment={},
        unit_environment={},
        backup_before_start=None,
    )
    if seen.file is None or seen.file.too_large:
        return plain
    try:
        config = parse(seen.file.data, version)
    except ConfigRefused as refused:
        return replace(plain, file=_refused(seen.file, refused))
    try:
        data = without_secrets(
            config, kept_keys(config, groups, desired.stores), version
        )
    except NotSnapshotable as problem:
        return Unreachable(
            node=seen.node,
            summary="Not in the snapshot",
            detail=f"{seen.file.path}, {problem}, can't be told without its secrets.",
            hint="Write that part of the file plainly.",
        )
    named = _variables(config)
    return replace(
        plain,
        file=replace(
            seen.file,
            data=data,
            size=len(data),
            copied=Copied(not_toml=not_toml(config.outline.text)),
        ),
        environment=_only(seen.environment, named),
        unit_environment=_only(seen.unit_environment, named),
        backup_before_start=_backup(seen, version, groups, desired.stores),
    )


def _refused(file: NodeFile, refused: ConfigRefused) -> NodeFile:
    message = _GIVEN_TWICE.sub(
        lambda twice: twice[0] if is_managed(twice[1]) else "a key is given twice",
        refused.message,
    )
    refusal = Refusal(
        message=message, line=refused.line, not_utf8=refused.kind == "not-utf8"
    )
    return replace(file, data=b"", size=0, refusal=refusal)


def _variables(config: FlatConfig) -> set[str]:
    """The variables that texts of managed settings name."""
    texts = (config[key] for key in config if is_managed(key))
    macros = (macro for text in texts for macro in macros_in(text))
    return {name for kind, name in macros if kind == "env"}


def _only(environment: "Mapping[str, str]", names: "Iterable[str]") -> dict[str, str]:
    return {name: environment[name] for name in sorted(names) if name in environment}


def _backup(
    seen: NodeReport,
    version: "ServerVersion",
    groups: Groups,
    stores: "Collection[str]",
) -> bytes | None:
    """The file that the process began with, where that is not today's."""
    if seen.backup_before_start is None or not file_is_newer(seen):
        return None
    try:
        config = parse(seen.backup_before_start, version)
        return without_secrets(config, kept_keys(config, groups, stores), version)
    except (ConfigRefused, NotSnapshotable):
        return None  # not known, as where there is no backup
