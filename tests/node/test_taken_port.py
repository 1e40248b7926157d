"""A server whose port an older process keeps: what answers there is not the server."""

import shlex
import sys
from pathlib import Path

from nodes.folder import STAND_IN
from nodes.waiting import answers, free_port, wait_until

from node.lone_node import MakeNode
from stalplan.model.health import HealthAsk
from stalplan.model.records import Verdict

# Answers 200 to everything, as the old process does for the new one.
THIEF = """
import http.server, sys
class Old(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Old).serve_forever()
"""
CONFIG = """\
cluster.node-id = {id}
server.hostname = "mx1.example.org"
server.listener.http.bind = "127.0.0.1:{port}"
server.listener.http.protocol = "http"
storage.data = "rocksdb"
store.rocksdb.type = "rocksdb"
"""


def test_the_port_must_be_the_servers_own(lone_node: MakeNode, tmp_path: Path) -> None:
    """Ready says 200, from a process that lingers: the old file comes back."""
    port = free_port()
    node = lone_node(CONFIG.format(id=1, port=port), server=STAND_IN)
    program, pid = tmp_path / "thief.py", tmp_path / "thief.pid"
    program.write_text(THIEF)
    thief = shlex.join([sys.executable, str(program), str(port)])
    # At the first stop the port passes to the thief, at the second one it is free.
    takes = f"setsid {thief} </dev/null >/dev/null 2>&1 & echo $! >{pid}; sleep 0.5"
    stop = shlex.join(node.folder.stop_argv)
    passes = f"if [ -e {pid} ]; then kill $(cat {pid}); else {takes}; fi"
    node.use(stop=("sh", "-c", f"{stop}; {passes}"))
    node.folder.start()
    wait_until(lambda: answers(port), what="the server")
    health = HealthAsk(
        url=f"http://127.0.0.1:{port}/healthz/ready",
        timeout=8,
        hostname=None,
        coordinated=False,
        listeners=(f"127.0.0.1:{port}",),
        steady=0.1,
    )

    record = node.applied(CONFIG.format(id=2, port=port).encode(), health=health)

    assert Verdict.RESTORED is record.verdict, record.detail
    assert f"the server does not own 127.0.0.1:{port}" in record.detail
    assert node.base == node.folder.read()
    assert node.folder.active()
