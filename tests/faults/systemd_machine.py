"""A node under a real systemd: its unit as the server's installer writes it."""

# ruff: noqa: D102 - what these methods promise stands in machine.Machine

import contextlib
import os
import shlex
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from nodes.endpoint import Key
from nodes.systemd import SystemdNode
from nodes.waiting import free_port

from faults import texts
from faults.machine import Machine

_BEHAVE = "/etc/stalwart.behave"


class SystemdMachine(Machine):
    """See Machine. It is off until boot(), and gone when *kept* closes."""

    def __init__(
        self, name: str, base: Path, identity: Key, token: str, kept: ExitStack
    ) -> None:
        self.name = name
        self.http, smtp = free_port(), free_port()
        number = int(name.removeprefix("mx"))
        write = texts.by_hand if number % 2 else texts.by_server
        self.secret = texts.canaries(token, name)[7 if number % 2 else 0]
        self._environment = texts.environment(token, name)
        script = f'. {_BEHAVE}; exec {sys.executable} -m stalplan.demo.server "$@"'
        self._node = SystemdNode(
            name,
            base / name,
            identity,
            config=write(token, name, number, self.http, smtp),
            server=("sh", "-c", f"[ ! -e {_BEHAVE} ] || {script}", "server"),
            environment={"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            prefix=f"/opt/{name}",  # by its path a script knows which node it is on
        )
        kept.callback(self._node.close)
        self.inner_config = str(self._node.config)
        self.endpoint = self._node.endpoint

    def boot(self) -> None:
        """Switch it on, for the first time."""
        self._node.boot()
        self.behave({})
        self._sh('mkdir "$1" && chmod 777 "$1"', f"/opt/{self.name}/points")
        self.refresh()

    @property
    def _root(self) -> Path:
        return Path(f"/proc/{self._node._first}/root")

    @property
    def config(self) -> Path:
        return self._root / self.inner_config[1:]

    @property
    def points(self) -> Path:
        return self._root / "opt" / self.name / "points"

    @property
    def records_root(self) -> Path:
        return self._root / "var/lib/stalplan"

    def service_lines(self) -> str:
        return (
            f'service.manager = "systemd"\nservice.unit = "{self._node.unit}"\n'
            f'service.config = "{self.inner_config}"'
        )

    def is_running(self) -> bool:
        return self._systemctl("is-active", self._node.unit)

    def start(self) -> None:
        self._systemctl("reset-failed", self._node.unit)
        self._systemctl("enable", "--now", self._node.unit)

    def stop(self) -> None:
        """On purpose: it does not come back at a boot either."""
        self._systemctl("disable", "--now", self._node.unit)

    def behave(self, standin: dict[str, str]) -> None:
        words = {"STANDIN_STOP_SECONDS": "0.05", **self._environment, **standin}
        lines = [f"export {key}={shlex.quote(word)}\n" for key, word in words.items()]
        self._node.write(Path(_BEHAVE), "".join(lines).encode())

    def living(self) -> int:
        return len(self._servers())

    def _servers(self) -> list[str]:
        """Its processes, by the numbers that this machine gives them."""
        own = Path(f"/proc/{self._node._first}/ns/pid").readlink()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                said = (path / "cmdline").read_bytes()
                inside = own == (path / "ns" / "pid").readlink()
                if inside and b"\0stalplan.demo.server\0--config=" in said:
                    found.append(path.name)
        return found

    def kill(self, pids: Iterable[int]) -> None:
        self._sh('kill -9 "$@" 2>/dev/null || :', *map(str, pids))

    def session_of(self, pid: int) -> list[int]:
        return [
            *map(
                int, self._sh('ps -o pid= -s "$(ps -o sid= -p "$1")"', str(pid)).split()
            )
        ]

    def cut(self) -> None:
        self._sh("pkill -KILL -f '^sshd: root' || :")

    def hang_up(self) -> None:
        self._systemctl("stop", "ssh")
        self.cut()

    def pick_up(self) -> None:
        self._systemctl("start", "ssh")

    def reboot(self) -> None:
        self._node.power_off()
        self._node.boot()

    def fill(self, place: str) -> None:
        raise NotImplementedError(place)

    def read_only(self, place: str) -> bool:
        raise NotImplementedError(place)

    def repair(self) -> None:
        """Nothing of it was broken."""

    def public_places(self) -> list[Path]:
        places = ("tmp", "var/tmp", "root", "var/log", "run/log", "var/spool")
        return [self._root / place for place in places]

    def _systemctl(self, *words: str) -> bool:
        argv = ["systemctl", "--quiet", *words]
        return self._node.exec(argv, check=False).returncode == 0

    def _sh(self, script: str, *words: str) -> str:
        argv = ["sh", "-c", script, "sh", *words]
        return self._node.exec(argv, check=False).stdout.decode()
