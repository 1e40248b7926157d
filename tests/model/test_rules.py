"""Every rule that compares nodes, on the smallest cluster that breaks it."""

from collections.abc import Callable, Iterator

import pytest

from stalplan.findings import Finding, Scope, Severity
from stalplan.model.cluster import Cluster, Member
from stalplan.model.rules import coordinator, hostnames, ids, roles
from stalplan.model.wishes import Nobody, RoleWish
from stalplan.names import NodeName, Role
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import Release, ServerVersion

Rule = Callable[[Cluster], Iterator[Finding]]
FTS = "cluster.roles.fts-indexing"


def member(name: str, text: str, release: Release = Release.V0_15) -> Member:
    """A node with this file."""
    config = parse(f"{text}\n".encode(), ServerVersion(release))
    return Member(
        name=NodeName(name),
        path="/etc/config.toml",
        config=config,
        effective=effective(config, release),
    )


def cluster(
    *texts: str,
    scope: Scope = Scope.LIVE,
    elsewhere: dict[NodeName, int] | None = None,
    wishes: dict[Role, RoleWish] | None = None,
) -> Cluster:
    """Nodes mx1, mx2, … with these files."""
    return Cluster(
        scope=scope,
        release=Release.V0_15,
        members=tuple(member(f"mx{i}", text) for i, text in enumerate(texts, 1)),
        elsewhere=elsewhere or {},
        wishes=wishes or {},
    )


def said(rule: Rule, about: Cluster) -> list[tuple[str, str]]:
    """Code and detail of everything the rule finds."""
    return [(finding.code, finding.detail) for finding in rule(about)]


def with_id(node_id: int, rest: str = "") -> str:
    """A file with an id."""
    return f"cluster.node-id = {node_id}\n{rest}"


@pytest.mark.parametrize("other", [1, 513, 65_537])
def test_ids_collide_modulo_512(other: int) -> None:
    """SP101: 1, 513 and 65537 are one id to the server."""
    (finding,) = ids.ids_are_unique(cluster(with_id(1), with_id(other)))

    assert ("SP101", Severity.WARNING, False) == (
        finding.code,
        finding.severity,
        finding.blocks,
    )
    assert finding.detail.startswith("mx1 and mx2 count as one id, 1:")
    assert ("mx1", "/etc/config.toml", 1) == (finding.node, finding.file, finding.line)


def test_missing_id_is_id_1() -> None:
    """SP101: a file without an id makes a server with id 1."""
    assert 1 == len(said(ids.ids_are_unique, cluster(with_id(1), "x = 1")))
    assert [] == said(ids.ids_are_unique, cluster(with_id(2), "x = 1"))


def test_id_of_an_unread_node_counts() -> None:
    """SP101: a node that was not read may run with its last known id."""
    about = cluster(with_id(3), scope=Scope.DESIRED, elsewhere={NodeName("mx9"): 3})
    (finding,) = ids.ids_are_unique(about)

    assert ("mx1", True) == (finding.node, finding.blocks)


def test_role_of_nobody() -> None:
    """SP201: every node's own list leaves the role to another node."""
    about = cluster(with_id(1, f"{FTS} = 2"), with_id(2, f"{FTS} = 1"))

    assert [("SP201", "No node runs fts-indexing.")] == said(
        roles.roles_are_held, about
    )


def test_shard_of_nobody() -> None:
    """SP201: a shard whose ids no node has is never done."""
    list_ = f'{FTS} = ["1", "7"]'
    found = said(roles.roles_are_held, cluster(with_id(1, list_), with_id(2, list_)))

    text = "No node runs shard 2 of fts-indexing: that part is never done."
    assert [("SP201", text)] == found


def test_nobody_on_purpose() -> None:
    """SP201, SP203: what the desired file asks for is no fault."""
    wishes: dict[Role, RoleWish] = {Role("fts-indexing"): Nobody()}
    about = cluster(with_id(1, f"{FTS} = 9"), wishes=wishes)

    assert [] == said(roles.roles_are_held, about)
    assert [] == said(roles.lists_name_nodes, about)


def test_unread_node_may_run_it() -> None:
    """SP201: nothing is claimed while a node could not be read."""
    about = cluster(with_id(1, f"{FTS} = 9"), elsewhere={NodeName("mx9"): 9})

    assert [] == said(roles.roles_are_held, about)
    assert [] == said(roles.lists_name_nodes, about)


def test_roles_without_a_list() -> None:
    """SP202: told once, for all roles that no node has a list of."""
    ((code, detail),) = said(roles.roles_have_lists, cluster(with_id(1, f"{FTS} = 1")))

    assert "SP202" == code
    assert "fts-indexing" not in detail
    assert "purge.accounts" in detail


def test_list_names_a_stranger() -> None:
    """SP203: an id without a node, with the nodes whose lists name it."""
    list_ = f'{FTS} = ["1,4"]'
    (finding,) = roles.lists_name_nodes(cluster(with_id(1, list_), with_id(2, list_)))

    assert "fts-indexing names id 4 on mx1 and mx2, and no node has it." == (
        finding.detail
    )
    assert ("mx1", 2, FTS) == (finding.node, finding.line, finding.key)


def test_tables_differ() -> None:
    """SP204: the odd one out is named first."""
    one, other = f'{FTS} = ["1", "2"]', f"{FTS} = [2]"
    about = cluster(with_id(1, one), with_id(2, other), with_id(3, one))
    (finding,) = roles.tables_agree(about)

    assert "mx2" == finding.node
    assert "mx2: id 2; mx1 and mx3: id 1 | id 2." in finding.detail


def test_nobody_is_nobody() -> None:
    """SP204: lists that name only unused ids mean the same."""
    about = cluster(with_id(1, f"{FTS} = 8"), with_id(2, f"{FTS} = [9]"))

    assert [] == said(roles.tables_agree, about)


def test_coordinators_differ() -> None:
    """SP301: one node without a coordinator hears nothing."""
    redis = 'cluster.coordinator = "redis"'
    about = cluster(with_id(1, redis), with_id(2))
    (finding,) = coordinator.coordinator_is_the_same(about)

    assert "mx2: none; mx1: redis." in finding.detail
    assert [] == said(
        coordinator.coordinator_is_the_same,
        cluster(with_id(1, redis), with_id(2, redis)),
    )


def test_one_name_for_two_stores() -> None:
    """SP301: under one id a redis here and a NATS there are two coordinators."""
    text = 'cluster.coordinator = "bus"\nstore.bus.type = "{}"'
    redis, nats, other = (text.format(each) for each in ("Redis", "nats", "canary"))
    (finding,) = coordinator.coordinator_is_the_same(
        cluster(with_id(1, redis), with_id(2, nats))
    )

    assert "mx2: bus (nats); mx1: bus (redis)." in finding.detail
    rule = coordinator.coordinator_is_the_same
    assert [] == said(rule, cluster(with_id(1, redis), with_id(2, redis.lower())))
    assert [] == said(rule, cluster(with_id(1, redis), with_id(2, other)))


def test_kafka_groups() -> None:
    """SP308: nodes in one consumer group take messages from each other."""
    text = 'cluster.coordinator = "k"\nstore.k.type = "kafka"\nstore.k.group-id = "{}"'
    one, other = text.format("canary-a"), text.format("canary-b")
    found = said(coordinator.kafka_groups_differ, cluster(one, one))

    assert ["SP308"] == [code for code, _ in found]
    assert "canary" not in found[0][1]
    assert [] == said(coordinator.kafka_groups_differ, cluster(one, other))
    macro = text.format("%{env:NODE}%")
    assert [] == said(coordinator.kafka_groups_differ, cluster(macro, macro))


def test_hostnames_differ() -> None:
    """SP401: other names may be on purpose, and are told."""
    about = cluster('server.hostname = "a.example"', 'server.hostname = "b.example"')

    assert [("SP401", "mx1: a.example, mx2: b.example.")] == said(
        hostnames.hostnames_are_alike, about
    )


def test_licence() -> None:
    """SP403: a licence is for one name, and its key is never shown."""
    node = member("mx1", 'server.hostname = "a"\nenterprise.license-key = "canary"')

    (finding,) = hostnames.licence_is_for_the_name(node, "b")
    assert ("SP403", Severity.WARNING, False) == (
        finding.code,
        finding.severity,
        finding.blocks,
    )
    assert "canary" not in repr(finding)
    assert [] == list(hostnames.licence_is_for_the_name(node, "a"))
