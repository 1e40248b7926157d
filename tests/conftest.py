"""Fixtures of real machines, and the rule that leaving them out is never silent."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from nodes.endpoint import Key, make_key
from nodes.factories import OpenSshNodes, SystemdNodes

# Whoever started us may have had these ignored, as nohup and a shell's `&` do; what the
# tests start must hear them.
for _number, _heard in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _heard)

# A shared machine is slow at times; a test that never ends has pytest's timeout.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

_HERE = Path(__file__).parent
_NEED_ROOT = {
    "systemd": "systemd nodes need root on Linux",
    "podman": "containers under podman need root on Linux",
}


# Where a test takes seconds, the longest first: at the end of a run nobody then waits
# for one that has begun such a test last.
_SLOW_FIRST = ("faults", "e2e", "demo", "node", "transport", "ports")


@pytest.hookimpl(trylast=True)  # after pytest-randomly, whose order stays otherwise
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Long searches run only where ``-m`` names them; the rest is called deselected."""
    if "long" in config.getoption("markexpr"):
        return
    long = {item for item in items if item.get_closest_marker("long")}
    config.hook.pytest_deselected(items=list(long))
    items[:] = sorted((item for item in items if item not in long), key=_haste)


def _haste(item: pytest.Item) -> int:
    """How early the folder of a test is to be begun; 0 is the first."""
    folder = item.path.relative_to(_HERE).parts[0]
    return _SLOW_FIRST.index(folder) if folder in _SLOW_FIRST else len(_SLOW_FIRST)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Systemd nodes run as root and in CI; elsewhere they are left out aloud."""
    marked = [why for mark, why in _NEED_ROOT.items() if item.get_closest_marker(mark)]
    if not marked or (sys.platform == "linux" and os.getuid() == 0):
        return
    if os.environ.get("CI"):
        pytest.fail(f"{marked[0]}, and CI must run them", pytrace=False)
    pytest.skip(marked[0])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines how many tests of such machines were left out."""
    skipped = terminalreporter.stats.get("skipped", ())
    for why in _NEED_ROOT.values():
        left_out = sum(why in str(report.longrepr) for report in skipped)
        if left_out:
            terminalreporter.section("left out", yellow=True)
            terminalreporter.line(f"{left_out} tests were not run: {why}.")


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Key:
    """The key that opens every node of this session."""
    return make_key(tmp_path_factory.mktemp("identity") / "id_ed25519")


@pytest.fixture
def openssh_nodes(tmp_path: Path, identity: Key) -> Iterator[OpenSshNodes]:
    """Private OpenSSH servers with a node's folder each, for the time of a test."""
    with ExitStack() as kept:
        yield OpenSshNodes(tmp_path, identity, kept)


@pytest.fixture
def systemd_nodes(tmp_path: Path, identity: Key) -> Iterator[SystemdNodes]:
    """Systemd nodes for the time of a test, which needs the mark ``systemd``.

    A boot takes a third of a second, so every test has new machines. A module that
    shares some makes a fixture of its own from SystemdNodes.
    """
    with ExitStack() as kept:
        yield SystemdNodes(tmp_path, identity, kept)
