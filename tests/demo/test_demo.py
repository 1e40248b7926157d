"""`stalplan demo` as a newcomer meets it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nodes.waiting import wait_until

from demo.traces import gone
from stalplan.cli.demo import options_from_the_tour_alone

DEMO = (sys.executable, "-m", "stalplan", "demo", "--no-color")
SECONDS = 200.0  # that a tour may take; a few are usual
UNSHARED = ("unshare", "--mount", "--propagation=private")


def folder_in(text: str) -> Path:
    found = re.search(r"\S*stalplan-demo-\w+", text)
    assert found is not None
    return Path(found[0])


def said(out: Path, process: "subprocess.Popen[bytes]", pattern: str) -> None:
    """Wait until *process*, which writes to *out*, has said what *pattern* matches."""

    def is_said() -> bool:
        found = re.search(pattern, out.read_text())
        assert found or process.poll() is None, out.read_text()
        return found is not None

    wait_until(is_said, SECONDS, f"a demo that says {pattern!r}")


def test_plan_apply_plan() -> None:
    """The tour shows three changes, applies them, and then finds nothing to do."""
    told = subprocess.run(
        DEMO, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert 0 == told.returncode, told.stdout + told.stderr
    lines = [line.strip() for line in told.stdout.splitlines()]
    commands = [line.split()[2] for line in lines if line.startswith("$ stalplan")]
    assert ["plan", "apply", "plan"] == commands
    assert "  ~ mx3: node id 2 -> 3" in told.stdout
    assert "  ~ role purge.stores: id 4 -> mx1" in told.stdout
    assert re.search(r"  ~ mx3: host ?name mx2\.example\.org -> mx3", told.stdout)
    assert any(line.startswith("Apply complete! ") for line in lines)
    assert "No changes. The cluster matches stalplan.toml." == lines[-1]
    assert "only-in-this-demo" not in told.stdout + told.stderr
    assert not folder_in(told.stdout).exists()


def test_keep_leaves_the_cluster_up_until_interrupted(tmp_path: Path) -> None:
    """With --keep the printed commands work until Ctrl-C; then all is gone."""
    out = tmp_path / "out"
    with (
        out.open("wb") as stdout,
        subprocess.Popen(
            [*DEMO, "--keep"], stdout=stdout, stderr=subprocess.STDOUT
        ) as process,
    ):
        said(out, process, r"(?s)In another terminal.*stalplan plan -f \S+\n")
        folder = folder_in(out.read_text())
        config = folder / "mx1" / "config.toml"
        config.write_text(config.read_text().replace("node-id = 1", "node-id = 9"))
        plan = re.findall(r"stalplan (plan -f \S+)", out.read_text())[-1].split()
        seen = subprocess.run(
            [sys.executable, "-m", "stalplan", *plan, "--detailed-exitcode"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        process.send_signal(signal.SIGINT)
        status = process.wait(60)

    assert 2 == seen.returncode, seen.stdout + seen.stderr
    assert "mx1: node id 9 -> 1" in seen.stdout
    assert 0 == status
    assert not folder.exists()


def test_options_in_the_environment_do_not_bend_the_tour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """STALPLAN_PLAN_FORMAT is for the user's own commands, not for the tour's."""
    monkeypatch.setenv("STALPLAN_PLAN_FORMAT", "json")
    monkeypatch.setenv("STALPLAN_DEMO_KEEP", "1")

    with options_from_the_tour_alone():
        during = {name for name in os.environ if name.startswith("STALPLAN_")}

    assert "STALPLAN_PLAN_FORMAT" not in during
    assert "STALPLAN_DEMO_KEEP" in during
    assert "json" == os.environ["STALPLAN_PLAN_FORMAT"]


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 8), (signal.SIGTERM, 8), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_demo_cut_short_leaves_nothing(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """Stopped while a node is changed, it tells so and leaves nothing behind."""
    out = tmp_path / "out"
    with (
        out.open("wb") as stdout,
        subprocess.Popen(DEMO, stdout=stdout, stderr=subprocess.STDOUT) as process,
    ):
        said(out, process, "Stopping the server")
        folder = folder_in(out.read_text())
        process.send_signal(number)
        ended = process.wait(60)

    assert status == ended, out.read_text()
    assert gone(folder)


needs_root = pytest.mark.skipif(
    os.getuid() != 0, reason="the other tests of the demo ran as an ordinary user"
)


@needs_root
def test_an_ordinary_user_needs_no_rights() -> None:
    """The demo runs under an account without any right and leaves nothing behind."""
    told = in_a_mount_namespace(AS_NOBODY, sys.base_prefix, *DEMO[1:])

    assert 0 == told.returncode, told.stdout + told.stderr
    assert "Apply complete! " in told.stdout
    assert told.stdout.endswith("Left in /tmp and /var/lib:\n")


@needs_root
def test_root_leaves_nothing_outside_its_folder() -> None:
    """Root's demo keeps its records in its own folder as well."""
    told = in_a_mount_namespace(AS_ROOT, *DEMO)

    assert 0 == told.returncode, told.stdout + told.stderr
    assert told.stdout.endswith("Left in /tmp and /var/lib:\n")


def in_a_mount_namespace(
    script: str, *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run *script* where /tmp and /var/lib are empty and the script's alone."""
    return subprocess.run(
        [*UNSHARED, "sh", "-uc", script, "sh", *words],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "CHECKOUT": str(Path(__file__).parents[2]),
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


# The checkout may itself lie below /tmp, so it is put back there.
AS_ROOT = """
mount --bind "$CHECKOUT" /media
mount -t tmpfs -o mode=1777 none /tmp
mount -t tmpfs none /var/lib
mkdir -p "$CHECKOUT"
[ -e "$CHECKOUT/pyproject.toml" ] || mount --bind /media "$CHECKOUT"
"$@"
status=$?
echo 'Left in /tmp and /var/lib:'
ls -A /tmp | grep '^stalplan-demo'
ls -A /var/lib
exit "$status"
"""
# The interpreter may lie where only root looks (pyenv), so it gets another place.
AS_NOBODY = (
    """
prefix=$1
shift
mount --bind "$prefix" /mnt
export LD_LIBRARY_PATH=/mnt/lib HOME=/
set -- setpriv --reuid=65534 --regid=65534 --clear-groups /mnt/bin/python3 "$@"
"""
    + AS_ROOT
)
