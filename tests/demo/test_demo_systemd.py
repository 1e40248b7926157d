"""`stalplan demo` where systemd runs, as on most machines it is tried on."""

import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nodes.endpoint import Endpoint
from nodes.factories import SystemdNodes

pytestmark = pytest.mark.systemd

CHECKOUT = Path(__file__).parents[2]
LEFT = """
for process in /proc/[0-9]*; do
    { tr '\\0' '\\n' <"$process/environ" | grep STALPLAN_DEMO= ; } 2>/dev/null
done
find /tmp /var/lib /run -name '*stalplan-demo*' -o -path '/var/lib/stalplan*'
systemctl list-units --all --plain --no-legend 'stalplan-*'
"""


def test_the_demo_works_under_systemd(systemd_nodes: SystemdNodes) -> None:
    """Root and ordinary users, lingering or not, see the tour and nothing remains."""
    [machine] = systemd_nodes([""])
    logins = [
        machine.endpoint,
        machine.add_user("tester"),
        machine.add_user("lingerer", lingers=True),
    ]

    with ThreadPoolExecutor() as together:
        endings = list(together.map(demo_of, logins))

    assert [(0, b"", True, True)] * 3 == endings
    assert b"" == machine.exec(["sh", "-c", LEFT]).stdout


def demo_of(login: Endpoint) -> tuple[int, bytes, bool, bool]:
    """The exit code, what it said if it failed, whether it applied and ended well."""
    argv = shlex.join([sys.executable, "-m", "stalplan", "demo"])
    told = login.ssh(f"cd {shlex.quote(str(CHECKOUT))} && {argv}", timeout=250)
    return (
        told.returncode,
        told.stderr if told.returncode else b"",
        b"Apply complete! Changes: 0 added, 3 changed, 0 removed." in told.stdout,
        b"No changes. The cluster matches stalplan.toml." in told.stdout,
    )
