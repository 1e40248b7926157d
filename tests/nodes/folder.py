"""A mail server's folder on a node without systemd: config file and service."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STAND_IN = (sys.executable, "-m", "stalplan.demo.server")
SLEEPER = ("sh", "-c", 'exec sleep "$0"', "1000")  # ignores --config; has no version


class NodeFolder:
    """A folder with ``etc/config.toml`` and a service that runs *server* on it.

    *server* gets ``--config=PATH`` as its last argument and *environment* on top of
    the caller's. Nothing runs until start(). The service's commands are those of
    ``manager = "command"`` and work from any process that may read the folder.
    """

    def __init__(
        self,
        root: Path,
        config: str | bytes,
        *,
        mode: int = 0o700,
        server: Sequence[str] = STAND_IN,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.config = root / "etc" / "config.toml"
        self.config.parent.mkdir(parents=True)
        self.write(config)
        self.config.chmod(mode)
        self._script = root / "service"
        self._script.write_text(_script(root, self.config, server, environment or {}))

    @property
    def start_argv(self) -> list[str]:
        """Starts the server, once, and returns before it is ready."""
        return self._argv("start")

    @property
    def stop_argv(self) -> list[str]:
        """Ends the server and waits for its end, a minute at most."""
        return self._argv("stop")

    @property
    def active_argv(self) -> list[str]:
        """Exits with 0 while the server runs, else with 1."""
        return self._argv("active")

    @property
    def pid_argv(self) -> list[str]:
        """Prints the server's process id; exits with 1 while it is down."""
        return self._argv("pid")

    @property
    def version_argv(self) -> list[str]:
        """Prints the server's version; starts nothing."""
        return self._argv("version")

    def read(self) -> bytes:
        """The config file's bytes."""
        return self.config.read_bytes()

    def write(self, config: str | bytes) -> None:
        """Put *config* into the same inode, as an editor that truncates does."""
        data = config.encode() if isinstance(config, str) else config
        self.config.write_bytes(data)

    def start(self) -> None:
        """Start the server and return; it may not be ready yet."""
        subprocess.run(self.start_argv, check=True)

    def stop(self) -> None:
        """Stop the server; its process is gone on return."""
        subprocess.run(self.stop_argv, check=True)

    def kill(self) -> None:
        """End the server at once, as a crash does; nothing happens while it is down."""
        pid = self.pid()
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def active(self) -> bool:
        """Whether the process of the last start lives."""
        return subprocess.run(self.active_argv, check=False).returncode == 0

    def pid(self) -> int:
        """The server's process id; 0 while it is down."""
        shown = subprocess.run(self.pid_argv, check=False, capture_output=True)
        return int(shown.stdout or b"0")

    def starts(self) -> list[int]:
        """The process id of every start so far, oldest first."""
        path = self.root / "starts"
        return [*map(int, path.read_text().split())] if path.exists() else []

    def log(self) -> str:
        """What the server wrote to stdout and stderr."""
        path = self.root / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def leftovers(self) -> list[str]:
        """What lies beside the config file, except the file itself; sorted."""
        beside = (path.name for path in self.config.parent.iterdir())
        return sorted(name for name in beside if name != self.config.name)

    def _argv(self, verb: str) -> list[str]:
        return ["sh", str(self._script), verb]


def _script(
    root: Path, config: Path, server: Sequence[str], environment: Mapping[str, str]
) -> str:
    settings = [f"{name}={value}" for name, value in environment.items()]
    # setsid: the server outlives the login that started it.
    argv = ["setsid", "env", *settings, *server, f"--config={config}"]
    body = Path(__file__).with_name("service.sh").read_text()
    return (
        "#!/bin/sh\n"
        f"home={shlex.quote(str(root))}\n"
        f'server() {{ exec {shlex.join(argv)} "$@"; }}\n\n{body}'
    )
