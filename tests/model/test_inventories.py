"""Lists of machines that others keep, read as nodes."""

import shlex
from typing import TYPE_CHECKING

import pytest

from stalplan.model.inventories.ansible import spread
from stalplan.model.inventories.asked import Asked, InventoryWrong, asked
from stalplan.model.inventories.reading import is_ssh_config, read_inventory
from stalplan.names import NodeName

if TYPE_CHECKING:
    from stalplan.model.rewriting.writing import Value

INI = """\
# the machines of example.org
bastion ansible_host=192.0.2.1

[front]
mx1 ansible_host=192.0.2.11 ansible_port=2222  # the first

[back]
mx[2:3].example.org

[mailservers:children]
front
back

[mailservers:vars]
ansible_user=deploy
ansible_ssh_private_key_file="~/.ssh/mail key"

[back:vars]
ansible_user = root

[all:vars]
ansible_become=yes
"""
YAML = """\
all:
  vars:
    ansible_become: true
  hosts:
    bastion: {ansible_host: 192.0.2.1}
  children:
    mailservers:
      vars:
        ansible_user: deploy
        ansible_ssh_private_key_file: ~/.ssh/mail key
      children:
        front:
          hosts:
            mx1:
              ansible_host: 192.0.2.11
              ansible_port: 2222
              ansible_password: !vault |
                $ANSIBLE_VAULT;1.1;AES256
        back:
          vars:
            ansible_user: root
          hosts:
            mx[2:3].example.org:
"""
KEY = {"identity_file": "~/.ssh/mail key"}


@pytest.mark.parametrize(("file", "text"), [("hosts", INI), ("hosts.yml", YAML)])
def test_an_ansible_inventory(file: str, text: str) -> None:
    """INI and YAML say the same: hosts, ranges, groups in groups; inner ones win."""
    back: dict[str, Value] = {**KEY, "user": "root", "sudo": True}
    expected = [
        Asked(name=NodeName("bastion"), address="192.0.2.1", ssh={"sudo": True}),
        Asked(
            name=NodeName("mx1"),
            address="192.0.2.11",
            ssh={**KEY, "user": "deploy", "port": 2222, "sudo": True},
            labels=("mailservers", "front"),
        ),
        *(
            Asked(name=NodeName(name), address=name, ssh=back, labels=labels)
            for name in ("mx2.example.org", "mx3.example.org")
            for labels in [("mailservers", "back")]
        ),
    ]
    assert expected == read_inventory(text, file)


def test_the_order_of_groups() -> None:
    """The deepest group wins, then the priority, then the name, as Ansible has it."""
    text = """\
[deep]
mx1
mx2
[b]
mx1
mx2
[a]
mx1
mx3
[c]
mx3
[outer:children]
deep
[deep:vars]
ansible_user=deep
[a:vars]
ansible_user=a
ansible_port=1
ansible_group_priority=9
[b:vars]
ansible_user=b
ansible_port=2
[c:vars]
ansible_port=3
ansible_user=c
"""
    found = {str(node.name): node for node in read_inventory(text, "hosts")}

    assert {"user": "deep", "port": 1} == found["mx1"].ssh
    assert {"user": "deep", "port": 2} == found["mx2"].ssh
    assert {"user": "a", "port": 1} == found["mx3"].ssh
    assert ("b", "outer", "a", "deep") == found["mx1"].labels


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", None),
        ("-o StrictHostKeyChecking=no", None),
        ("-J bastion", "bastion"),
        ("-o ProxyJump=ops@bastion:2222 -v", "ops@bastion:2222"),
        ("-oProxyJump=a,b", "a,b"),
        ("-o 'ProxyCommand=ssh -q -W %h:%p ops@bastion'", "ops@bastion"),
        ("-o ProxyCommand=/usr/bin/nc", None),
    ],
)
def test_jump_hosts(arguments: str, expected: str | None) -> None:
    """An inventory's way through another host is the node's way too."""
    line = f"[mail]\nmx1 ansible_ssh_common_args={shlex.quote(arguments)}\n"
    (node,) = read_inventory(line, "hosts")

    assert expected == node.ssh.get("jump")


def test_what_is_not_wanted_may_be_beyond_us() -> None:
    """A template stands in the way only of the hosts that are asked for."""
    text = "[web]\nw1 ansible_host={{ ip }}\n[mail]\nmx1\n"

    assert ["mx1"] == [node.name for node in read_inventory(text, "hosts", ["mail"])]
    for wanted in ([], ["web"], ["w1"]):
        with pytest.raises(InventoryWrong, match="w1: ansible_host is a template"):
            read_inventory(text, "hosts", wanted)


def test_a_plain_list() -> None:
    """A line is a name and its address, or a name that is its own address."""
    text = "mx1=192.0.2.11 # first\n\nmx2 = root@[2001:db8::2]:22\nmx3\n"
    assert [
        asked("mx1", "192.0.2.11"),
        Asked(
            name=NodeName("mx2"),
            address="2001:db8::2",
            ssh={"user": "root", "port": 22},
        ),
        asked("mx3", "mx3"),
    ] == read_inventory(text, "list")


@pytest.mark.parametrize(
    ("place", "address", "ssh"),
    [
        ("192.0.2.11", "192.0.2.11", {}),
        ("mx1.example.org:2222", "mx1.example.org", {"port": 2222}),
        ("root@mx1", "mx1", {"user": "root"}),
        ("2001:db8::1", "2001:db8::1", {}),
        ("root@2001:db8::1", "2001:db8::1", {"user": "root"}),
        ("[2001:db8::1]", "2001:db8::1", {}),
        ("a@[2001:db8::1]:24", "2001:db8::1", {"user": "a", "port": 24}),
    ],
)
def test_places(place: str, address: str, ssh: dict[str, object]) -> None:
    """`[user@]host[:port]` as ssh and scp people write it."""
    found = asked("mx1", place)
    assert (address, ssh) == (found.address, found.ssh)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "is no \\[user@\\]host"),
        ("mx1:0", "'0' is no port"),
        ("mx1:65536", "is no port"),
        ("mx1:ssh", "'ssh' is no port"),
        ("mx1:", "'' is no port"),
        ("-oProxyCommand=x", "must not begin"),
        ("-x@mx1", "must not begin"),
        ("a b", "must be a host name"),
    ],
)
def test_places_that_are_none(place: str, why: str) -> None:
    """What ssh could take for an option, or could not reach, is refused."""
    with pytest.raises(ValueError, match=why):
        asked("mx1", place)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("mx1", ["mx1"]),
        ("mx[1:3]", ["mx1", "mx2", "mx3"]),
        ("mx[08:10]", ["mx08", "mx09", "mx10"]),
        ("mx[1:6:2]", ["mx1", "mx3", "mx5"]),
        ("[a:c].example.org", ["a.example.org", "b.example.org", "c.example.org"]),
        ("r[1:2]n[1:2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("mx[3:1]", []),
    ],
)
def test_ranges(pattern: str, names: list[str]) -> None:
    """Ranges are spread as Ansible does, widths and steps included."""
    assert names == list(spread(pattern))


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("list", "# nobody\n", "names no machine"),
        ("list", "mx1=a\nmx1=b\n", "names mx1 twice"),
        ("list", "\nmx_1=a\n", "list:2: 'mx_1' is no node name"),
        ("hosts", "[a]\nmx[1:z]\n", r"hosts:2: \[1:z\] is no range"),
        ("hosts", "[a]\nmx[1:99999]\n", "too long a range"),
        ("hosts", "[a]\nmx1 x='\n", "hosts:2: No closing quotation"),
        ("hosts", "[a]\nmx1 ansible_port=ssh\n", "mx1: 'ssh' is no port"),
        ("hosts", "[a]\nmx1 ansible_host={{ip}}\n", "template, which only Ansible"),
        ("h.yml", "all: [1\n", "in line 2"),
        ("h.yml", "- mx1\n", "has no groups"),
        ("h.yml", "all: 3\n", "the group all has no hosts"),
        ("h.yml", "all: {hosts: 3}\n", "h.yml"),
        ("h.yml", "all: &a {children: {x: *a}}\n", "has no hosts, children or vars"),
    ],
)
def test_inventories_that_can_t_be_read(file: str, text: str, why: str) -> None:
    """What is wrong is told with the file and, where there is one, the line."""
    with pytest.raises(InventoryWrong, match=why):
        read_inventory(text, file)


def test_names_become_node_names() -> None:
    """An inventory's capitals and underscores are none that a node's name has."""
    found = read_inventory("[mail]\nMX_1 ansible_host=192.0.2.1\n", "hosts")
    assert [NodeName("mx-1")] == [each.name for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Host mx1\n  HostName 192.0.2.1\n", True),
        ("  host=mx1\n", True),
        ("host1=192.0.2.1\n", False),
        (INI, False),
    ],
)
def test_ssh_config_is_recognised(text: str, *, expected: bool) -> None:
    """A Host line is what only OpenSSH's own file has."""
    assert expected is is_ssh_config(text)
