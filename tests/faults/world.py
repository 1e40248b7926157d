"""A cluster of nodes, the controllers that know it, and who listens for secrets."""

import contextlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from nodes.endpoint import make_key

from faults import texts
from faults.command import Command, Done, Numbered, Where
from faults.loopback import LoopbackMachine
from faults.machine import Facts, Machine
from faults.systemd_machine import SystemdMachine
from stalplan.model.live import digest_of
from stalplan.names import Digest
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import ServerVersion

VERSION = ServerVersion.parse("0.15.5")
NAMES = ("mx1", "mx2")
PATIENT = 15  # seconds for what takes one, on a machine that has much else to do
_MOST_BYTES = 64 << 20  # of a file that is looked into; a journal has some


class Loss(Exception):
    """Something that must never be: a node that is not whole, a lie, a secret told."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the desired file asks of one node."""

    node_id: int
    hostname: str


@dataclass(slots=True, kw_only=True)
class World:
    """Two nodes and as many controllers as a case needs. *main* is the usual one."""

    base: Path
    token: str
    machines: list[Machine]
    wishes: dict[str, Wish] = field(default_factory=dict)
    desired: str = ""
    steady: float = 0.3  # seconds that a started server must live on
    began: float = field(default_factory=time.time)
    controllers: int = 0
    main: Where = field(init=False)

    def __post_init__(self) -> None:
        self.main = self.new_controller()

    def __getitem__(self, name: str) -> Machine:
        return next(each for each in self.machines if each.name == name)

    def new_controller(self) -> Where:
        """Another machine to run commands on; it knows the nodes and the wish."""
        self.controllers += 1
        folder = self.base / f"controller-{self.controllers}"
        folder.mkdir()
        known = [f"{each.endpoint.known_hosts_line}\n" for each in self.machines]
        (folder / "known_hosts").write_text("".join(known))
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(self.base / "tmp"),
            "LC_ALL": "C.UTF-8",
        }
        where = Where(folder=folder, environ=environ)
        (folder / "stalplan.toml").write_text(self.desired)
        return where

    def forget_others(self) -> None:
        """Only the main controller stays."""
        for folder in self.base.glob("controller-*"):
            if folder != self.main.folder:
                shutil.rmtree(folder)

    def want(
        self,
        wishes: Mapping[str, Wish],
        *,
        most_down: int = 1,
        stop_timeout: int = PATIENT,
        health_timeout: int = PATIENT,
        hooks: bool = False,
        more: str = "",
    ) -> None:
        """Write the desired file of every controller."""
        self.wishes = dict(wishes)
        text = (
            'format = 1\n[cluster]\nname = "faults"\nrelease = "0.15"\n'
            '[ssh]\nknown_hosts = "known_hosts"\nconnect_timeout = "20s"\n'
            f'[service]\nhealth_timeout = "{health_timeout}s"\n'
            f'stop_timeout = "{stop_timeout}s"\n'
            f"{self._hooks() if hooks else ''}"
            f"[apply]\nkeep_runs = 3\nmax_unavailable = {most_down}\n{more}\n"
        )
        for name, wish in wishes.items():
            machine = self[name]
            point = machine.endpoint
            text += (
                f'[nodes.{name}]\nid = {wish.node_id}\nhostname = "{wish.hostname}"\n'
                f'address = "{point.address}"\nssh.port = {point.port}\n'
                f'ssh.user = "{point.user}"\nssh.identity_file = "{point.identity}"\n'
                f"{machine.service_lines()}\n"
            )
        self.desired = text
        for folder in self.base.glob("controller-*"):
            (folder / "stalplan.toml").write_text(text)

    def _hooks(self) -> str:
        """A load balancer: a file for each node that is out of it."""
        words = '"sh", "-c", "%s $0/$STALPLAN_NODE", "' + str(self.balancer) + '"'
        before, after = words % "touch", words % "rm -f"
        return f"before_stop = [{before}]\nafter_healthy = [{after}]\n"

    @property
    def balancer(self) -> Path:
        """The load balancer's folder."""
        return self.base / "balancer"

    def begin(
        self, *argv: str, numbered: Numbered | None = None, where: Where | None = None
    ) -> Command:
        """Start a command; its end is the caller's affair."""
        return Command(
            where or self.main, argv, numbered or Numbered(), steady=self.steady
        )

    def ids(self) -> dict[str, int]:
        """The nodes' ids as their files have them now."""
        return {each.name: id_of(each.facts().data) for each in self.machines}

    def results(self) -> dict[str, list[Digest]]:
        """By node, the digests that the plans of all known runs lead it through."""
        found: dict[str, list[Digest]] = {each.name: [] for each in self.machines}
        for path in sorted(self.base.glob("controller-*/state/runs/*/plan.json")):
            for step in json.loads(path.read_text())["steps"]:
                for node, digest in step["result"].items():
                    found[node].append(Digest(digest))
        return found

    def forget_runs(self) -> None:
        """No plan of an earlier case shall count as one of the next."""
        for path in self.base.glob("controller-*/state/runs"):
            shutil.rmtree(path)

    def listen(self, said: Done) -> None:
        """Raise Loss where an output holds a secret."""
        if self.token in said.out + said.err:
            raise Loss(f"a secret was told: {said}")

    def look_for_secrets(self) -> None:
        """Raise Loss where a file of a controller, or a temporary one, holds one."""
        folders = [*self.base.glob("controller-*"), self.base / "tmp"]
        folders.append(self.base / "home")
        for path in (path for folder in folders for path in folder.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and self.token.encode() in path.read_bytes():
                    raise Loss(f"a secret lies in {path}")

    def look_everywhere(self) -> None:
        """At the end: also what came meanwhile into temporary folders and journals."""
        places = (path for each in self.machines for path in each.public_places())
        for place in places:
            for entry in place.iterdir():
                with contextlib.suppress(FileNotFoundError):  # another test's, gone
                    if entry != self.base and entry.lstat().st_ctime >= self.began:
                        self._look_into(entry)

    def _look_into(self, entry: Path) -> None:
        """Only what is newer than this world, by os.walk: others fill /tmp as well."""
        files = [entry]
        for folder, _, names in os.walk(entry):
            files += [Path(folder, name) for name in names]
        for path in files:
            with contextlib.suppress(OSError):  # not ours, or gone
                about = path.lstat()
                small = stat.S_ISREG(about.st_mode) and about.st_size < _MOST_BYTES
                new = about.st_ctime >= self.began
                if small and new and self.token.encode() in path.read_bytes():
                    raise Loss(f"a secret lies in {path}")

    def look_at_processes(self) -> None:
        """Raise Loss where a command line that runs on this machine holds one."""
        token = self.token.encode()
        for name in os.listdir("/proc"):  # noqa: PTH208 - often, and of many processes
            if name.isdigit() and token in (said := command_line(name)):
                raise Loss(f"a secret in a command line: {said[:80]!r}…")


def command_line(pid: str) -> bytes:
    """The words of a process; none where it is gone. No Path: this is done often."""
    try:
        handle = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(handle, 1 << 20)
    except OSError:
        return b""
    finally:
        os.close(handle)


def id_of(data: bytes) -> int:
    """The node's id by a file's text."""
    return int(parse(data, VERSION)["cluster.node-id"])


def hostname_of(data: bytes) -> str:
    """Likewise its hostname."""
    return parse(data, VERSION)["server.hostname"]


def same_meaning(one: bytes, other: bytes) -> bool:
    """Whether a server reads the same from both, but for what a save adds."""
    if one == other:
        return True
    keys = [dict(parse(data, VERSION)) for data in (one, other)]
    for each in keys:
        each.pop("zz.saved", None)
    flat = [{re.sub(r"\.0000$", "", key): each[key] for key in each} for each in keys]
    return flat[0] == flat[1]


def digest(facts: Facts) -> Digest:
    """Digest of a file as it was looked at."""
    return digest_of(facts.data)


@contextlib.contextmanager
def new_world(*, systemd: bool) -> Iterator[World]:
    """Two nodes of a kind, running; all is gone afterwards."""
    with ExitStack() as kept:
        base = Path(tempfile.mkdtemp(prefix="stalplan-faults-"))
        kept.callback(shutil.rmtree, base, ignore_errors=True)
        base.chmod(0o755)  # the mail server's own user must reach its folder
        for name in ("tmp", "home", "balancer"):
            (base / name).mkdir()
        identity = make_key(base / "identity" / "id_ed25519")
        token = texts.new_token()
        machines: list[Machine] = []
        for name in NAMES:
            if systemd:
                node = SystemdMachine(name, base, identity, token, kept)
                node.boot()
                machines.append(node)
            else:
                machines.append(LoopbackMachine(name, base, identity, token, kept))
                machines[-1].start()
        for machine in machines:
            machine.first = machine.facts()
            machine.wait_answer()
        yield World(base=base, token=token, machines=machines)
