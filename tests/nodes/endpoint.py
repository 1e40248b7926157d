"""Where a node answers by ssh, and which keys open it."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True, slots=True)
class Key:
    """An ed25519 key pair: the private half in *path*, the public one beside it."""

    path: Path

    @property
    def public(self) -> str:
        """Type and key as known_hosts has them, without the remark."""
        kind, key, *_ = self.path.with_suffix(".pub").read_text().split()
        return f"{kind} {key}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:…``, as OpenSSH shows it."""
        argv = ["ssh-keygen", "-l", "-f", str(self.path.with_suffix(".pub"))]
        shown = subprocess.run(argv, check=True, capture_output=True, text=True)
        return shown.stdout.split()[1]


def make_key(path: Path) -> Key:
    """Write a new key pair without a passphrase to *path*, replacing what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    path.touch(mode=0o600)  # ssh refuses a key that others could read
    path.write_bytes(private)
    path.with_suffix(".pub").write_bytes(public + b"\n")
    return Key(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One login: where, as whom, with which key, and what the node must show."""

    address: str
    port: int
    user: str
    identity: Path
    host_key: str

    @property
    def known_hosts_line(self) -> str:
        """The line that makes this node's key a known one; no line end."""
        return f"[{self.address}]:{self.port} {self.host_key}"

    def as_user(self, user: str) -> "Endpoint":
        """The same node for another account."""
        return replace(self, user=user)

    def ssh(
        self, command: str, *, given: bytes = b"", timeout: float = 120.0
    ) -> subprocess.CompletedProcess[bytes]:
        """Run *command* there with OpenSSH's client, no settings of this machine."""
        known = self.identity.with_name(f"known_hosts.{self.port}.{self.user}")
        known.write_text(f"{self.known_hosts_line}\n")
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(known),
            "GlobalKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
        }
        argv = ["ssh", "-F", "/dev/null", "-i", str(self.identity)]
        argv += [part for item in options.items() for part in ("-o", "=".join(item))]
        argv += ["-p", str(self.port), f"{self.user}@{self.address}", command]
        return subprocess.run(
            argv, check=False, input=given, capture_output=True, timeout=timeout
        )
