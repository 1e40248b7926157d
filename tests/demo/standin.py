"""A stand-in server as a process of its own, for tests that look at it from outside."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodes.waiting import free_port, wait_until

PLAIN = """\
cluster.node-id = 7
server.hostname = "mx1.example.org"
server.listener.http.bind = "127.0.0.1:{http}"
server.listener.http.protocol = "http"
server.listener.smtp.bind = "127.0.0.1:{smtp}"
server.listener.smtp.protocol = "smtp"
storage.data = "db"
store.db.type = "rocksdb"
tracer.log.type = "log"
tracer.log.path = "{logs}"
tracer.log.prefix = "stalwart.log"
authentication.fallback-admin.user = "admin"
authentication.fallback-admin.secret = "CANARY-admin"
"""
SERVER = (sys.executable, "-m", "stalplan.demo.server")
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class StandIn:
    """One server's folder and, once started, its process."""

    folder: Path
    more: str = ""  # lines after the plain ones
    environ: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.http, self.smtp = free_port(), free_port()
        self.path = self.folder / "config.toml"
        self.logs = self.folder / "logs"
        text = PLAIN.format(http=self.http, smtp=self.smtp, logs=self.logs)
        self.path.write_text(text + self.more)

    def begin(self, *argv: str) -> "subprocess.Popen[bytes]":
        """Start the process; with no *argv* on the folder's config."""
        self.kill()
        inherited = {
            name: text
            for name, text in os.environ.items()
            if name != "CONFIG_PATH" and not name.startswith("STANDIN_")
        }
        self.process = subprocess.Popen(
            [*SERVER, *(argv or [f"--config={self.path}"])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**inherited, "STANDIN_STOP_SECONDS": "0.1", **self.environ},
        )
        return self.process

    def start(self) -> "StandIn":
        """Start and wait until it listens."""
        process = self.begin()

        def listens() -> bool:
            assert process.poll() is None, process.communicate()
            return self.listens(self.http)

        wait_until(listens, what="a listening server")
        return self

    def listens(self, port: int) -> bool:
        """Whether anyone accepts connections there."""
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", port)) == 0

    def end(self) -> tuple[int, str, str]:
        """What it ended with, and said on stdout and stderr."""
        assert self.process is not None
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()

    def signal(self, number: signal.Signals) -> float:
        """Send a signal and return the seconds until the end."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began

    def kill(self) -> None:
        """Leave nothing behind."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()

    def ask(
        self, path: str, *, body: object = None, secret: str | None = None
    ) -> tuple[int, Any]:
        """Status and parsed body of one HTTP request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}")
        if body is not None:
            request.data = json.dumps(body).encode()
        if secret is not None:
            coded = base64.b64encode(f"admin:{secret}".encode()).decode()
            request.add_header("Authorization", f"Basic {coded}")
        try:
            with DIRECT.open(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or "null")

    def api(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """The body of an answer to the fallback admin, who got 200."""
        status, document = self.ask(path, body=body, secret="CANARY-admin")
        assert 200 == status
        return document

    def status(self) -> dict[str, Any]:
        """What is really in effect."""
        document: dict[str, Any] = self.ask("/standin/status")[1]
        return document

    def log(self) -> list[str]:
        """All lines logged so far, without their time stamps."""
        lines = [
            line
            for file in sorted(self.logs.glob("stalwart.log.*"))
            for line in file.read_text().splitlines()
        ]
        return [line.split(" ", 1)[1] for line in lines]

    def talk(self, *words: str) -> list[str]:
        """The first line of the greeting and of every reply, on the SMTP port."""
        with socket.create_connection(("127.0.0.1", self.smtp), 60) as line:
            lines = line.makefile("rb")
            said = [lines.readline().decode().strip()]
            for word in words:
                line.sendall(f"{word}\r\n".encode())
                said.append(lines.readline().decode().strip())
            lines.close()
        return said
