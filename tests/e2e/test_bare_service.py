"""Services that tell little: what can't be looked at is said, and not required."""

from e2e.configs import small
from e2e.conftest import MakeCluster


def test_start_stop_and_active_are_enough(cluster_of: MakeCluster) -> None:
    """Without pid, version and health the job is done all the same."""
    # Nothing but this tells how long to wait for its greeting.
    cluster = cluster_of(small(1), small(2), steady=10.0)
    cluster.want(nodes={"mx1": "id = 1", "mx2": "id = 7"}, service="health = false")
    told = cluster.desired.read_text().splitlines()
    bare = [
        line for line in told if not line.startswith(("service.pid", "service.version"))
    ]
    cluster.desired.write_text("\n".join(bare) + "\n")

    plan = cluster.plan()
    done = cluster.run("apply", "--auto-approve")

    assert "SP606" in {finding["code"] for finding in plan["findings"]}
    assert plan["complete"]
    assert done.last.startswith("Apply complete! Changes: 0 added, 1 changed")
    assert 7 == cluster.wait_ready("mx2")["node_id"]
