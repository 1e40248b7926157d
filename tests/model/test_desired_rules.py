"""What is said about a sound desired file."""

from collections.abc import Callable, Iterator

import pytest
from desired_files import FILE, read, sound

from stalplan.findings import Finding, Scope, Severity
from stalplan.model import desired_rules as rules
from stalplan.model.wishes import Desired

Rule = Callable[[Desired], Iterator[Finding]]


def says(rule: Rule, text: str) -> list[tuple[str, int | None, str]]:
    """Severity, line and detail of what *rule* finds in *text*."""
    found = list(rule(read(text)))
    assert {(Scope.DESIRED, FILE)} >= {(each.scope, each.file) for each in found}
    assert not any(each.blocks for each in found)
    return [(each.severity.value, each.line, each.detail) for each in found]


def roles(lines: str, *, release: str = "0.15") -> str:
    """A sound file whose [roles] begin in line 19 and hold *lines*."""
    return sound(f"[roles]\n{lines}\n", release=release)


def test_id_zero() -> None:
    """SP106: an id of 0 works, and the manual is named as the doubt about it."""
    text = sound().replace("id = 5", "id = 0")
    detail = (
        "mx2 has id 0: servers take it, though the manual asks for a positive number."
    )

    assert [("warning", 12, detail)] == says(rules.id_zero_is_legal, text)
    assert [] == says(rules.id_zero_is_legal, sound())


def test_nobody() -> None:
    """SP201 is only a warning where the file asks for nobody in so many words."""
    text = roles('purge.stores = "none"\npurge.accounts = ["mx1"]')
    detail = 'purge.stores is "none": no node will do its work.'

    assert [("warning", 20, detail)] == says(rules.nobody_is_meant, text)


@pytest.mark.parametrize(
    ("wish", "holders"),
    [
        ('"all"', "mx1, mx3 and mx2"),
        ('["mx2", "mx3"]', "mx3 and mx2"),
        ('[["mx1"], ["mx2"]]', "mx1 and mx2"),
        ('["mx1"]', None),
        ('"none"', None),
    ],
)
def test_spam_training(wish: str, holders: str | None) -> None:
    """SP209: several nodes would train, also when they are in different shards."""
    told = says(rules.spam_training_has_one_node, roles(f"spam-training = {wish}"))
    detail = f"spam-training is on {holders}; each would train the same model."

    assert ([("warning", 20, detail)] if holders else []) == told


@pytest.mark.parametrize(
    ("wish", "holders"),
    [
        ('"all"', "mx1, mx3 and mx2"),
        ('["mx2", "mx3"]', "mx3 and mx2"),
        ('[["mx1"], ["mx2", "mx3"]]', "mx3 and mx2"),
        ('[["mx1"], ["mx2"]]', None),
        ('{ label = "back", shards = "each" }', None),
        ('["mx1"]', None),
        ('"none"', None),
    ],
)
def test_push_notifications(wish: str, holders: str | None) -> None:
    """SP210: nodes that share a shard would each notify the same users."""
    told = says(
        rules.push_notifications_need_shards, roles(f"push-notifications = {wish}")
    )
    detail = f"{holders} would notify the same users: each needs its own shard."

    assert ([("warning", 20, detail)] if holders else []) == told


def test_hints_can_be_copied() -> None:
    """What SP209 and SP210 suggest is a line of a sound desired file."""
    wishes = 'spam-training = "all"\npush-notifications = "all"'
    hints = [each.hint for each in rules.desired_findings(read(roles(wishes)))]

    assert [
        '"spam-training" = ["mx1"]',
        '"push-notifications" = [["mx1"], ["mx3"], ["mx2"]]',
    ] == hints
    assert [] == rules.desired_findings(read(roles("\n".join(hints))))


@pytest.mark.parametrize(
    ("wish", "told"), [('["mx1"]', True), ('"none"', True), ('"all"', False)]
)
def test_acme_renew(wish: str, told: bool) -> None:
    """SP212: a role that a reload undoes is worth a remark where it is narrowed."""
    detail = (
        "acme.renew holds from a node's start to its next settings reload; from then "
        "on every node renews certificates."
    )
    text = roles(f"acme.renew = {wish}", release="0.13")

    assert ([("info", 20, detail)] if told else []) == says(
        rules.acme_renew_does_not_last, text
    )


def test_hostnames_that_differ() -> None:
    """SP401 is a remark: a name for each node is as usual as one for all."""
    text = sound(cluster="hostname = 'mail.example.org'").replace(
        "id = 3", "id = 3\nhostname = 'mx3.example.org'"
    )
    detail = "mail.example.org (mx1 and mx2) and mx3.example.org (mx3)."

    assert [("info", 6, detail)] == says(rules.hostnames_differ, text)
    assert [] == says(rules.hostnames_differ, sound(cluster="hostname = 'a.example'"))
    assert [] == says(rules.hostnames_differ, sound())


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("mx1.example.org", True),
        ("xn--mx-fka.example", True),
        ("mx1", False),
        ("MX1.example.org", False),
        ("mx1.example.org.", False),
        ("mx_1.example.org", False),
        ("-mx1.example.org", False),
        ("mx1..example", False),
        ("mü.example.org", False),
        (f"{'a' * 64}.example", False),
        (".".join(["abcdefghi"] * 26), False),
    ],
)
def test_names_without_a_domain(name: str, fine: bool) -> None:
    """SP404: other servers want a lower-case name that the DNS can hold."""
    own = sound().replace("id = 5", f"id = 5\nhostname = '{name}'")
    clusters = sound(cluster=f"hostname = '{name}'")
    detail = (
        f'"{name}" is not a lower-case name with a domain, such as "mx1.example.org".'
    )

    assert ([] if fine else [("warning", 13, detail)]) == says(
        rules.hostnames_are_qualified, own
    )
    assert ([] if fine else [("warning", 6, detail)]) == says(
        rules.hostnames_are_qualified, clusters
    )


REDIS = "[store.bus]\ntype = 'redis'\nurls = 'x'\nredis-type = 'cluster'\n"
KAFKA = "[store.bus]\ntype = 'kafka'\nbrokers = 'x'\ngroup-id = 'canary'\n"


def test_stores_that_are_not_built_in() -> None:
    """SP304: official builds have redis and nats."""
    told = [("warning", 20, "The official builds and images have no kafka in them.")]

    assert told == says(rules.stores_are_built_in, sound(KAFKA))
    assert [] == says(rules.stores_are_built_in, sound(REDIS))


@pytest.mark.parametrize(
    ("protocol", "fine"),
    [("", False), ("'resp2'", False), ("'resp3'", True), ("'%{env:P}%'", True)],
)
def test_redis_clusters(protocol: str, fine: bool) -> None:
    """SP306: only the newer protocol pushes messages; a macro may name it."""
    line = f"protocol-version = {protocol}\n" if protocol else ""
    detail = "A redis cluster pushes messages to its subscribers by resp3 only."
    told = says(rules.redis_clusters_push_by_resp3, sound(REDIS + line))
    single = REDIS.replace("cluster", "single")

    assert ([] if fine else [("warning", 22, detail)]) == told
    assert [] == says(rules.redis_clusters_push_by_resp3, sound(single))


def test_kafka_groups() -> None:
    """SP308: one text for all nodes is one group, unless each expands it for itself."""
    own = KAFKA.replace("canary", "mail-%{env:NODE}%")
    detail = (
        "All nodes would share one consumer group, so each message reaches only one "
        "of them."
    )

    assert [("warning", 22, detail)] == says(rules.kafka_groups_differ, sound(KAFKA))
    assert [] == says(rules.kafka_groups_differ, sound(own))


def test_findings_are_sorted_and_placed() -> None:
    """All rules run; warnings come before remarks, each with its key."""
    text = roles('acme.renew = ["mx1"]\nspam-training = "all"').replace("= 5", "= 0")

    assert [
        ("SP106", Severity.WARNING, "mx2", "nodes.mx2.id"),
        ("SP209", Severity.WARNING, None, "roles.spam-training"),
        ("SP212", Severity.INFO, None, "roles.acme.renew"),
    ] == [
        (each.code, each.severity, each.node, each.key)
        for each in rules.desired_findings(read(text))
    ]
