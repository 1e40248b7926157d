"""A server that is well for a moment and then dies."""

from nodes.folder import STAND_IN
from nodes.waiting import answers, free_port, wait_until

from node.lone_node import MakeNode
from stalplan.model.health import HealthAsk
from stalplan.model.records import Verdict

CONFIG = """\
cluster.node-id = {id}
server.hostname = "mx1.example.org"
server.listener.http.bind = "127.0.0.1:{port}"
server.listener.http.protocol = "http"
storage.data = "rocksdb"
store.rocksdb.type = "rocksdb"
"""


def test_a_life_counts_from_when_it_is_well(lone_node: MakeNode) -> None:
    """It starts slowly and dies soon after: its start took up none of its trial."""
    port = free_port()
    node = lone_node(CONFIG.format(id=1, port=port), server=STAND_IN)
    node.folder.start()
    wait_until(lambda: answers(port), what="the server")
    health = HealthAsk(
        url=f"http://127.0.0.1:{port}/healthz/ready",
        timeout=60,
        hostname=None,
        coordinated=False,
        listeners=(f"127.0.0.1:{port}",),
        steady=3.0,
    )
    short = "standin.slow-start = 4\nstandin.die-after = 1\n"

    record = node.applied(
        (CONFIG.format(id=2, port=port) + short).encode(), health=health
    )

    assert Verdict.RESTORED is record.verdict, record.detail
    assert "process ended" in record.detail
    assert node.base == node.folder.read()
    assert node.folder.active()
