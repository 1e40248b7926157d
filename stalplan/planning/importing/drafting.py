"""Nodes that were read -> tables of the desired file, all but the roles."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from stalplan.model.desired.cluster import CLUSTER_KEYS
from stalplan.model.desired.fields import Reader, Unfit
from stalplan.model.desired.nodes import NODE_KEYS
from stalplan.planning.importing.common import common, own
from stalplan.planning.importing.draft import Draft, Out, Table
from stalplan.stalwart.releases import Release, has_coordinator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stalplan.model.rewriting.writing import Value
    from stalplan.names import NodeName
    from stalplan.planning.importing.labels import Labels
    from stalplan.planning.importing.met import Terms, Try
    from stalplan.planning.look import Known

_CLUSTER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


def draft_of(
    met: "Sequence[Try]",
    known: "Mapping[NodeName, Known]",
    terms: "Terms",
    release: Release,
    ids: "Mapping[NodeName, int]",
    labels: "Labels",
) -> Draft:
    """The file without roles. Nodes that are not in *known* are written as comments.

    While no node is known, what was told of all of them is what they have in common.
    """
    kept = [each for each in met if each.asked.name in known]
    ssh = {each.asked.name: {**terms.ssh, **each.asked.ssh} for each in met}
    service = {each.asked.name: {**terms.service, **each.service} for each in met}
    names = [each.asked.name for each in kept]
    basis = names or [*ssh]
    all_ssh = common({name: ssh[name] for name in basis})
    all_service = common({name: service[name] for name in basis})
    hostnames = {name: hostname_of(known[name]) for name in names}
    shared = _shared_hostname(hostnames)
    nodes = {}
    for each in met:
        name = each.asked.name
        table: Table = {("id",): ids[name]} if name in ids else {}
        if each.asked.address != name:
            table["address",] = each.asked.address
        hostname = hostnames.get(name)
        if hostname is not None and (shared is None or hostname != shared):
            table["hostname",] = hostname
        if found := labels.get(name):
            table["labels",] = list(found)
        table |= own(ssh[name], all_ssh, ("ssh",))
        table |= own(service[name], all_service, ("service",))
        nodes[name] = table
    if all_service.get("manager") == "systemd":
        del all_service["manager"]  # the default
    cluster = _cluster(terms, release, hostnames.values(), known.values())
    if shared is not None:
        cluster["hostname",] = shared
    return Draft(
        cluster=cluster,
        nodes=nodes,
        out=frozenset(nodes) - {*names},
        ssh={(key,): value for key, value in all_ssh.items()},
        service={(key,): value for key, value in all_service.items()},
    )


def hostname_of(known: "Known") -> "str | Out | None":
    """The name that its server uses, from the file; None where no file names one."""
    name = known.starts.hostname
    if name is None:
        return None
    same = name == known.same_env.hostname
    return name if same and _fits(NODE_KEYS["hostname"], name) else Out(name)


def coordinator_of(known: "Iterable[Known]") -> "str | bool | Out":
    """What most nodes name. False: none names any."""
    named = [node.starts.coordinator for node in known]
    votes = Counter(named)
    name = max(named, key=lambda each: (votes[each], each is not None), default=None)
    if name is None:
        return False
    return name if _fits(CLUSTER_KEYS["coordinator"], name) else Out(name)


def _fits(reader: Reader, value: "Value") -> bool:
    try:
        reader(value)
    except Unfit:
        return False
    return True


def _cluster(
    terms: "Terms",
    release: Release,
    hostnames: "Iterable[str | Out | None]",
    known: "Iterable[Known]",
) -> Table:
    plain = [name for name in hostnames if isinstance(name, str)]
    table: Table = {
        ("name",): terms.cluster or cluster_name(plain),
        ("release",): str(release),
    }
    if has_coordinator(release):
        table["coordinator",] = coordinator_of(known)
    return table


def cluster_name(hostnames: "Sequence[str]") -> str:
    """After the domain that all hosts are in, with dashes; else `mail`."""
    domains = {name.partition(".")[2] for name in hostnames if "." in name}
    if len(domains) == 1:
        (domain,) = domains
        name = domain.replace(".", "-")
        if "." in domain and _CLUSTER_NAME.fullmatch(name):
            return name
    return "mail"


def _shared_hostname(
    hostnames: "Mapping[NodeName, str | Out | None]",
) -> str | None:
    """The name that most nodes have, where every node has one.

    One that begins with a node's name is that node's, however many have copied it.
    """
    names = [name for name in hostnames.values() if isinstance(name, str)]
    if not names or len(names) < len(hostnames):
        return None
    ((name, count),) = Counter(names).most_common(1)
    most = count * 2 > len(names) > 1
    return name if most and owner_of(name, hostnames) is None else None


def owner_of(hostname: str, names: "Iterable[NodeName]") -> "NodeName | None":
    """The node whose own name *hostname* is or begins with."""
    short = hostname.partition(".")[0]
    return next((name for name in names if name in (hostname, short)), None)
