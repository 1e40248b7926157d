"""What was seen of each node -> a node we know, or why we don't know it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stalplan.findings import Finding, Scope, found
from stalplan.model.cluster import Member
from stalplan.model.file_rules import file_findings
from stalplan.model.live import NodeReport, Seen, Unreachable
from stalplan.model.rules.nodes import sentence
from stalplan.planning.process import Process, process_of
from stalplan.stalwart.effective import effective
from stalplan.stalwart.macros import macros_in
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import NODE_ID, ServerVersion

if TYPE_CHECKING:
    from stalplan.model.inventory import Node
    from stalplan.model.live import NodeFile
    from stalplan.model.records import RecordedNode
    from stalplan.model.wishes import Desired
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig
    from stalplan.stalwart.releases import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A node whose file was read and parsed the way its server does.

    *starts* is what the file yields at the next start; *same_env* what it would
    yield with the environment that the running process has.
    """

    node: "Node"
    report: NodeReport
    file: "NodeFile"
    version: ServerVersion
    config: "FlatConfig" = field(repr=False)
    starts: "Effective" = field(repr=False)
    same_env: "Effective" = field(repr=False)
    process: Process = field(repr=False)

    @property
    def member(self) -> Member:
        """The node as rules see it."""
        return Member(
            name=self.node.name,
            path=self.file.path,
            config=self.config,
            effective=self.starts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A node of which nothing can be planned, and why."""

    node: "Node"
    report: NodeReport | None
    error: str
    findings: tuple[Finding, ...]


def look(
    node: "Node", seen: Seen, desired: "Desired", recorded: "RecordedNode | None"
) -> Known | Lost:
    """The node by its server's own reading; nothing raises, a fault is a value."""
    release = desired.release
    if isinstance(seen, Unreachable):
        return _unreachable(node, seen)
    file = seen.file
    if file is None:
        return _lost(node, seen, "SP501", sentence(seen.file_problem or "no file"))
    if file.too_large:
        detail = f"{file.path} has {file.size:,} bytes; a config file has at most 1 MiB"
        return _lost(node, seen, "SP507", f"{detail} (1,048,576).")
    version = version_of(seen, release)
    try:
        config = _config(file, version)
    except ConfigRefused as refused:
        finding = file_findings(refused, release, file=file.path, node=node.name)
        return Lost(
            node=node, report=seen, error=finding[0].detail, findings=tuple(finding)
        )
    starts = effective(config, release, seen.unit_environment)
    same_env = starts
    up = seen.service is not None and seen.service.running
    if up and seen.environment != seen.unit_environment:
        same_env = effective(config, release, seen.environment)
    return Known(
        node=node,
        report=seen,
        file=file,
        version=version,
        config=config,
        starts=starts,
        same_env=same_env,
        process=process_of(
            seen, config, version, release, same_env, recorded, desired.stores
        ),
    )


def _config(file: "NodeFile", version: ServerVersion) -> "FlatConfig":
    """What the server reads. Raises ConfigRefused."""
    if (refusal := file.refusal) is None:
        return parse(file.data, version)
    kind: Literal["not-utf8", "syntax"] = "not-utf8" if refusal.not_utf8 else "syntax"
    raise ConfigRefused(refusal.message, refusal.line, kind)


def id_is_hidden(known: Known) -> bool:
    """Whether a running server's id comes from what could not be read.

    That is a file, another key, or a variable where no environment could be read.

    Source: stalwart v0.15.5, crates/common/src/manager/boot.rs.
    """
    kinds = {kind for kind, _ in macros_in(known.config.get(NODE_ID, ""))}
    unread = any(probe == "environment" for probe, _ in known.report.unmade_probes)
    hidden = bool(kinds & {"file", "cfg"}) or ("env" in kinds and unread)
    return known.process.up and hidden


def version_of(report: NodeReport, release: "Release") -> ServerVersion:
    """The version whose reading counts: the installed one, where it is known."""
    if report.server_version is not None:
        try:
            return ServerVersion.parse(report.server_version)
        except ValueError:
            pass  # another release altogether: SP602 says so
    return ServerVersion.parse(release)


def _unreachable(node: "Node", seen: Unreachable) -> Lost:
    finding = found(
        "SP601",
        Scope.LIVE,
        f"{seen.summary}: {seen.detail} To go on without it, plan with "
        f"--exclude {node.name}, or with --assume-down {node.name} if its server "
        "can't run.",
        node=node.name,
        hint=seen.hint,
    )
    error = f"{seen.summary}: {seen.detail}"
    return Lost(node=node, report=None, error=error, findings=(finding,))


def _lost(node: "Node", report: NodeReport, code: str, why: str) -> Lost:
    path = report.file.path if report.file else node.service.config
    finding = found(code, Scope.LIVE, why, node=node.name, file=path)
    return Lost(node=node, report=report, error=why, findings=(finding,))
