"""A Unix account of this machine for one test; needs root."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nodes.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Account:
    """An account; *home* is readable for all, unlike pytest's folders."""

    name: str
    uid: int
    home: Path


@contextmanager
def unix_account(*, sudo: bool = False, shell: str = "/bin/sh") -> Iterator[Account]:
    """A new account that can log in by key, with ``sudo -n`` rights if *sudo*.

    *shell* may be no program at all. On the way out the account's processes are
    killed and its name, home and rights are gone.
    """
    name = f"stalplan-{secrets.token_hex(4)}"
    home = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    rights = Path("/etc/sudoers.d") / name
    try:
        # "*" is no password and, unlike "!", no locked account for sshd.
        argv = ["useradd", "--no-create-home", f"--home-dir={home}", "--user-group"]
        _change([*argv, f"--shell={shell}", "--password=*", name])
        uid = pwd.getpwnam(name).pw_uid
        os.chown(home, uid, uid)
        home.chmod(0o755)
        if sudo:
            assert shutil.which("sudo"), "no sudo on this machine"
            rights.write_text(f"{name} ALL=(ALL) NOPASSWD: ALL\n")
            rights.chmod(0o440)
        yield Account(name, uid, home)
    finally:
        rights.unlink(missing_ok=True)
        with contextlib.suppress(KeyError):  # useradd may have failed
            uid = pwd.getpwnam(name).pw_uid
            wait_until(lambda: not _kill_all_of(uid), what=f"the end of {name}")
            _change(["userdel", name])
        shutil.rmtree(home)


def _change(argv: list[str]) -> None:
    """Change the account files; another change may hold their lock for a moment."""

    def changed() -> bool:
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode and "lock" not in done.stderr:
            raise RuntimeError(f"{argv[0]}: {done.stderr}")
        return done.returncode == 0

    wait_until(changed, what=f"{argv[0]}'s turn at the account files")


def _kill_all_of(uid: int) -> int:
    """Kill every process of *uid*; returns how many there were."""
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if process.stat().st_uid == uid:
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
    return killed
