"""Machines under a real systemd, without containers; needs root on Linux.

A machine is an overlay of this one's ``/`` on a tmpfs, in namespaces of its own,
with systemd as its first process. The network is shared: each machine's sshd, and
whatever its mail server listens on, has a port of its own on 127.0.0.1.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nodes.endpoint import Endpoint, Key, make_key
from nodes.folder import STAND_IN
from nodes.keeper import Keeper
from nodes.waiting import answers, free_port, wait_until

_HERE = Path(__file__).parent
_BOOT_LIMIT = 120.0  # seconds; a third of a second is usual
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def shared_folders() -> list[Path]:
    """What a machine must see of this one for STAND_IN to run there."""
    wanted = {_HERE.parents[1], Path(sys.prefix), Path(sys.base_prefix).resolve()}
    # The overlay shows the system's own interpreter.
    wanted = {path for path in wanted if not Path("/usr").is_relative_to(path)}
    wanted.discard(Path("/usr/local"))
    return sorted(
        path for path in wanted if not any(above in wanted for above in path.parents)
    )


class SystemdNode:
    """One machine: its disk, its power, its root shell, its ssh login.

    It is off until boot(). *config*, when not empty, becomes the mail server's file,
    as the server's installer lays it down, and the service is up after the boot;
    without it systemd skips the service. *environment* is the service's. Disk and
    port stay the same over power_off() and boot(); close() forgets the machine.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        identity: Key,
        *,
        config: str = "",
        server: Sequence[str] = STAND_IN,
        environment: Mapping[str, str] | None = None,
        prefix: str = "/opt/stalwart",
        account: str = "stalwart",
    ) -> None:
        assert os.getuid() == 0, "systemd nodes need root"
        self.name = name
        self.unit = f"{account}.service"
        self.prefix = Path(prefix)
        self.config = self.prefix / "etc" / "config.toml"
        self.port = free_port()
        self._identity = identity
        self._folder = folder
        disk = folder / "machine"
        disk.mkdir(parents=True)
        self._host_key = make_key(folder / "host_key")
        variables = (environment or {}).items()
        seed = folder / "seed"
        seed.write_text(
            _seed(
                name=name,
                port=str(self.port),
                host_key=self._host_key.path.read_text(),
                authorized_key=identity.public,
                prefix=prefix,
                account=account,
                server=shlex.join(server),
                environment="\n".join(f'Environment="{k}={v}"' for k, v in variables),
                config=config,
            )
        )
        self._first = 0  # the process id, as this machine counts, of its systemd
        keeper, boot = _HERE / "systemd_keeper.sh", _HERE / "systemd_boot.sh"
        argv = ["unshare", "--mount", "sh", keeper, disk, boot, seed, name]
        self._keeper = Keeper([str(part) for part in [*argv, *shared_folders()]])

    @property
    def endpoint(self) -> Endpoint:
        """Root's login."""
        return Endpoint(
            address="127.0.0.1",
            port=self.port,
            user="root",
            identity=self._identity.path,
            host_key=self._host_key.public,
        )

    @property
    def host_key_fingerprint(self) -> str:
        """``SHA256:…`` of the key the machine shows."""
        return self._host_key.fingerprint

    def boot(self) -> None:
        """Switch on and wait until all its services are up."""
        self.switch_on()
        self.wait_ready()

    def switch_on(self) -> None:
        """Begin to boot and return; several machines can boot at once."""
        self._keeper.send("on")

    def wait_ready(self) -> None:
        """Wait for the boot that switch_on() began; sshd answers afterwards.

        Raises RuntimeError when the machine died, with its console, or a service
        failed, with what systemd says of it.
        """
        self._first = int(self._keeper.answer().removeprefix("on "))
        # Before systemd runs, a look inside would still show this machine.
        wait_until(self._runs_systemd, _BOOT_LIMIT, f"{self.name}'s boot")
        state = wait_until(self._settled_state, _BOOT_LIMIT, f"{self.name}'s services")
        if state != "running":
            failed = self.exec(["systemctl", "--failed", "--no-pager"]).stdout
            raise RuntimeError(f"{self.name} is {state}:\n{failed.decode()}")
        wait_until(lambda: answers(self.port), what=f"{self.name}'s sshd")

    def power_off(self) -> None:
        """Cut the power: every process is gone at once; the disk stays as it is."""
        self._keeper.ask("off")
        self._first = 0

    def close(self) -> None:
        """Cut the power and forget the disk."""
        self._keeper.close()

    def exec(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        check: bool = True,
        timeout: float = 120.0,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run *argv* on the machine as root, without ssh and outside any login."""
        inside = ["nsenter", f"--target={self._first}", "--all", "--root", "--wd"]
        inside += ["env", "-i", f"PATH={_PATH}", "HOME=/root", "LC_ALL=C.UTF-8"]
        return subprocess.run(
            [*inside, *argv],
            check=check,
            input=given,
            capture_output=True,
            timeout=timeout,
        )

    def run_as_user(
        self, user: str, argv: Sequence[str], *, given: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run *argv* on the machine as *user*, whose own systemd it can reach."""
        uid = self.exec(["id", "-u", user]).stdout.decode().strip()
        login = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        login += ["env", f"HOME=/home/{user}", f"USER={user}", f"LOGNAME={user}"]
        login += [f"XDG_RUNTIME_DIR=/run/user/{uid}"]
        return self.exec([*login, *argv], given=given, check=check)

    def add_user(
        self,
        user: str,
        *,
        sudo: bool = False,
        lingers: bool = False,
        shell: str = "/bin/bash",
    ) -> Endpoint:
        """Make an ordinary account that logs in by ssh; returns its login.

        *sudo* grants ``sudo -n``; *lingers* keeps its own systemd up without a login.
        """
        # The kernel knows a user by number alone: one that an account of the host has
        # too would die with that account.
        numbers = ["--key", "UID_MIN=30000", "--key", "UID_MAX=39999"]
        self.exec(["useradd", *numbers, "--create-home", "--shell", shell, "-U", user])
        if sudo:
            rule = f"{user} ALL=(ALL) NOPASSWD: ALL\n".encode()
            self.write(Path("/etc/sudoers.d") / user, rule, mode=0o440)
        if lingers:
            self.exec(["loginctl", "enable-linger", user])
        return self.endpoint.as_user(user)

    def read(self, path: Path) -> bytes:
        """The bytes of a file on the machine."""
        return self.exec(["cat", str(path)]).stdout

    def write(
        self, path: Path, data: bytes, *, owner: str = "root:root", mode: int = 0o644
    ) -> None:
        """Put *data* into a file on the machine, in place."""
        script = 'cat >"$1" && chown "$2" "$1" && chmod "$3" "$1"'
        argv = ["sh", "-c", script, "sh", str(path), owner, f"{mode:o}"]
        self.exec(argv, given=data)

    def show(self, unit_property: str, unit: str = "") -> str:
        """A property of *unit*, by default the mail server's, as systemd shows it."""
        argv = ["systemctl", "show", "--value", f"--property={unit_property}"]
        return self.exec([*argv, unit or self.unit]).stdout.decode().strip()

    def starts(self) -> list[int]:
        """The process id, inside, of every start of the mail server, oldest first."""
        argv = ["sh", "-c", f"cat {self.prefix}/starts 2>&- || :"]
        return [*map(int, self.exec(argv).stdout.split())]

    def console(self) -> str:
        """What was written while it booted, before systemd had a journal."""
        path = f"/proc/{self._keeper.pid}/root{self._folder}/machine/console"
        return Path(path).read_text()

    def _runs_systemd(self) -> bool:
        try:
            return Path(f"/proc/{self._first}/comm").read_text() == "systemd\n"
        except (FileNotFoundError, ProcessLookupError) as error:
            raise RuntimeError(
                f"{self.name} died while it booted:\n{self.console()}"
            ) from error

    def _settled_state(self) -> str:
        """``running`` or ``degraded``; empty while it boots."""
        state = self.exec(["systemctl", "is-system-running"], check=False).stdout
        return {b"running\n": "running", b"degraded\n": "degraded"}.get(state, "")


def _seed(**settings: str) -> str:
    """The script that furnishes the disk, its settings first."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
    return "".join(lines) + (_HERE / "systemd_seed.sh").read_text()
