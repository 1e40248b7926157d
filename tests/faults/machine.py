"""One node as the tests see it from outside: its file, its service, its records."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodes.endpoint import Endpoint
from nodes.waiting import wait_until

# Five are kept; a kill may come after the sixth is there and before the first goes.
_MOST_BACKUPS = 6
PLACES = ("config", "records")  # the two small file systems of a node
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Facts:
    """The config file, as far as it must outlive every fault."""

    data: bytes
    owner: tuple[int, int]
    mode: int
    access: str  # its ACL, as getfacl shows it

    def __repr__(self) -> str:
        return f"Facts({len(self.data)} bytes, {self.owner}, {self.mode:o})"

    @property
    def kept(self) -> tuple[object, ...]:
        """What a replacement must keep."""
        return (self.owner, self.mode, self.access)


class Machine(ABC):
    """A node of any kind. Its paths are as this process reaches them."""

    name: str
    http: int
    secret: str  # of the mail server's admin
    inner_config: str  # the file's path on the machine itself
    endpoint: Endpoint
    first: Facts  # as the node was made

    @property
    @abstractmethod
    def config(self) -> Path:
        """The mail server's file."""

    @property
    @abstractmethod
    def points(self) -> Path:
        """Where the agent's scripts wait."""

    @property
    @abstractmethod
    def records_root(self) -> Path:
        """The folder above root's records."""

    @abstractmethod
    def service_lines(self) -> str:
        """The desired file's lines on the service."""

    @abstractmethod
    def is_running(self) -> bool:
        """Whether the service runs."""

    @abstractmethod
    def start(self) -> None:
        """Start the service, as an administrator does."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it, and wait for its end."""

    @abstractmethod
    def behave(self, standin: dict[str, str]) -> None:
        """From its next start on the server does what these say, and no others."""

    def set_clock(self, offset: int) -> None:
        """Let the node's clock be wrong by *offset* seconds, and right by 0."""
        if offset:
            raise NotImplementedError(offset)

    def wait_answer(self) -> None:
        """Until the running server answers."""
        wait_until(self.status, what=f"{self.name}'s server")

    def refresh(self) -> None:
        """The service runs, as its file is now and as behave() says."""
        if self.is_running():
            self.stop()
        self.start()

    @abstractmethod
    def living(self) -> int:
        """How many processes of the server live."""

    @abstractmethod
    def kill(self, pids: Iterable[int]) -> None:
        """Kill -9 of processes, by the numbers they have on the machine."""

    @abstractmethod
    def session_of(self, pid: int) -> list[int]:
        """All processes of that one's session, by their numbers there."""

    @abstractmethod
    def cut(self) -> None:
        """Break all ssh connections."""

    @abstractmethod
    def hang_up(self) -> None:
        """Break them, and take no new ones until pick_up()."""

    @abstractmethod
    def pick_up(self) -> None:
        """Take connections again."""

    @abstractmethod
    def reboot(self) -> None:
        """The power goes and comes back, and with it what starts at boot."""

    @abstractmethod
    def fill(self, place: str) -> None:
        """Leave no byte free in one of PLACES."""

    @abstractmethod
    def read_only(self, place: str) -> bool:
        """Let nothing be written there; False where the kernel won't have it."""

    @abstractmethod
    def repair(self) -> None:
        """Undo what fill() and read_only() did."""

    @abstractmethod
    def public_places(self) -> list[Path]:
        """Folders where no secret may lie, whoever writes there."""

    @property
    def work(self) -> Path | None:
        """The folder of records, once there is one."""
        return next(iter(sorted(self.records_root.glob("????????????????"))), None)

    def facts(self) -> Facts:
        """Facts of the file. Raises OSError where it is no regular file."""
        about = self.config.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise OSError(f"{self.config} is no regular file")
        argv = ["getfacl", "--omit-header", "--numeric", "--absolute-names"]
        shown = subprocess.run(
            [*argv, str(self.config)], check=True, capture_output=True, text=True
        )
        return Facts(
            self.config.read_bytes(),
            (about.st_uid, about.st_gid),
            stat.S_IMODE(about.st_mode),
            shown.stdout,
        )

    def own_again(self) -> None:
        """Whoever owned the file at first, and could read it, does so again."""
        os.chown(self.config, *self.first.owner)
        self.config.chmod(self.first.mode)
        argv = ["setfacl", "--set-file=-", str(self.config)]
        subprocess.run(argv, check=True, input=self.first.access, text=True)

    def beside(self) -> list[str]:
        """What lies beside the config file and has no reason to."""
        found = (path.name for path in self.config.parent.iterdir())
        own = {self.config.name} | (set() if os.getuid() == 0 else {".stalplan"})
        return sorted(name for name in found if name not in own)

    def status(self) -> dict[str, Any]:
        """What the running server has in effect; {} while it does not answer."""
        try:
            url = f"http://127.0.0.1:{self.http}/standin/status"
            with _DIRECT.open(url, timeout=2) as answer:
                document: dict[str, Any] = json.loads(answer.read())
                return document
        except OSError:
            return {}

    def save_in_web_admin(self) -> bool:
        """Make the server write its whole file anew from memory; False: it is down."""
        values = [["zz.saved", "yes"]]
        insert = {"type": "insert", "prefix": None, "values": values}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}/api/settings",
            json.dumps([insert | {"assert_empty": False}]).encode(),
        )
        coded = base64.b64encode(f"admin:{self.secret}".encode()).decode()
        request.add_header("Authorization", f"Basic {coded}")
        try:
            with _DIRECT.open(request, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def expire_lease(self) -> bool:
        """Let the newest lease have ended two hours ago; False: nobody holds it."""
        found = self._leases()
        if not found:
            return False
        text = found[-1].read_text()
        past = re.sub(r"(?m)^until .*$", f"until {int(time.time()) - 7200}", text)
        found[-1].write_text(past)
        return "state held" in text

    def is_held(self) -> bool:
        """Whether a run holds the node, by what the newest lease says."""
        found = self._leases()
        return bool(found) and "state held" in found[-1].read_text()

    def records(self) -> list[Path]:
        """What the node has written down of transactions."""
        return sorted((self.work / "tx").iterdir()) if self.work else []

    def litter(self) -> list[str]:
        """What lies among the records and should be gone after a run."""
        if self.work is None:
            return []
        known = {"lease", "tx", "backups", "lock", "started", "started.file"}
        found = [path.name for path in self.work.iterdir() if path.name not in known]
        found += [path.name for path in (self.work / "tx").iterdir()]
        backups = [path.name for path in (self.work / "backups").iterdir()]
        found += [name for name in backups if name.endswith(".new")]
        return found + sorted(backups)[_MOST_BACKUPS:]

    def _leases(self) -> list[Path]:
        found = list((self.work / "lease").glob("[0-9]*")) if self.work else []
        return sorted(found, key=lambda path: int(path.name))


def run_as(uid: int, script: str, *words: str) -> None:
    """Run a python script as another user; what that one is refused does not count."""
    python = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin")
    assert python is not None
    subprocess.run(
        [python, "-I", "-c", script, *words],
        check=False,
        user=uid,
        group=uid,
        extra_groups=[],
        capture_output=True,
        cwd="/",
        timeout=20,
    )


def kill_all(pids: Iterable[int]) -> None:
    """Kill -9 on this machine; those that are gone don't count."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def in_session(session: int) -> list[int]:
    """All processes of this machine's session of that number."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                found.append(int(path.parent.name))
    return found
