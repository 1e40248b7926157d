import getpass
import socket
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import SshSettings
from stalplan.transport.ssh_config import SshConfig
from stalplan.transport.ssh_files import HostKinds, read_directives
from stalplan.transport.ssh_words import Route

Ask = Callable[..., Route]


@pytest.fixture(params=["ssh", "no-such-ssh"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    """Asks for a route by a config text: of OpenSSH, and of paramiko's reader."""

    def route(text: str, address: str = "mx1", **settings: object) -> Route:
        file = tmp_path / "config"
        file.write_text(text)
        config = SshConfig(file=str(file), program=request.param)
        return config.route(SshSettings(address=address, **settings))  # type: ignore[arg-type] # the tests name the fields

    return route


def test_without_words_all_is_as_ssh_has_it(ask: Ask) -> None:
    """Own user, port 22, the usual files, the host as it was named."""
    route = ask("")

    assert ("mx1", 22, getpass.getuser()) == (route.host, route.port, route.user)
    assert str(Path("~/.ssh/id_ed25519").expanduser()) in route.identity_files
    assert str(Path("~/.ssh/known_hosts").expanduser()) == route.known_hosts[0]
    assert "/etc/ssh/ssh_known_hosts" in route.known_hosts
    assert ((), None, None) == (route.jump, route.proxy_command, route.host_key_alias)


def test_ssh_config_fills_what_the_desired_file_leaves_open(ask: Ask) -> None:
    """Each of these words is honoured."""
    route = ask("""
        Host mx1
          HostName 192.0.2.1
          Port 2222
          User mail
          IdentityFile ~/keys/%n.%r
          CertificateFile ~/keys/cert.pub
          IdentitiesOnly yes
          IdentityAgent /run/agent.sock
          UserKnownHostsFile /k/one /k/two
          GlobalKnownHostsFile /k/all
          HostKeyAlias cluster
          AddressFamily inet
    """)

    assert ("192.0.2.1", 2222, "mail") == (route.host, route.port, route.user)
    assert (str(Path("~/keys/mx1.mail").expanduser()),) == route.identity_files
    assert (str(Path("~/keys/cert.pub").expanduser()),) == route.certificate_files
    assert route.identities_only
    assert "/run/agent.sock" == route.agent
    assert ("/k/one", "/k/two", "/k/all") == route.known_hosts
    assert "cluster" == route.host_key_alias
    assert socket.AF_INET == route.family


def test_the_desired_file_wins(ask: Ask) -> None:
    """What stalplan.toml says replaces what ssh_config says, key by key."""
    route = ask(
        "Port 1\nUser other\nIdentityFile ~/.ssh/other\nUserKnownHostsFile /k\n"
        "ProxyJump bastion\n",
        user="root",
        port=2222,
        identity_file="~/key",
        known_hosts="/own",
        jump="none",
        host_key="SHA256:abc",
        connect_timeout=3.0,
    )

    assert ("root", 2222) == (route.user, route.port)
    assert (str(Path("~/key").expanduser()),) == route.identity_files
    assert route.identities_only
    assert ("/own",) == route.known_hosts
    assert () == route.jump
    assert ("SHA256:abc", 3.0) == (route.host_key, route.timeout)


def test_a_percent_in_the_desired_files_paths_is_a_letter(ask: Ask) -> None:
    """Tokens are ssh_config's; stalplan.toml has none."""
    assert ("/keys/%h",) == ask("", identity_file="/keys/%h").identity_files


def test_a_jump_host_takes_both_the_given_key_and_its_own(tmp_path: Path) -> None:
    """It is no node: its key may lie elsewhere, and so may its known key."""
    file = tmp_path / "config"
    file.write_text("Host bastion\n IdentityFile /keys/bastion\n")
    config = SshConfig(file=str(file))
    node = SshSettings(
        address="mx1", jump="bastion", identity_file="/keys/mx", known_hosts="/known"
    )

    hop = config.route(config.route(node).jump[0], hop=True)

    assert ("/keys/mx", "/keys/bastion") == hop.identity_files
    assert not hop.identities_only
    assert "/known" == hop.known_hosts[0]
    assert len(hop.known_hosts) > 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bastion", [("bastion", None, None)]),
        ("ann@bastion:2222", [("bastion", "ann", 2222)]),
        ("[2001:db8::1]:2222", [("2001:db8::1", None, 2222)]),
        ("ssh://ann@bastion:22", [("bastion", "ann", 22)]),
        ("one,ann@two", [("one", None, None), ("two", "ann", None)]),
    ],
)
def test_jump_hosts_are_written_as_for_ssh(
    ask: Ask, text: str, expected: list[tuple[str, str | None, int | None]]
) -> None:
    """One or several, in the order they are passed through; from either file."""
    asked = [ask("", jump=text), ask(f"ProxyJump {text}\n")]

    for route in asked:
        assert expected == [(hop.address, hop.user, hop.port) for hop in route.jump]


def test_a_jump_host_that_is_none_is_refused(ask: Ask) -> None:
    """A word that can't be a host is not passed on."""
    with pytest.raises(NodeUnreachable, match="is no jump host"):
        ask("", jump="bastion:port")


def test_tokens_of_a_proxy_command_are_expanded(ask: Ask) -> None:
    """The shell gets the command that OpenSSH would give it."""
    route = ask("Host mx1\n HostName mx1.example.org\n ProxyCommand nc -X 5 %h %p %%\n")

    assert "nc -X 5 mx1.example.org 22 %" == route.proxy_command


def test_no_shell_sees_a_host_name_that_is_more_than_a_name(tmp_path: Path) -> None:
    """An address from a desired file could else run a program here."""
    file = tmp_path / "config"
    file.write_text("ProxyCommand nc %h %p\n")

    config = SshConfig(file=str(file), program="no-such-ssh")  # else ssh refuses it

    with pytest.raises(NodeUnreachable, match="can't be put into a ProxyCommand"):
        config.route(SshSettings(address="mx1;id"))


@pytest.mark.parametrize("address", ["-oProxyCommand=id", "", "mx 1"])
def test_an_address_can_be_no_option(ask: Ask, address: str) -> None:
    """What begins with a dash would be an option of ssh."""
    with pytest.raises(NodeUnreachable, match="is no host name"):
        ask("", address=address)


def test_a_broken_config_is_told_in_opensshs_words(tmp_path: Path) -> None:
    """One sentence with file and line; the command to see it is in the hint."""
    file = tmp_path / "config"
    file.write_text("NoSuchWord yes\n")

    with pytest.raises(NodeUnreachable, match=r"line 1.*nosuchword") as caught:
        SshConfig(file=str(file)).route(SshSettings(address="mx1"))

    assert "ssh -G mx1" == caught.value.hint
    assert caught.value.detail.endswith("bad configuration options.")
    assert caught.value.detail.isprintable()


def test_the_agent_is_that_of_the_environment(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless ssh_config names another, or none."""
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/mine")

    assert "/run/mine" == ask("").agent
    assert ask("IdentityAgent none\n").agent is None
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert ask("").agent is None


def counting_ssh(folder: Path) -> tuple[Path, Path]:
    """An `ssh` that writes down each call, and the file where it does."""
    program, calls = folder / "ssh", folder / "calls"
    calls.touch()
    program.write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexec /usr/bin/ssh "$@"\n')
    program.chmod(0o755)
    return program, calls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("Host *\n SendEnv LANG\n", 1),
        ("Host mx*\n User mail\nHost mx3\n Port 2222\n", 2),
        ("Host mx2\n HostName 192.0.2.2\n", 2),
        ("Match host mx3\n User mail\n", 3),
        ("Host *\n IdentityFile ~/.ssh/%h\n", 3),
        ("CanonicalizeHostname no\n", 3),
        ("Host mx2\n HostName mx1\n", 3),
    ],
)
def test_ssh_is_asked_once_for_hosts_it_answers_alike(
    tmp_path: Path, text: str, expected: int
) -> None:
    """Three hosts: as many questions as kinds, and the answers as if asked alone."""
    program, calls = counting_ssh(tmp_path)
    file = tmp_path / "config"
    file.write_text(text)
    shared = SshConfig(file=str(file), program=str(program))
    nodes = [SshSettings(address=name) for name in ("mx1", "mx2", "MX3")]

    routes = [shared.route(node) for node in nodes]
    asked = len(calls.read_text().splitlines())

    alone = [SshConfig(file=str(file)).route(node) for node in nodes]
    assert [r.host.lower() for r in alone] == [r.host.lower() for r in routes]
    assert [(r.user, r.port, r.identity_files) for r in alone] == [
        (r.user, r.port, r.identity_files) for r in routes
    ]
    assert expected == asked


def test_included_files_tell_hosts_apart(tmp_path: Path) -> None:
    """Their Host lines count as if they stood in the file."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.conf").write_text('Host "mx1" mx2\n User=mail # why\n')
    file = tmp_path / "config"
    file.write_text(f"Include {tmp_path}/more/*.conf\n")

    kinds = HostKinds(read_directives(file, base=tmp_path))

    assert kinds.kind("mx1") == kinds.kind("mx2")
    assert kinds.kind("mx1") != kinds.kind("mx3")


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    """As with ssh there is a limit."""
    file = tmp_path / "config"
    file.write_text(f"Include {file}\nHost mx1\n")

    assert 17 == sum(word == "host" for word, _ in read_directives(file, base=tmp_path))


def test_without_openssh_the_unread_words_are_noted(tmp_path: Path) -> None:
    """Another reader passes over them, and the user is told once."""
    file, notes = tmp_path / "config", list[str]()
    file.write_text("Include other\nMatch localnetwork 192.0.2.0/24\n User a\n")
    config = SshConfig(file=str(file), program="no-such-ssh", note=notes.append)

    config.route(SshSettings(address="mx1"))
    config.route(SshSettings(address="mx2"))

    note = "OpenSSH's client is not installed; ssh_config's Include, Match localnetwork"
    assert [f"{note} can't be honoured without it."] == notes


def test_without_openssh_a_match_may_run_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader gets back what it needs for that, which loading it had left out."""
    monkeypatch.setattr("paramiko.config.invoke", None)
    (tmp_path / "config").write_text("User ann\n")
    config = SshConfig(file=str(tmp_path / "config"), program="no-such-ssh")

    assert "ann" == config.route(SshSettings(address="mx1")).user
    assert hasattr(import_module("paramiko.config").invoke, "run")
