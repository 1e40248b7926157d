import base64
import subprocess
from pathlib import Path

import pytest
from nodes.endpoint import make_key

from stalplan.errors import HostKeyMismatch, HostKeyUnknown, NodeUnreachable
from stalplan.transport.host_keys import (
    KnownHosts,
    fingerprint,
    matches,
    name_for,
    read_known_hosts,
)
from stalplan.transport.ssh_trust import Trust
from stalplan.transport.ssh_words import Route


def key(text: str) -> str:
    """A key's field of a known_hosts line; its bytes mean nothing."""
    return base64.b64encode(text.encode()).decode()


def known(text: str) -> KnownHosts:
    return KnownHosts(read_known_hosts(text, file="known"), files=["known"])


def route(folder: Path, text: str, **more: object) -> Route:
    (folder / "known").write_text(text)
    settings = {
        "host": "mx1",
        "port": 22,
        "user": "root",
        "identity_files": (),
        "known_hosts": (str(folder / "known"),),
        "timeout": 1.0,
    }
    return Route(**(settings | more))  # type: ignore[arg-type] # the tests name the fields


@pytest.mark.parametrize(
    ("hosts", "name", "expected"),
    [
        ("mx1", "mx1", True),
        ("mx1", "mx10", False),
        ("MX1", "mx1", True),
        ("mx1,192.0.2.1", "192.0.2.1", True),
        ("mx?", "mx1", True),
        ("mx?", "mx", False),
        ("*.example.org", "mx1.example.org", True),
        ("*.example.org", "example.org", False),
        ("*,!mx1", "mx1", False),
        ("!mx1,*", "mx1", False),
        ("!mx1", "mx2", False),
        ("[mx1]:2222", "[mx1]:2222", True),
        ("[mx1]:2222", "m", False),
        ("[mx*]:2222", "[mx1]:2222", True),
        ("*", "[mx1]:2222", True),
        ("[abc]x1", "ax1", False),
        ("|1|broken", "mx1", False),
        ("|2|AAAA|AAAA", "mx1", False),
        ("|1|?|?", "mx1", False),
    ],
)
def test_first_field_is_a_list_of_patterns(
    hosts: str, name: str, expected: bool
) -> None:
    """Star, question mark and negation count; brackets are letters, not a set."""
    assert expected == matches(hosts, name)


def test_hashed_names_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    """What `ssh-keygen -H` hides is found by its name, and by no other."""
    file = tmp_path / "known"
    file.write_text(f"mx1,192.0.2.1 {make_key(tmp_path / 'key').public}\n")
    subprocess.run(["ssh-keygen", "-H", "-f", file], check=True, capture_output=True)

    hashed = known(file.read_text())

    assert "mx1" not in file.read_text()
    assert [1, 1, 0] == [
        len(hashed.about(host, 22).keys) for host in ("mx1", "192.0.2.1", "mx2")
    ]


def test_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    """Errors show what `ssh-keygen -l` shows, so that a person can compare."""
    pair = make_key(tmp_path / "key")

    assert pair.fingerprint == fingerprint(base64.b64decode(pair.public.split()[1]))


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [("MX1", 22, "mx1"), ("mx1", 2222, "[mx1]:2222"), ("::1", 22, "::1")],
)
def test_another_port_is_part_of_the_name(host: str, port: int, expected: str) -> None:
    """Only port 22 goes without saying."""
    assert expected == name_for(host, port)


def test_a_host_may_have_several_keys_in_several_places() -> None:
    """All lines that match count, whichever way they were written."""
    about = known(
        f"mx1 ssh-ed25519 {key('a')}\nmx* ssh-rsa {key('b')} remark\n"
        f"mx2 ssh-rsa {key('c')}\n"
    ).about("mx1", 22)

    assert [b"a", b"b"] == [each.blob for each in about.keys]
    assert ("ssh-ed25519", "ssh-rsa") == about.kinds
    assert [1, 2] == [each.line for each in about.keys]


def test_lines_that_are_no_keys_are_passed_over() -> None:
    """Comments, unknown markers, short lines and damaged keys count for nobody."""
    text = f"""
        # mx1 ssh-ed25519 {key("a")}
        @nonsense mx1 ssh-ed25519 {key("b")}
        mx1 ssh-ed25519
        mx1 ssh-ed25519 !!!
        mx1 ssh-ed25519 {key("c")}
    """

    assert [b"c"] == [each.blob for each in known(text).about("mx1", 22).keys]


def test_a_host_on_another_port_falls_back_to_its_bare_name() -> None:
    """A line of its own wins; without one the bare name vouches, as with ssh."""
    bare = f"mx1 ssh-ed25519 {key('bare')}\n"
    own = f"[mx1]:2222 ssh-ed25519 {key('own')}\n"

    assert known(bare).about("mx1", 2222).vouches(b"bare")
    assert not known(bare + own).about("mx1", 2222).vouches(b"bare")
    assert not known(own).about("mx1", 22).keys


def test_an_alias_stands_for_host_and_port() -> None:
    """HostKeyAlias is looked up as it is, without the port."""
    about = known(f"cluster ssh-ed25519 {key('a')}\n").about(
        "mx1", 2222, alias="Cluster"
    )

    assert "cluster" == about.name
    assert about.vouches(b"a")


def test_a_revoked_key_is_refused_though_another_line_knows_it(tmp_path: Path) -> None:
    """`@revoked` wins over every line that vouches, also by the bare name."""
    text = f"[mx1]:2222 ssh-ed25519 {key('a')}\n@revoked * ssh-ed25519 {key('a')}\n"

    with pytest.raises(HostKeyMismatch, match="line 2 revokes"):
        Trust().check("mx1", route(tmp_path, text, port=2222), "ssh-ed25519", b"a")


def test_a_pinned_key_is_refused_when_it_is_revoked(tmp_path: Path) -> None:
    """The pin says which key, not that it is still good."""
    text = f"@revoked mx1 ssh-ed25519 {key('a')}\n"
    pinned = route(tmp_path, text, host_key=fingerprint(b"a"))

    with pytest.raises(HostKeyMismatch, match="revokes"):
        Trust().check("mx1", pinned, "ssh-ed25519", b"a")


def test_a_pin_stands_above_known_hosts(tmp_path: Path) -> None:
    """The pinned key is accepted, a known one that is not pinned is refused."""
    text = f"mx1 ssh-ed25519 {key('a')}\n"
    pinned = route(tmp_path, text, host_key=fingerprint(b"b"))

    Trust().check("mx1", pinned, "ssh-ed25519", b"b")
    with pytest.raises(HostKeyMismatch, match="accepts only"):
        Trust().check("mx1", pinned, "ssh-ed25519", b"a")


@pytest.mark.parametrize(
    ("file", "expected"),
    [(".ssh/known_hosts", "log in once with ssh"), ("known", "add it")],
)
def test_an_unknown_key_can_become_a_known_one(
    tmp_path: Path, file: str, expected: str
) -> None:
    """Ssh writes the user's own file; another one is the reader's to write."""
    asked = route(tmp_path, "", known_hosts=(str(tmp_path / file),))

    with pytest.raises(HostKeyUnknown) as caught:
        Trust().check("mx1", asked, "ssh-ed25519", b"b")

    assert f"If it is the right one, {expected}" in caught.value.detail


def test_a_changed_key_names_the_line_that_disagrees(tmp_path: Path) -> None:
    """The error has both fingerprints, file and line, and a command to check."""
    changed = route(tmp_path, f"\nmx1 ssh-ed25519 {key('a')}\n", port=22)

    with pytest.raises(HostKeyMismatch) as caught:
        Trust().check("mx1", changed, "ssh-ed25519", b"b")

    assert fingerprint(b"a") in caught.value.detail
    assert fingerprint(b"b") in caught.value.detail
    assert f"{tmp_path / 'known'} line 2" in caught.value.detail
    assert "ssh-keyscan -p 22 mx1 | ssh-keygen -lf -" == caught.value.hint


def test_an_unknown_key_names_the_files_that_were_looked_through(
    tmp_path: Path,
) -> None:
    """A file that does not exist is named as such: mostly it is a wrong path."""
    unknown = route(tmp_path, "", known_hosts=("/nonexistent/known",))

    with pytest.raises(HostKeyUnknown, match=r"/nonexistent/known \(no such file\)"):
        Trust().check("mx1", unknown, "ssh-ed25519", b"a")


def test_a_host_known_by_its_authority_alone_is_said_to_be(tmp_path: Path) -> None:
    """Host certificates are not asked for, so the authority can't help."""
    text = f"@cert-authority *.org,mx1 ssh-ed25519 {key('ca')}\n"

    with pytest.raises(HostKeyUnknown, match=r"certificate authority \(.*line 1\)"):
        Trust().check("mx1", route(tmp_path, text), "ssh-ed25519", b"a")


def test_an_authoritys_own_key_is_no_hosts_key(tmp_path: Path) -> None:
    """A host that shows the authority's key is not thereby known."""
    text = f"@cert-authority mx1 ssh-ed25519 {key('ca')}\n"

    with pytest.raises(HostKeyUnknown):
        Trust().check("mx1", route(tmp_path, text), "ssh-ed25519", b"ca")


def test_revoked_host_keys_of_ssh_config_count(tmp_path: Path) -> None:
    """A list is read; a binary one, or one that is missing, refuses every host."""
    text = f"mx1 ssh-ed25519 {key('a')}\n"
    listed, binary = tmp_path / "list", tmp_path / "krl"
    listed.write_text(f"ssh-ed25519 {key('a')}\n")
    binary.write_bytes(b"SSHKRL\n\x00\xff\xfe")

    with pytest.raises(HostKeyMismatch, match="revokes"):
        Trust().check(
            "mx1", route(tmp_path, text, revoked_keys=str(listed)), "ssh-ed25519", b"a"
        )
    for unread in (binary, tmp_path / "missing"):
        with pytest.raises(NodeUnreachable, match="RevokedHostKeys"):
            Trust().check(
                "mx1",
                route(tmp_path, text, revoked_keys=str(unread)),
                "ssh-ed25519",
                b"a",
            )
