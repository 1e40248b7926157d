"""A node on this machine: a private OpenSSH server, a folder, a stand-in server.

Where it may, it gives the node's file and its records a small file system each, and
the file's folder to a user of its own.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
import time

# ruff: noqa: D102 - what these methods promise stands in machine.Machine
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from nodes.endpoint import Key
from nodes.folder import NodeFolder
from nodes.openssh import OpenSshServer
from nodes.waiting import free_port

from faults import texts
from faults.machine import Machine, in_session, kill_all

MAIL_UID = 61_234  # an account without a name: the mail server's own user
_SIZE = "320k"  # of each small file system
_TRIES = 50  # at a remount, while something is open for writing

# Both clocks of a node must be wrong by the same: that of its programs and that of
# its files. A real wrong clock is.
_DATE = """\
#!/bin/sh
case "$*" in
  *@*) exec {date} "$@" ;;
  *) exec {date} -d "@$(($({date} +%s) + {offset}))" "$@" ;;
esac
"""
_STAT = """\
#!/bin/sh
case "$*" in
  *%Z*) ;;
  *) exec {stat} "$@" ;;
esac
[ "$1" = -c ] || exit 64
format=$(printf '%s' "$2" | sed 's/%Z/<%Z>/g; s/%Y/<%Y>/g')
shift 2
{stat} -c "$format" "$@" | awk '{{
  while (match($0, /<[0-9]+>/)) {{
    before = substr($0, 1, RSTART - 1); after = substr($0, RSTART + RLENGTH)
    $0 = before (substr($0, RSTART + 1, RLENGTH - 2) + {offset}) after
  }}
  print
}}'
"""


class LoopbackMachine(Machine):
    """See Machine. Everything it starts or mounts ends when *kept* closes."""

    def __init__(
        self, name: str, base: Path, identity: Key, token: str, kept: ExitStack
    ) -> None:
        self.name = name
        self.http, smtp = free_port(), free_port()
        self._rooted = os.getuid() == 0
        self._home = base / name
        number = int(name.removeprefix("mx"))
        write = texts.by_hand if number % 2 else texts.by_server
        self.secret = texts.canaries(token, name)[7 if number % 2 else 0]
        text = write(token, name, number, self.http, smtp)
        self._environment = texts.environment(token, name)
        behave = shlex.quote(str(self._home / "behave"))
        server = f'. {behave}; exec {sys.executable} -m stalplan.demo.server "$@"'
        self._folder = NodeFolder(
            self._home, text, mode=0o640, server=("sh", "-c", server, "server")
        )
        kept.callback(self._folder.kill)
        self._records = base / f"{name}-records"
        self._records.mkdir()
        self._programs = base / f"{name}-programs"
        self._programs.mkdir()
        self._places = {"config": self.config.parent, "records": self._records}
        if self._rooted:
            self._own_file_systems(text, kept)
        self.points.mkdir()
        self.inner_config = str(self.config)
        home = base / "home"
        self._sshd = OpenSshServer(
            base / f"{name}-sshd",
            identity,
            environment={
                "STALPLAN_WORK_ROOT": str(self._records),
                "HOME": str(home),
                "TMPDIR": str(base / "tmp"),
                "PATH": f"{self._programs}:{os.environ['PATH']}",
                "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            },
        )
        kept.callback(self._sshd.close)
        self.endpoint = self._sshd.endpoint
        self.behave({})

    def _own_file_systems(self, text: str, kept: ExitStack) -> None:
        for place, mode in (("config", "0755"), ("records", "0700")):
            path = str(self._places[place])
            options = f"size={_SIZE},mode={mode}"
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=True
            )
            kept.callback(subprocess.run, ["umount", "-l", path], check=True)
        os.chown(self.config.parent, MAIL_UID, MAIL_UID)
        self.config.write_text(text)
        self.config.chmod(0o640)
        os.chown(self.config, MAIL_UID, MAIL_UID)
        argv = ["setfacl", "-m", "u:61235:r", str(self.config)]
        subprocess.run(argv, check=True)

    @property
    def config(self) -> Path:
        return self._folder.config

    @property
    def points(self) -> Path:
        return self._home / "points"

    @property
    def records_root(self) -> Path:
        return self._records if self._rooted else self.config.parent / ".stalplan"

    @property
    def work(self) -> Path | None:
        if self._rooted:
            return super().work
        return self.records_root if self.records_root.exists() else None

    def service_lines(self) -> str:
        folder = self._folder
        argvs = {
            "start": folder.start_argv,
            "stop": folder.stop_argv,
            "active": folder.active_argv,
            "pid": folder.pid_argv,
            "version": ["echo", "0.15.5"],  # the stand-in would take most of the time
        }
        lines = [f'service.config = "{self.config}"', 'service.manager = "command"']
        lines += [
            f"service.{name} = [{', '.join(map(_quoted, argv))}]"
            for name, argv in argvs.items()
        ]
        return "\n".join(lines)

    def is_running(self) -> bool:
        return self._folder.active()

    def start(self) -> None:
        self._folder.start()

    def stop(self) -> None:
        self._folder.stop()

    def behave(self, standin: dict[str, str]) -> None:
        words = {"STANDIN_STOP_SECONDS": "0.05", **self._environment, **standin}
        lines = [f"export {key}={shlex.quote(word)}" for key, word in words.items()]
        (self._home / "behave").write_text("\n".join([*lines, ""]))

    def living(self) -> int:
        return len(self._servers())

    def _servers(self) -> list[int]:
        ours = f"--config={self.config}".encode()
        known = set(self._folder.starts())  # a number may have been given out twice
        return [pid for pid in known if ours in _file(pid, "cmdline")]

    def kill(self, pids: Iterable[int]) -> None:
        kill_all(pids)

    def session_of(self, pid: int) -> list[int]:
        with contextlib.suppress(ProcessLookupError):
            return in_session(os.getsid(pid))
        return []

    def cut(self) -> None:
        self._sshd.cut_connections()

    def hang_up(self) -> None:
        self._sshd.cut_connections()
        self._sshd.stop()

    def pick_up(self) -> None:
        self._sshd.restart()

    def reboot(self) -> None:
        """Its processes end at once; what ran is started anew, as at a boot."""
        ran = self.is_running()
        self.hang_up()
        mark = self._sshd._mark.encode()
        while (
            living := [
                int(path.name)
                for path in Path("/proc").glob("[0-9]*")
                if mark in _file(int(path.name), "environ")
            ]
            + self._servers()
        ):
            kill_all(living)
            time.sleep(0.01)
        if ran:
            self.start()
        self.pick_up()

    def fill(self, place: str) -> None:
        with (
            contextlib.suppress(OSError),
            (self._places[place] / "filler").open("wb", buffering=0) as filler,
        ):
            while True:
                filler.write(bytes(4096))

    def read_only(self, place: str) -> bool:
        argv = ["mount", "-o", "remount,ro", str(self._places[place])]
        for _ in range(_TRIES):
            if subprocess.run(argv, check=False, capture_output=True).returncode == 0:
                return True
            time.sleep(0.01)
        return False

    def repair(self) -> None:
        if not self._rooted:
            return
        for path in self._places.values():
            argv = ["mount", "-o", "remount,rw", str(path)]
            subprocess.run(argv, check=True, capture_output=True)
            (path / "filler").unlink(missing_ok=True)

    def public_places(self) -> list[Path]:
        return [Path(tempfile.gettempdir())]

    def set_clock(self, offset: int) -> None:
        for name, script in (("date", _DATE), ("stat", _STAT)):
            path = self._programs / name
            path.unlink(missing_ok=True)
            if offset:
                path.write_text(script.format(**{name: _real(name)}, offset=offset))
                path.chmod(0o755)


def _quoted(word: str) -> str:
    assert '"' not in word
    assert "\\" not in word
    return f'"{word}"'


def _file(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""


def _real(name: str) -> str:
    return next(
        path for each in ("/usr/bin", "/bin") if Path(path := f"{each}/{name}").exists()
    )
