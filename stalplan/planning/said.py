"""All findings of a plan: of the desired file, of today, of the end, of the way."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stalplan.findings import Finding, Scope, Severity, found, repaired
from stalplan.model.cluster import Cluster, Member, listed
from stalplan.model.desired_rules import desired_findings
from stalplan.model.file_rules import RULES, file_findings
from stalplan.model.file_rules.reading import is_toml, refused_by_toml
from stalplan.model.file_rules.stores import coordinator_works, kafka_is_one_text
from stalplan.model.rules import cluster_findings
from stalplan.model.rules.hostnames import licence_is_for_the_name
from stalplan.model.rules.nodes import (
    machines_are_distinct,
    recorded_nodes_are_desired,
    report_findings,
)
from stalplan.model.wishes import Nobody
from stalplan.planning.needed import way_on
from stalplan.planning.stores import secrets_are_resolved
from stalplan.stalwart.releases import COORDINATOR, NODE_ID, ROLE_PREFIX
from stalplan.stalwart.stores import store_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalplan.names import NodeName
    from stalplan.planning.order import NoOrder
    from stalplan.planning.scene import Scene


OF_THE_COORDINATOR = frozenset({"SP302", "SP303", "SP305"})
"""They block only where the desired file names the coordinator."""

_OF_UPGRADES = frozenset({"SP206", "SP207"})
"""What a list that keeps its text may turn into with another release."""

RULES_OF_THE_END = tuple(rule for rule in RULES if rule is not is_toml)
"""An edit makes no TOML of what was none, and the rule reads the file once more."""

RULES_OF_WHAT_STAYS = (coordinator_works, kafka_is_one_text)
"""What gives `OF_THE_COORDINATOR`: a file as it is has no other news in the end."""


def findings(scene: "Scene", no_order: "Sequence[NoOrder]") -> tuple[Finding, ...]:
    """Everything there is to say, worst first, nothing twice."""
    said = [
        *desired_findings(scene.desired),
        *secrets_are_resolved(scene.desired, scene.secrets),
        *_of_nodes(scene),
        *_of_clusters(scene),
        *_of_files(scene),
        *_of_processes(scene),
        *_of_hostnames(scene),
        *scene.refused,
        *(_no_order(reason) for reason in no_order),
    ]
    return tuple(sorted(_merged(said), key=lambda finding: finding.sort_key))


def _of_nodes(scene: "Scene") -> "Iterator[Finding]":
    for lost in scene.lost.values():
        yield from lost.findings
    for report in scene.reports:
        yield from report_findings(report, scene.desired.release)
    yield from machines_are_distinct(scene.reports)
    yield from recorded_nodes_are_desired(scene.desired, scene.state)


def _of_clusters(scene: "Scene") -> "Iterator[Finding]":
    """Faults of today, and those that the end has anew.

    One that the end no longer has is repaired by the plan.
    """
    today = cluster_findings(_cluster(scene, Scope.LIVE))
    end = cluster_findings(_cluster(scene, Scope.DESIRED))
    lasting = {(finding.code, finding.key) for finding in end}
    told = {(each.code, each.key) for each in desired_findings(scene.desired)}
    old = {(finding.code, finding.key) for finding in today} | told
    for finding in today:
        stays = (finding.code, finding.key) in lasting
        yield finding if stays else repaired(finding)
    for finding in end:
        new = (finding.code, finding.key) not in old
        if new and finding.severity is not Severity.INFO:
            yield _in_the_end(scene, finding)


def _in_the_end(scene: "Scene", finding: Finding) -> Finding:
    """A fault that is new in the end; of a list that isn't managed it is a warning.

    Lists that name only unused ids agree, until a node gets one of those ids.
    """
    managed = {NODE_ID, *(role.key for role in scene.desired.roles)}
    if scene.desired.coordinator is not None:
        managed.add(COORDINATOR)
    place = finding
    if finding.node is not None:
        place = _where_it_is_today(scene, finding.node, finding)
    store = store_key(finding.key or "")
    if finding.key in managed or (store and store[0] in scene.desired.stores):
        return replace(place, hint=finding.hint or way_on(scene))
    return replace(place, severity=Severity.WARNING, blocks=False)


def _of_files(scene: "Scene") -> "Iterator[Finding]":
    """What single files break, today and in the end.

    A coordinator that the desired file names must work, also where it is there today.
    """
    asked = isinstance(scene.desired.coordinator, str)
    told = {finding.code for finding in desired_findings(scene.desired)}
    for name in sorted(scene.known):
        today = _file(scene, name, Scope.LIVE)
        changed = scene.changed(name)
        end = _file(scene, name, Scope.DESIRED) if changed or asked else []
        old = {(finding.code, finding.key) for finding in today}
        lasting = {(finding.code, finding.key) for finding in end}
        for finding in today:
            stays = not changed or (finding.code, finding.key) in lasting
            stays = stays or finding.code == "SP502"
            stays = stays or _read_otherwise(scene, name, finding)
            if stays and _is_meant(scene, finding):
                continue
            if not (stays and asked and finding.code in OF_THE_COORDINATOR):
                yield finding if stays else _ended(finding)
        for finding in end:
            if _is_meant(scene, finding):
                continue
            new = (finding.code, finding.key) not in old and finding.code not in told
            if (asked and finding.code in OF_THE_COORDINATOR) or (
                new and finding.severity is not Severity.INFO
            ):
                yield _where_it_is_today(scene, name, finding)


def _is_meant(scene: "Scene", finding: Finding) -> bool:
    """A list of shards, and the desired file says that shards it is."""
    role = (finding.key or "").removeprefix(ROLE_PREFIX)
    return finding.code == "SP205" and role in scene.desired.roles


def _read_otherwise(scene: "Scene", name: "NodeName", finding: Finding) -> bool:
    """A list that keeps its text, and that the release to come reads otherwise."""
    if finding.code not in _OF_UPGRADES or finding.key is None:
        return False
    now, then = scene.known[name].config, scene.results[name].config
    texts = [(entry.key, entry.text) for entry in now.under(finding.key)]
    return texts == [(entry.key, entry.text) for entry in then.under(finding.key)]


def _where_it_is_today(scene: "Scene", name: "NodeName", finding: Finding) -> Finding:
    """A finding about a file's end, on the line of the file that can be opened now."""
    entries = scene.known[name].config.under(finding.key) if finding.key else []
    line = min((entry.first_line for entry in entries), default=None)
    return replace(finding, line=line)


def _file(scene: "Scene", name: "NodeName", scope: Scope) -> list[Finding]:
    known = scene.known[name]
    live = scope is Scope.LIVE
    copied = known.file.copied
    rules = RULES if live and copied is None else RULES_OF_THE_END
    if not live and not scene.changed(name):
        rules = RULES_OF_WHAT_STAYS
    unread = any(probe == "environment" for probe, _ in known.report.unmade_probes)
    env = known.report.unit_environment or (None if unread else {})
    made = known.starts if live else scene.results[name].effective
    findings = file_findings(
        known.config if live else scene.results[name].config,
        scene.desired.release,
        file=known.file.path,
        node=name,
        scope=scope,
        env=env,
        rules=rules,
        store_keys=scene.desired.store_keys,
        before=known.version.line if live else None,
        made=made if env is not None else None,
    )
    if live and copied is not None and copied.not_toml is not None:
        finding = refused_by_toml(copied.not_toml, file=known.file.path, node=name)
        findings.append(finding)
    return findings


def _ended(finding: Finding) -> Finding:
    """A fault of one file that its next text no longer has."""
    if finding.code == "SP506":  # the value that makes the server loop is replaced
        return replace(finding, severity=Severity.INFO, blocks=False)
    return repaired(finding)


def _merged(said: "Iterable[Finding]") -> "Iterator[Finding]":
    """Findings that say the same of several nodes as one; those that block stay."""
    alike: dict[Finding, list[Finding]] = {}
    for finding in said:
        same = finding
        if finding.node is not None and not finding.blocks:
            same = replace(finding, node=None, file=None, line=None)
        alike.setdefault(same, []).append(finding)
    for found_there in alike.values():
        first, *others = sorted(found_there, key=lambda finding: finding.sort_key)
        nodes = sorted({each.node for each in others if each.node} - {first.node})
        text = f"{first.detail} The same on {listed(nodes)}." if nodes else first.detail
        yield replace(first, detail=text)


def _cluster(scene: "Scene", scope: Scope) -> Cluster:
    live = scope is Scope.LIVE
    ids = scene.numbers.live if live else scene.numbers.final
    return Cluster(
        scope=scope,
        release=scene.desired.release,
        members=tuple(_member(scene, name, live=live) for name in sorted(scene.known)),
        elsewhere={
            name: node_id
            for name, node_id in ids.items()
            if name not in scene.known and name not in scene.options.assume_down
        },
        away=frozenset(ids[name] for name in scene.options.assume_down),
        wishes=scene.desired.roles,
        hostnames_wished=all(node.hostname is not None for node in scene.desired.nodes),
    )


def _member(scene: "Scene", name: "NodeName", *, live: bool) -> Member:
    known = scene.known[name]
    if live:
        return known.member
    result = scene.results[name]
    return Member(
        name=name,
        path=known.file.path,
        config=result.config,
        effective=result.effective,
    )


def _of_processes(scene: "Scene") -> "Iterator[Finding]":
    for name, known in sorted(scene.known.items()):
        process = known.process
        started = scene.changed(name) or scene.restarts_as_it_is(name)
        if not process.unknown and not process.pending:
            continue
        if process.unknown:
            text = (
                "The file is newer than the server's start, and what the server began "
                "with is not known."
            )
        else:
            text = "The server runs with other values than its file holds."
        finding = found(
            "SP503",
            Scope.LIVE,
            text,
            node=name,
            file=known.file.path,
            hint="" if started else "Plan with --restart-unknown to have it restarted.",
        )
        yield repaired(finding) if started else finding


def _of_hostnames(scene: "Scene") -> "Iterator[Finding]":
    for name in sorted(scene.movable):
        after = scene.results[name].effective.hostname
        yield from licence_is_for_the_name(scene.known[name].member, after)


def _no_order(reason: "NoOrder") -> Finding:
    one = reason.nodes[0] if len(reason.nodes) == 1 else None
    return found("SP607", Scope.DURING, reason.rule, node=one, hint=reason.hint)


def nobody_is_possible(scene: "Scene") -> bool:
    """Whether an id is free for lists that are to name nobody."""
    wished = any(isinstance(wish, Nobody) for wish in scene.desired.roles.values())
    return not wished or scene.numbers.nobody is not None
