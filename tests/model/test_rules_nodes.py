"""Every rule about what a look at the nodes shows."""

from dataclasses import replace

import pytest
from reports import STARTED, desired_of, report_of

from stalplan.model.live import NodeReport, digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.model.rules.nodes import (
    machines_are_distinct,
    recorded_nodes_are_desired,
    report_findings,
)
from stalplan.names import NodeName
from stalplan.stalwart.releases import Release

GOOD = report_of("mx1", b"cluster.node-id = 1\n")


def told(report: NodeReport) -> list[tuple[str, bool]]:
    """Code of each finding, and whether it blocks."""
    found = report_findings(report, Release.V0_15)
    return [(finding.code, finding.blocks) for finding in found]


def test_good_node() -> None:
    """A node without a problem gives no finding."""
    assert [] == told(GOOD)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (replace(GOOD, unreadable_by_service=True), "SP505"),
        (replace(GOOD, server_version="0.14.1"), "SP602"),
        (replace(GOOD, server_version="0.16.2"), "SP602"),
        (replace(GOOD, replace_problem="It is a bind mount."), "SP603"),
        (replace(GOOD, lease_problem="No folder."), "SP605"),
        (replace(GOOD, service_problem="No such unit."), "SP605"),
    ],
)
def test_what_stands_in_the_way(report: NodeReport, code: str) -> None:
    """Each problem of a node is an error that blocks."""
    assert [(code, True)] == told(report)


def test_probe_that_can_not_be_made() -> None:
    """SP606: told with what it would have shown, and blocks nothing."""
    report = replace(GOOD, unmade_probes=(("ss", "who owns the ports"),))

    assert [("SP606", False)] == told(report)


def test_other_names_of_a_file() -> None:
    """SP611: what else leads to the file keeps its old content; nothing is blocked."""
    assert [("SP611", False)] == told(replace(GOOD, other_names=2))


def test_unknown_version_is_no_other_release() -> None:
    """Where the binary's version isn't known nothing is claimed of it."""
    assert [] == told(replace(GOOD, server_version=None))


def test_one_machine_with_two_names() -> None:
    """SP608: the same host key and the same file are one machine."""
    twin = report_of("mx2", b"", host_key=GOOD.host_key)
    other = report_of("mx3", b"", host_key=GOOD.host_key, path="/other.toml")

    (finding,) = machines_are_distinct([GOOD, twin, other])
    assert ("SP608", True) == (finding.code, finding.blocks)
    assert finding.detail.startswith("mx1 and mx2 show the same host key")


def test_node_that_left() -> None:
    """SP604: its id is named, because it is not free while its server runs."""
    entry = RecordedNode(
        node_id=4, hostname=None, digest=digest_of(b""), applied_at=STARTED
    )
    nodes = {NodeName("mx1"): entry, NodeName("mx4"): entry}
    state = State(cluster="mail", lineage="-", serial=1, nodes=nodes)
    desired = desired_of(
        'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n[nodes]\nmx1.id = 1\n'
    )

    (finding,) = recorded_nodes_are_desired(desired, state)
    assert ("SP604", "mx4", False) == (finding.code, finding.node, finding.blocks)
    assert finding.detail.startswith("mx4 was id 4")
