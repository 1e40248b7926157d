"""The machine that stalplan runs on: a folder, and the real command line in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodes.endpoint import Endpoint

from e2e.configs import CANARY

_TIMEOUT = 200.0  # seconds; a command takes a few
# The command line as it is, but for the seconds that a started server must live on.
_BRIEF = """\
import sys
from stalplan.cli import run
from stalplan.model.health import HealthAsk
HealthAsk.__init__.__kwdefaults__["steady"] = float(sys.argv.pop(1))
run()
"""


@dataclass(frozen=True, slots=True)
class Done:
    """One command line that has ended."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def said(self) -> str:
        """Everything; what a failing test shows."""
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"


@dataclass(slots=True, kw_only=True)
class Controller:
    """The desired file beside nothing else, its state folder, and its commands.

    *steady* stands for the seconds that a started server must live on; None: as long
    as in earnest.
    """

    folder: Path
    steady: float | None = None
    more_environ: dict[str, str] = field(default_factory=dict)

    @property
    def desired(self) -> Path:
        """stalplan.toml."""
        return self.folder / "stalplan.toml"

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.folder / "state"

    def know(self, endpoints: Iterable[Endpoint]) -> None:
        """Write known_hosts with the keys of these."""
        lines = [f"{endpoint.known_hosts_line}\n" for endpoint in endpoints]
        (self.folder / "known_hosts").write_text("".join(lines))

    def begin(self, *argv: str) -> "subprocess.Popen[str]":
        """Start a command line; its end is the caller's affair. See collect()."""
        return subprocess.Popen(
            [*self.program(), *argv],
            cwd=self.folder,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def program(self) -> list[str]:
        """What stands before the options of a command line."""
        if self.steady is None:
            return [sys.executable, "-m", "stalplan"]
        return [sys.executable, "-c", _BRIEF, str(self.steady)]

    def collect(self, process: "subprocess.Popen[str]") -> Done:
        """The end of a command line; nothing of it may hold a secret of a node."""
        try:
            out, err = process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"it hung\n{out}\n{err}") from None
        done = Done(process.returncode, out, err)
        assert "Traceback" not in err, done.said
        assert CANARY not in out + err, done.said
        return done

    def run(self, *argv: str, code: int | None = 0) -> Done:
        """Run one command line in the controller's folder; None: any *code*."""
        done = self.collect(self.begin(*argv))
        if code is not None:
            assert code == done.code, done.said
        return done

    def plan(self, *argv: str, code: int | None = 0) -> dict[str, Any]:
        """The document of `plan --format json`."""
        document = json.loads(
            self.run("plan", "--format", "json", *argv, code=code).out
        )
        assert isinstance(document, dict)
        return document

    def environ(self) -> dict[str, str]:
        """A plain environment: no agent, no proxy, no settings of the caller's."""
        kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        return (
            kept | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"} | self.more_environ
        )

    def journal(self) -> list[dict[str, Any]]:
        """All records of the newest run; a line that is being written is left out."""
        runs = sorted((self.state / "runs").glob("*/journal.jsonl"))
        lines = runs[-1].read_bytes().splitlines() if runs else []
        return [json.loads(line) for line in lines if line.endswith(b"}")]

    def no_secret_was_kept(self) -> None:
        """Nothing that the controller wrote holds a secret of a node."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                assert CANARY.encode() not in path.read_bytes(), path


def login(endpoint: Endpoint) -> str:
    """A node's lines that say how to log in."""
    lines = {
        "address": endpoint.address,
        "ssh.port": endpoint.port,
        "ssh.user": endpoint.user,
        "ssh.identity_file": str(endpoint.identity),
    }
    return "".join(f"{key} = {json.dumps(lines[key])}\n" for key in lines)
