"""A machine with a real podman: its own mounts and storage, no registry, no image.

Containers run a folder with busybox as their root. `docker` is there too, as podman
itself answers to that name (Debian's package podman-docker does the same): the command
line is docker's, the engine is not.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAMS = ("sh", "cat", "env", "grep", "head", "ls", "sleep", "tr")
# Own storage, and nothing that a machine without an init system lacks.
_PODMAN = """\
#!/bin/sh
exec {podman} --root {root}/storage --runroot {short}/run --tmpdir {short}/tmp \\
  --storage-driver vfs --cgroup-manager cgroupfs --events-backend none "$@"
"""
# A mount namespace of its own, in which only cgroup version 2 is seen: crun refuses
# machines that have both. Podman's locks lie in shared memory.
_KEEPER = """\
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup || exit 1
mount -t tmpfs none /dev/shm || exit 1
echo ready
exec sleep 1000
"""


class PodmanMachine:
    """Where podman runs. Needs root; close() ends everything that it started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.rootfs = root / "rootfs"
        # Podman refuses a run root whose path is longer than 50 characters.
        self._short = TemporaryDirectory(prefix="podman-")
        self._make_rootfs()
        self.bin.mkdir()
        podman = shutil.which("podman")
        assert podman is not None, "no podman; .ci/prepare installs it"
        for name in ("podman", "docker"):
            script = self.bin / name
            text = _PODMAN.format(podman=podman, root=root, short=self._short.name)
            script.write_text(text)
            script.chmod(0o755)
        self._keeper = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _KEEPER],
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout is not None
        assert b"ready\n" == self._keeper.stdout.readline()

    @property
    def login(self) -> tuple[str, ...]:
        """What stands before a command that is to run on this machine."""
        return ("nsenter", "--target", str(self._keeper.pid), "--mount")

    def __call__(self, *argv: str, check: bool = True) -> str:
        """Run podman; what it said on stdout."""
        done = subprocess.run(
            [*self.login, str(self.bin / "podman"), *argv],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create(
        self, name: str, *options: str, command: Sequence[str], net: str = "host"
    ) -> None:
        """A container of the folder with busybox; it does not run yet."""
        self(
            *("create", "--name", name, "--cgroups=disabled", f"--network={net}"),
            *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"),
            *options,
            *("--rootfs", str(self.rootfs), *command),
        )

    def pid(self, name: str) -> int:
        """Of the container's first process, as this machine counts; 0: none."""
        return int(self("container", "inspect", "--format", "{{.State.Pid}}", name))

    def close(self) -> None:
        """No container, no mount and no process stays."""
        self("rm", "--force", "--all", "--time", "0", check=False)
        self._keeper.kill()
        self._keeper.wait()
        assert self._keeper.stdout is not None
        self._keeper.stdout.close()
        time.sleep(0.05)  # conmon, which watches a container, ends after it
        self._short.cleanup()

    def serve(self, script: str) -> None:
        """Make `stalwart` a program in the containers whose server is *script*.

        Its process shows the name of the program alone, as one that is no script; asked
        for its version it says 0.15.5.
        """
        (self.rootfs / "server").write_text(script)
        program = self.rootfs / "bin" / "stalwart"
        program.write_text(
            "#!/bin/sh\n"
            '[ "$1" != --version ] || { echo 0.15.5; exit; }\n'
            'exec -a stalwart /dash /server "$@"\n'
        )
        program.chmod(0o755)

    def _make_rootfs(self) -> None:
        busybox = shutil.which("busybox")
        assert busybox is not None, "no busybox; .ci/prepare installs it"
        for folder in ("bin", "etc", "proc", "sys", "dev", "tmp", "opt/stalwart/etc"):
            (self.rootfs / folder).mkdir(parents=True)
        shutil.copy(busybox, self.rootfs / "bin" / "busybox")
        for name in PROGRAMS:
            (self.rootfs / "bin" / name).symlink_to("busybox")
        dash = shutil.which("dash")
        assert dash is not None, "no dash; .ci/prepare installs it"
        shutil.copy(dash, self.rootfs / "dash")
        needs = subprocess.run(
            ["ldd", dash], check=True, capture_output=True, text=True
        )
        for path in re.findall(r"/\S+", needs.stdout):
            there = self.rootfs / path.lstrip("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)
