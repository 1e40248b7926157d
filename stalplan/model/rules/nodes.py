"""What a look at the nodes themselves shows: their files, services and machines."""

from collections import defaultdict
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, found
from stalplan.model.cluster import listed
from stalplan.stalwart.releases import ServerVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalplan.model.live import NodeReport
    from stalplan.model.records import State
    from stalplan.model.wishes import Desired
    from stalplan.stalwart.releases import Release


_NAME_IT = (
    "Name its systemd unit or container in service.unit; "
    "service.manager says which of them, or commands of its own."
)


def report_findings(report: "NodeReport", release: "Release") -> "Iterator[Finding]":
    """What stands in the way on one node, or can't be known there."""
    yield from _release_is_right(report, release)
    file = report.file.path if report.file else None
    if report.unreadable_by_service:
        yield found(
            "SP505",
            Scope.LIVE,
            "The user that the server runs as can't read its file: the next start "
            "would be without any settings.",
            node=report.node,
            file=file,
        )
    if report.replace_problem:
        text = sentence(report.replace_problem)
        yield found("SP603", Scope.LIVE, text, node=report.node, file=file)
    if report.other_names:
        names = "another name" if report.other_names == 1 else "other names"
        yield found(
            "SP611",
            Scope.LIVE,
            f"The file has {names} on the node (hard links). A change gives its path "
            "a new file; what else leads to it keeps the old content.",
            node=report.node,
            file=file,
            hint=f"find / -xdev -samefile {file}  # on the node",
        )
    missing = _NAME_IT if report.service is None else ""
    problems = (report.lease_problem, ""), (report.service_problem, missing)
    for problem, hint in problems:
        if problem:
            text = sentence(problem)
            yield found("SP605", Scope.LIVE, text, node=report.node, hint=hint)
    for probe, shows in report.unmade_probes:
        yield found(
            "SP606",
            Scope.LIVE,
            f'The probe "{probe}" can\'t be made; it would show {shows}.',
            node=report.node,
        )


def sentence(told: str) -> str:
    """What a node says of itself, as people write it; a path stays as it is."""
    text = told if told.startswith("/") else told[:1].upper() + told[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _release_is_right(report: "NodeReport", release: "Release") -> "Iterator[Finding]":
    if report.server_version is None:
        return
    try:
        line = ServerVersion.parse(report.server_version).line
    except ValueError as error:
        text = f"{error}."
    else:
        if line == release:
            return
        text = f"It has Stalwart {report.server_version}."
    yield found(
        "SP602",
        Scope.LIVE,
        f"{text} The desired file is for {release}.",
        node=report.node,
        key="cluster.release",
        hint="Set cluster.release to the line that all nodes run.",
    )


def machines_are_distinct(reports: "Iterable[NodeReport]") -> "Iterator[Finding]":
    """Two names for one machine and one file: both would be changed in turn."""
    same: defaultdict[tuple[str, str], list[NodeReport]] = defaultdict(list)
    for report in reports:
        if report.host_key and report.file:
            same[report.host_key, report.file.real_path].append(report)
    for (_, path), found_there in sorted(same.items()):
        if len(found_there) > 1:
            names = sorted(report.node for report in found_there)
            yield found(
                "SP608",
                Scope.LIVE,
                f"{listed(names)} show the same host key and have the same file: they "
                "are one machine.",
                node=names[0],
                file=path,
                hint="Give each node its own address.",
            )


def recorded_nodes_are_desired(
    desired: "Desired", state: "State | None"
) -> "Iterator[Finding]":
    """A node that left the file may still run, with its id and its roles."""
    names = {node.name for node in desired.nodes}
    for name, entry in sorted(state.nodes.items()) if state else ():
        if name not in names:
            yield found(
                "SP604",
                Scope.DESIRED,
                f"{name} was id {entry.node_id} and is no longer in {desired.file}: "
                "that id is free only once its server is stopped.",
                node=name,
                file=desired.file,
                hint=f"Stop the server on {name}, if it still runs.",
            )
