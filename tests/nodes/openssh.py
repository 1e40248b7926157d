"""Private OpenSSH servers on 127.0.0.1, for any user."""

import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nodes.endpoint import Endpoint, Key, make_key
from nodes.keeper import Keeper
from nodes.waiting import free_port, wait_until

_ADDRESS = "127.0.0.1"
_TRIES = 5  # another program may take a free port before sshd does
_SETTINGS = {
    "StrictModes": "no",
    "UsePAM": "no",
    "PermitRootLogin": "yes",
    "PasswordAuthentication": "no",
    "KbdInteractiveAuthentication": "no",
    "PubkeyAuthentication": "yes",
    "PermitUserRC": "no",
    "PrintMotd": "no",
    "PrintLastLog": "no",
    "UseDNS": "no",
    "MaxStartups": "500",
    "MaxSessions": "500",
    "LogLevel": "VERBOSE",
}


def current_user() -> str:
    """The name of the account that runs the tests."""
    return pwd.getpwuid(os.getuid()).pw_name


class OpenSshServer:
    """One sshd with a port, a host key and a list of allowed keys of its own.

    Listens when the constructor returns. *settings* are lines of sshd_config that
    replace the defaults here; *environment* is what every session sees. The account
    that runs the tests has an empty home there: this machine's start-up files have no
    part in a test. The folder keeps the server's files; *identity* opens every account
    the server can log in.
    """

    def __init__(
        self,
        folder: Path,
        identity: Key,
        *,
        user: str = "",
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._user = user or current_user()
        self._settings = _SETTINGS | dict(settings or {})
        self._mark = f"STALPLAN_TEST_SESSION={secrets.token_hex(8)}"
        self._environment = self._home() | dict(environment or {})
        self._pid = 0
        self.port = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._host_key = make_key(folder / "host_key")
        (folder / "authorized_keys").write_text(f"{identity.public}\n")
        if os.getuid() == 0:
            # sshd puts its unprivileged half there and refuses to start without.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert sshd is not None, "no sshd on this machine; .ci/prepare installs it"
        keeper = Path(__file__).with_name("sshd_keeper.sh")
        argv = ["sh", keeper, self._mark, sshd, "-D", "-f", self._config]
        self._keeper = Keeper([str(part) for part in [*argv, "-E", self._log]])
        try:
            self._listen_somewhere()
        except BaseException:
            self._keeper.close()
            raise

    @property
    def pid(self) -> int:
        """The process that listens now."""
        return self._pid

    @property
    def endpoint(self) -> Endpoint:
        """How to log in; follows change_host_key()."""
        return Endpoint(
            address=_ADDRESS,
            port=self.port,
            user=self._user,
            identity=self._identity.path,
            host_key=self._host_key.public,
        )

    @property
    def host_key_fingerprint(self) -> str:
        """``SHA256:…`` of the key the server shows now."""
        return self._host_key.fingerprint

    @property
    def log(self) -> str:
        """What the server has logged since it was made, restarts included."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def logins(self) -> int:
        """How often a key was accepted: one per handshake, not per channel."""
        return self.log.count("Accepted publickey")

    def change_host_key(self) -> None:
        """Show another host key from now on, on the same port."""
        self._host_key = make_key(self._host_key.path)
        self.restart()

    def restart(self) -> None:
        """End the server and start it again; open sessions go on."""
        self.stop()
        if not self._listen():
            raise RuntimeError(f"sshd came back to no port {self.port}:\n{self.log}")

    def stop(self) -> None:
        """Refuse connections until restart(); open sessions go on."""
        self._keeper.ask("off")

    def cut_connections(self) -> int:
        """Kill every connection's own sshd, as a cut line; returns how many there were.

        What the sessions started lives on, without its terminal or pipes. Connections
        from before a restart() are not found.
        """
        connections = _children(self._pid)
        deeper = [pid for connection in connections for pid in _children(connection)]
        for pid in (*deeper, *connections):
            with suppress(ProcessLookupError, FileNotFoundError):
                if Path(f"/proc/{pid}/comm").read_text().startswith("sshd"):
                    os.kill(pid, signal.SIGKILL)
        return len(connections)

    def close(self) -> None:
        """Kill the server, its connections and all that its sessions started."""
        self._keeper.close()

    @property
    def _config(self) -> Path:
        return self._folder / "sshd_config"

    @property
    def _log(self) -> Path:
        return self._folder / "sshd.log"

    def _listen_somewhere(self) -> None:
        for _ in range(_TRIES):
            self.port = free_port()
            self._write_config()
            if self._listen():
                return
            self._keeper.ask("off")
        raise RuntimeError(f"sshd found no port:\n{self.log}")

    def _listen(self) -> bool:
        """Start the server; False when it ended before it listened."""
        seen = f"Server listening on {_ADDRESS} port {self.port}."
        before = self.log.count(seen)
        self._pid = int(self._keeper.ask("on").removeprefix("on "))

        def settled() -> bool:
            return self.log.count(seen) > before or _ended(self._pid)

        wait_until(settled, what="an sshd that listens or ends")
        return self.log.count(seen) > before

    def _home(self) -> dict[str, str]:
        if self._user != current_user():
            return {}
        home = self._folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {"HOME": str(home)}

    def _write_config(self) -> None:
        lines = {
            "ListenAddress": _ADDRESS,
            "Port": str(self.port),
            "HostKey": str(self._host_key.path),
            "PidFile": str(self._folder / "sshd.pid"),
            # A second SetEnv line would be ignored.
            "SetEnv": " ".join(
                [self._mark, *(f'"{k}={v}"' for k, v in self._environment.items())]
            ),
        }
        if self._user == current_user():
            lines["AuthorizedKeysFile"] = str(self._folder / "authorized_keys")
        else:
            # Another account cannot read below pytest's folders.
            lines["AuthorizedKeysFile"] = "none"
            lines["AuthorizedKeysCommand"] = f"/bin/echo {self._identity.public}"
            lines["AuthorizedKeysCommandUser"] = current_user()
        lines = self._settings | lines
        self._config.write_text("".join(f"{k} {v}\n" for k, v in lines.items()))


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    return []


def _ended(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "Z"
    return True
