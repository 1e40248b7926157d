"""Which keys a host may show: known_hosts files, read as OpenSSH reads them."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import lru_cache
from typing import Literal

SSH_PORT = 22

Marker = Literal["", "@revoked", "@cert-authority"]
_MARKERS: tuple[Marker, ...] = ("@revoked", "@cert-authority")


def fingerprint(blob: bytes) -> str:
    """`SHA256:…` of a public key's bytes, as OpenSSH shows it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """One line of a known_hosts file."""

    hosts: str  # as written: names and patterns with commas, or one hashed name
    kind: str  # "ssh-ed25519", …
    blob: bytes = field(repr=False)
    marker: Marker
    file: str
    line: int  # from 1

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.file} line {self.line}"


def read_known_hosts(text: str, *, file: str) -> Iterator[KnownKey]:
    """All usable lines of a known_hosts file; OpenSSH skips the others too."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker: Marker = ""
        if words[0].startswith("@"):
            marker = next((known for known in _MARKERS if known == words[0]), "")
            if not marker:
                continue
            words = words[1:]
        if len(words) < 3:  # noqa: PLR2004 - hosts, kind, key
            continue
        hosts, kind, key = words[:3]
        blob = _decoded(key)
        if blob is not None:
            yield KnownKey(
                hosts=hosts, kind=kind, blob=blob, marker=marker, file=file, line=number
            )


def name_for(host: str, port: int) -> str:
    """The name under which OpenSSH keeps a host's key."""
    host = host.lower()
    return host if port == SSH_PORT else f"[{host}]:{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptable:
    """What the known_hosts files say about one host."""

    name: str  # as looked up: "mx1", "[mx1]:2222"
    keys: tuple[KnownKey, ...]
    revoked: tuple[KnownKey, ...]
    authorities: tuple[KnownKey, ...]
    files: tuple[str, ...]  # that were looked through

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types of its known keys: asked for first, so that they are shown."""
        return tuple(dict.fromkeys(key.kind for key in self.keys))

    def vouches(self, blob: bytes) -> bool:
        """Whether *blob* is one of its keys. Ask `revokes` as well."""
        return any(key.blob == blob for key in self.keys)

    def revokes(self, blob: bytes) -> KnownKey | None:
        """The line that revokes *blob*; it then counts for no host of that line."""
        return next((key for key in self.revoked if key.blob == blob), None)


class KnownHosts:
    """The lines of some known_hosts files, quick to search for many hosts."""

    def __init__(self, keys: Iterable[KnownKey], *, files: Sequence[str]) -> None:
        self._files = tuple(files)
        self._plain: dict[str, list[KnownKey]] = {}
        self._others: list[KnownKey] = []  # patterns and hashed names: tried one by one
        for key in keys:
            if any(letter in key.hosts for letter in "*?!|"):
                self._others.append(key)
                continue
            for host in key.hosts.lower().split(","):
                self._plain.setdefault(host, []).append(key)

    def about(self, host: str, port: int, *, alias: str | None = None) -> Acceptable:
        """What is known of a host; *alias* stands for host and port, as in ssh_config.

        A host on another port than 22 that has no line of its own is looked up by
        its bare name, as OpenSSH does.
        """
        names = [alias.lower()] if alias else [name_for(host, port)]
        if not alias and port != SSH_PORT:
            names.append(host.lower())
        found = [self._about(name) for name in names]
        best = next((about for about in found if about.keys), found[0])
        return replace(best, revoked=tuple(k for about in found for k in about.revoked))

    def _about(self, name: str) -> Acceptable:
        lines = list(self._plain.get(name, ()))
        lines += [key for key in self._others if matches(key.hosts, name)]
        return Acceptable(
            name=name,
            keys=tuple(key for key in lines if not key.marker),
            revoked=tuple(key for key in lines if key.marker == "@revoked"),
            authorities=tuple(k for k in lines if k.marker == "@cert-authority"),
            files=self._files,
        )


def matches(hosts: str, name: str) -> bool:
    """Whether a line's first field means *name*: patterns, `!`, or one hashed name."""
    if hosts.startswith("|"):
        return _hash_matches(hosts, name)
    matched = False
    for pattern in hosts.split(","):
        wanted = pattern.removeprefix("!")
        if _pattern(wanted).match(name):
            if wanted != pattern:
                return False
            matched = True
    return matched


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    """`*` and `?` as OpenSSH has them: brackets, which fnmatch knows, are letters."""
    return re.compile(translate(pattern.replace("[", "[[]")), re.IGNORECASE)


def _hash_matches(hashed: str, name: str) -> bool:
    parts = hashed.split("|")
    if len(parts) != 4 or parts[1] != "1":  # noqa: PLR2004 - "", "1", salt, hash
        return False
    salt, digest = _decoded(parts[2]), _decoded(parts[3])
    if salt is None or digest is None:
        return False
    # SHA-1 is the format's; it hides names, the keys themselves stand there whole.
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


@lru_cache(maxsize=65_536)
def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
