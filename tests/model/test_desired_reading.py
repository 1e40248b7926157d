"""What a sound desired file means."""

from dataclasses import replace

import pytest
from desired_files import FILE, NODES, read, sound

from stalplan.model.inventory import ServiceSettings, SshSettings
from stalplan.model.wishes import (
    ApplySettings,
    Everyone,
    Nobody,
    Place,
    RoleWish,
    Shards,
)
from stalplan.names import NodeId, NodeName, Role
from stalplan.stalwart.releases import Release

KEY = "SHA256:" + "aB3/+" * 8 + "xyz"


def shards(*rows: tuple[str, ...]) -> Shards:
    """A shard for each of *rows*."""
    return Shards(tuple(tuple(NodeName(name) for name in row) for row in rows))


def role(wish: str, *, release: str = "0.15") -> RoleWish:
    """What purge.accounts becomes when *wish* is asked for it."""
    desired = read(sound(f"[roles]\npurge.accounts = {wish}\n", release=release))
    return desired.roles[Role("purge.accounts")]


def test_defaults_are_filled_in() -> None:
    """What a node doesn't say comes from the contract's defaults."""
    node = read(sound()).nodes[0]

    assert SshSettings(address="mx1") == node.ssh
    assert ServiceSettings() == node.service
    assert (NodeId(1), frozenset({"front"})) == (node.node_id, node.labels)
    assert node.hostname is None


def test_tables_are_defaults_that_nodes_override() -> None:
    """Any key of [ssh] and [service] may be set for one node."""
    text = sound("""\
[nodes.mx4]
id = 4
address = "192.0.2.4"
ssh.user = "admin"
[nodes.mx4.service]
unit = "stalwart-mx4.service"
health = false
[ssh]
user = "root"
port = 2222
sudo = true
connect_timeout = "1.5s"
[service]
unit = "mail"
config = "/etc/stalwart/config.toml"
health = "http://[::1]:8080/healthz/ready"
health_timeout = "2m"
stop_timeout = "500ms"
before_stop = ["lb", "drain"]
after_healthy = ["lb", ""]
""")
    nodes = {str(node.name): node for node in read(text).nodes}

    assert [
        SshSettings(
            address=address, user=user, port=2222, sudo=True, connect_timeout=1.5
        )
        for address, user in (("mx1", "root"), ("192.0.2.4", "admin"))
    ] == [nodes["mx1"].ssh, nodes["mx4"].ssh]
    mx1 = ServiceSettings(
        unit="mail",
        config="/etc/stalwart/config.toml",
        health="http://[::1]:8080/healthz/ready",
        health_timeout=120.0,
        stop_timeout=0.5,
        before_stop=("lb", "drain"),
        after_healthy=("lb", ""),
    )
    assert mx1 == nodes["mx1"].service
    mx4 = replace(mx1, unit="stalwart-mx4.service", health=False)
    assert mx4 == nodes["mx4"].service


def test_defaults_of_another_manager_are_left_out() -> None:
    """A node with a manager of its own takes only what that manager knows."""
    text = sound("""\
[service]
unit = "mail"
[nodes.mx4]
id = 4
[nodes.mx4.service]
manager = "command"
start = ["up"]
stop = ["down"]
active = ["up?"]
pid = ["pid"]
config = "/c"
""")
    nodes = {str(node.name): node for node in read(text).nodes}

    assert "mail" == nodes["mx1"].service.unit
    assert (
        ServiceSettings(
            manager="command",
            start=("up",),
            stop=("down",),
            active=("up?",),
            pid=("pid",),
            config="/c",
        )
        == nodes["mx4"].service
    )


@pytest.mark.parametrize(
    ("written", "folder", "path"),
    [
        ("known_hosts", "", "known_hosts"),
        ("known_hosts", ".", "known_hosts"),
        ("known_hosts", "clusters/mail", "clusters/mail/known_hosts"),
        ("../known_hosts", "/srv/mail", "/srv/mail/../known_hosts"),
        ("/etc/known_hosts", "clusters", "/etc/known_hosts"),
        ("~/.ssh/known_hosts", "clusters", "~/.ssh/known_hosts"),
    ],
)
def test_paths_are_relative_to_the_file(written: str, folder: str, path: str) -> None:
    """A relative path begins at the desired file; the home folder is ssh's to find."""
    text = sound(f"[ssh]\nknown_hosts = '{written}'\nidentity_file = '{written}'\n")
    ssh = read(text, folder=folder).nodes[0].ssh

    assert (path, path) == (ssh.known_hosts, ssh.identity_file)


def test_a_pinned_key_has_no_padding() -> None:
    """A fingerprint may be written with the padding that other tools print."""
    text = sound(f"[nodes.mx4]\nid = 4\nssh.host_key = '{KEY}='\n")

    assert KEY == read(text).nodes[3].ssh.host_key


def test_hostnames_fall_back_to_the_clusters() -> None:
    """A node's own hostname wins over the one in [cluster]."""
    text = sound(
        "[nodes.mx4]\nid = 4\nhostname = 'mx4.example.org'\n",
        cluster="hostname = 'mail.example.org'",
    )

    assert [*["mail.example.org"] * 3, "mx4.example.org"] == [
        node.hostname for node in read(text).nodes
    ]


@pytest.mark.parametrize(
    ("line", "coordinator"),
    [("", None), ("coordinator = false", False), ("coordinator = 'redis'", "redis")],
)
def test_three_answers_for_the_coordinator(
    line: str, coordinator: str | bool | None
) -> None:
    """A store, none, and not managed are three different things."""
    assert coordinator == read(sound(cluster=line)).coordinator


@pytest.mark.parametrize(
    ("wish", "meaning"),
    [
        ('"all"', Everyone()),
        ('"none"', Nobody()),
        ('["mx2"]', shards(("mx2",))),
        ('["mx2", "mx1", "mx3"]', shards(("mx1", "mx3", "mx2"))),
        ('[["mx2"]]', shards(("mx2",))),
        ('[["mx2", "mx3"], ["mx1"]]', shards(("mx3", "mx2"), ("mx1",))),
        ('{ label = "back" }', shards(("mx3", "mx2"))),
        ('{ label = "back", shards = 1 }', shards(("mx3", "mx2"))),
        ('{ label = "back", shards = "each" }', shards(("mx3",), ("mx2",))),
        ('{ label = "back", shards = 2 }', shards(("mx3",), ("mx2",))),
    ],
)
def test_wishes_name_nodes_in_id_order(wish: str, meaning: RoleWish) -> None:
    """However a role is asked for, its nodes stand by id, and shards as written."""
    assert meaning == role(wish)


@pytest.mark.parametrize("wish", ['[["mx1"]]', '{ label = "front", shards = 1 }'])
def test_one_shard_exists_in_every_release(wish: str) -> None:
    """One shard is what a plain list is, so that releases without shards take it."""
    assert shards(("mx1",)) == role(wish, release="0.13")


def test_shards_are_dealt_round() -> None:
    """A number of shards deals nodes like cards, in id order."""
    nodes = "".join(
        f'[nodes.n{number}]\nid = {number}\nlabels = ["x"]\n' for number in range(7)
    )
    wish = '[roles]\nfts-indexing = { label = "x", shards = 3 }\n'

    assert {
        "fts-indexing": shards(("n0", "n3", "n6"), ("n1", "n4"), ("n2", "n5"))
    } == read(sound(wish, nodes=nodes)).roles


@pytest.mark.parametrize(
    "spelling",
    [
        '[roles]\n"purge.stores" = ["mx1"]\n',
        '[roles]\npurge.stores = ["mx1"]\n',
        '[roles.purge]\nstores = ["mx1"]\n',
        'roles.purge.stores = ["mx1"]\n',
        '[roles]\npurge = { stores = ["mx1"] }\n',
        '[roles.purge.stores]\nlabel = "front"\n',
    ],
)
def test_spellings_of_a_role_are_one(spelling: str) -> None:
    """Dotted, nested and quoted names of a role mean the same."""
    rest = "" if spelling.startswith("[") else spelling
    text = rest + sound(spelling if not rest else "")

    assert {"purge.stores": shards(("mx1",))} == read(text).roles


def test_what_is_said_of_apply() -> None:
    """Durations become seconds and names keep their order."""
    text = sound("""\
[apply]
max_unavailable = 2
settle = "0s"
order = ["mx3", "mx1"]
spare_id = 0
lease = "1h"
plan_lifetime = "2d"
keep_runs = 1
""")
    mx1, _, mx3 = (node.name for node in read(text).nodes)

    assert (
        ApplySettings(
            max_unavailable=2,
            order=(mx3, mx1),
            spare_id=0,
            lease=3600.0,
            plan_lifetime=172_800.0,
            keep_runs=1,
        )
        == read(text).apply
    )


def test_the_head_of_the_file() -> None:
    """File, cluster and release are as written."""
    desired = read(sound(release="0.13"))

    assert (FILE, "mail", Release.V0_13) == (
        desired.file,
        desired.cluster,
        desired.release,
    )


def test_places_lead_to_lines() -> None:
    """Roles have theirs under their name; what is absent has its table's."""
    desired = read(sound('[roles.purge]\nstores = "all"\n'))

    assert Place(9, 1) == desired.place("nodes", "mx1", "labels")
    assert Place(7, 8) == desired.place("nodes", "mx1", "hostname")
    assert Place(20, 1) == desired.place("roles", "purge.stores")
    assert desired.place("apply") is None


def test_layout_does_not_change_the_digest() -> None:
    """Comments, blank lines, spelling of tables and the order of nodes don't count."""
    first, second, third = NODES.strip().split("\n\n")
    turned = f"{third}\n# why\n{first}\n\n\n{second}\n"
    inline = "nodes.mx1 = {labels = ['front'], 'id' = 0x1}\n"
    text = inline + sound(nodes=f"{third}\n{second}\n")

    assert read(sound()).digest == read(sound(nodes=turned)).digest
    assert read(sound()).digest == read(text.replace("\n", "\r\n")).digest


def test_content_changes_the_digest() -> None:
    """What the file asks for is what the digest binds."""
    assert read(sound()).digest != read(sound().replace("id = 3", "id = 4")).digest
