"""Whether the key that a host showed is the one it must show."""

from collections.abc import Iterator
from pathlib import Path

from stalplan.errors import HostKeyMismatch, HostKeyUnknown, NodeUnreachable
from stalplan.transport.host_keys import (
    Acceptable,
    KnownHosts,
    KnownKey,
    fingerprint,
    read_known_hosts,
)
from stalplan.transport.once import Once
from stalplan.transport.ssh_words import Route


class Trust:
    """The known_hosts files of one run, each set of them read once."""

    def __init__(self) -> None:
        self._known: Once[tuple[str, ...], KnownHosts] = Once()
        self._revoked: Once[str, frozenset[bytes]] = Once()

    def about(self, route: Route) -> Acceptable:
        """What the files of *route* say of its host."""
        known = self._known.get(route.known_hosts, lambda: _load(route.known_hosts))
        return known.about(route.host, route.port, alias=route.host_key_alias)

    def check(self, name: str, route: Route, kind: str, blob: bytes) -> None:
        """Return only if *blob*, of the type *kind*, is a key that *route* may show.

        Raises:
            HostKeyMismatch: it is revoked, or another key is pinned or known.
            HostKeyUnknown: nothing vouches for it.
        """
        about, shown = self.about(route), fingerprint(blob)
        who = f"{name}: {about.name} showed the {kind} key {shown}"
        self._refuse_revoked(who, about, route, blob)
        if route.host_key is not None:
            if route.host_key.rstrip("=") != shown:
                raise HostKeyMismatch(
                    f"{who}, but ssh.host_key accepts only {route.host_key}.",
                    hint=_ask_for_key(route),
                )
            return
        if about.vouches(blob):
            return
        if about.keys:
            known = "; ".join(
                f"{key.place} has {fingerprint(key.blob)}" for key in about.keys
            )
            raise HostKeyMismatch(f"{who}, but {known}.", hint=_ask_for_key(route))
        if about.authorities:
            raise HostKeyUnknown(
                f"{who}. It is known only by a certificate authority "
                f"({about.authorities[0].place}), and stalplan checks plain host keys.",
                hint=_ask_for_key(route),
            )
        raise HostKeyUnknown(
            f"{who}, which is in none of {', '.join(_described(about.files))}. "
            f"If it is the right one, {_keep(about.files)}.",
            hint=_ask_for_key(route),
        )

    def _refuse_revoked(
        self, who: str, about: Acceptable, route: Route, blob: bytes
    ) -> None:
        line, file = about.revokes(blob), route.revoked_keys
        if line is not None:
            raise HostKeyMismatch(f"{who}, which {line.place} revokes.")
        if file and blob in self._revoked.get(file, lambda: _load_revoked(file)):
            raise HostKeyMismatch(f"{who}, which {file} revokes.")


def _load(files: tuple[str, ...]) -> KnownHosts:
    return KnownHosts((k for file in files for k in _keys_of(file)), files=files)


def _keys_of(file: str) -> Iterator[KnownKey]:
    try:
        text = Path(file).read_text(errors="replace")
    except OSError:  # as with ssh; the error names the file if its key is missed
        return
    yield from read_known_hosts(text, file=file)


def _load_revoked(file: str) -> frozenset[bytes]:
    """The keys of a RevokedHostKeys file. One that can't be read refuses all hosts."""
    try:
        lines = Path(file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NodeUnreachable(
            f"ssh_config names {file} in RevokedHostKeys, which stalplan can't read; "
            "it reads a list of public keys, but no binary KRL."
        ) from error
    keys = read_known_hosts("\n".join(f"* {line}" for line in lines), file=file)
    return frozenset(key.blob for key in keys)


def _keep(files: tuple[str, ...]) -> str:
    """How the key becomes a known one: ssh itself writes to the user's file only."""
    if any(file.endswith("/.ssh/known_hosts") for file in files):
        return "log in once with ssh, which keeps it"
    return "add it there"


def _described(files: tuple[str, ...]) -> list[str]:
    return [file if Path(file).exists() else f"{file} (no such file)" for file in files]


def _ask_for_key(route: Route) -> str:
    """The command that shows the host's keys, to compare by another way."""
    scan = f"ssh-keyscan -p {route.port} {route.host}"
    if route.jump:
        hop = route.jump[-1]
        port = f"-p {hop.port} " if hop.port else ""
        user = f"{hop.user}@" if hop.user else ""
        scan = f"ssh {port}{user}{hop.address} {scan}"
    return f"{scan} | ssh-keygen -lf -"
