"""One process of the stand-in server: its settings, what is in effect, its log."""

import base64
import binascii
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stalplan.demo.eventlog import EventLog
from stalplan.demo.running import Problem, Running, read_running, reloaded
from stalplan.demo.settings import Settings
from stalplan.stalwart.parse import ConfigRefused, parse
from stalplan.stalwart.releases import ServerVersion
from stalplan.stalwart.rewrite import rewritten


@dataclass(slots=True, kw_only=True)
class MailServer:
    """Shared by all connections; *lock* guards settings and what is in effect."""

    settings: Settings
    running: Running
    version: ServerVersion
    environ: Mapping[str, str] = field(repr=False)
    log: EventLog
    ready: bool = True
    admin: tuple[str, str] | None = field(default=None, repr=False)
    began: float = field(default_factory=time.time)  # seconds since 1970
    lock: threading.Lock = field(default_factory=threading.Lock)

    def announce(self, problems: Sequence[Problem]) -> None:
        """Log what the real server logs as it comes up; *problems* are its sockets'."""
        self.log.note("server.startup", version=str(self.version))
        for problem in (*problems, *self.running.problems):
            self.log.problem(problem.event, str(problem))
        if self.running.coordinator is not None:
            self.log.note("cluster.publisher-start")
            self.log.note("cluster.subscriber-start")

    def admits(self, authorization: str) -> bool:
        """Whether an HTTP Authorization header is the fallback admin's."""
        scheme, _, coded = authorization.partition(" ")
        if scheme.lower() != "basic" or self.admin is None:
            return False
        try:
            user, _, secret = base64.b64decode(coded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return (user, secret) == self.admin

    def reload(self, *, dry: bool) -> Sequence[Problem]:
        """Evaluate memory again, never the file; any error means nothing changes.

        Source: stalwart v0.15.5 crates/common/src/manager/reload.rs.
        """
        with self.lock:
            try:
                config = parse(rewritten(self.settings.keys), self.version)
            except ConfigRefused as refused:
                return (Problem("parse", "*", str(refused)),)
            after = read_running(config, self.version, self.environ)
            if not after.problems and not dry:
                self.running = reloaded(self.running, after)
            return after.problems

    def change(self, operations: object) -> None:
        """Change settings through the API; see Settings.change for what it raises."""
        with self.lock:
            try:
                self.settings.change(operations)
            except OSError as error:
                details = f"{error.strerror}, path = {self.settings.path}"
                self.log.problem("config.write-error", details)
                raise

    def status(self) -> dict[str, object]:
        """For tests, at /standin/status: what is really in effect in this process."""
        return {
            "pid": os.getpid(),
            "node_id": self.running.node_id,
            "hostname": self.running.hostname,
            "coordinator": self.running.coordinator,
            "roles": self.running.roles,
            "started_at": self.began,
            "version": str(self.version),
        }


def fallback_admin(config: Mapping[str, str]) -> tuple[str, str] | None:
    """Name and plain secret of the one account there is, where the file has it."""
    user = config.get("authentication.fallback-admin.user")
    secret = config.get("authentication.fallback-admin.secret")
    return None if user is None or secret is None else (user, secret)
