"""The files that are read and written in a measurement."""

from collections.abc import Iterable
from pathlib import Path

_ROLES = (
    *("purge.accounts", "acme.renew", "calendar-alerts", "imip-processing"),
    *("merge-threads", "metrics.calculate", "metrics.push", "push-notifications"),
    *("fts-indexing", "spam-training"),
)
_LINES = 60


def config_text(number: int, *, purge: int) -> str:
    """A config.toml of sixty lines and eleven roles; *purge* runs purge.stores."""
    lines = [
        'cluster.coordinator = "redis"',
        f"cluster.node-id = {number}",
        *(f"cluster.roles.{role} = 1" for role in _ROLES),
        f"cluster.roles.purge.stores = {purge}",
        f'server.hostname = "mx{number}.example.org"',
        'server.listener.smtp.bind = "[::]:25"',
        'server.listener.smtp.protocol = "smtp"',
        'storage.data = "postgresql"',
        'store.postgresql.host = "192.0.2.20"',
        'store.postgresql.type = "postgresql"',
        'store.redis.redis-type = "single"',
        'store.redis.type = "redis"',
        'store.redis.urls = "redis://192.0.2.21:6379/0"',
    ]
    lines += [
        f'server.listener.extra{extra}.tls.sni.certificate = "default"'
        for extra in range(_LINES - len(lines))
    ]
    return "\n".join(lines) + "\n"


def desired_text(
    nodes: Iterable[tuple[str, int, Path]],
    *,
    port: int,
    user: str,
    identity: Path,
    known: Path,
) -> str:
    """A stalplan.toml in which purge.stores moves: every node's file gets a line."""
    head = f"""\
format = 1

[cluster]
name = "bench"
release = "0.15"
coordinator = "redis"

[ssh]
user = "{user}"
port = {port}
identity_file = "{identity}"
known_hosts = "{known}"

[service]
manager = "command"
start = ["true"]
stop = ["true"]
active = ["true"]
health = false
"""
    found = list(nodes)
    tables = [
        f'[nodes.{name}]\nid = {number}\naddress = "127.0.0.1"\n'
        f'hostname = "{name}.example.org"\nservice.config = "{config}"\n'
        for name, number, config in found
    ]
    holder = found[1][0] if len(found) > 1 else found[0][0]
    return "\n".join([head, *tables, f'[roles]\n"purge.stores" = ["{holder}"]\n'])
