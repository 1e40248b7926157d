"""Read a file of each node with parallel-ssh, many at once."""

import json
import sys
from pathlib import Path

from pssh.clients import ParallelSSHClient

targets = json.loads(Path(sys.argv[1]).read_text())
client = ParallelSSHClient(
    [targets["host"]] * len(targets["files"]),
    port=targets["port"],
    user=targets["user"],
    pkey=targets["identity"],
    pool_size=int(sys.argv[2]),
    allow_agent=False,
)
output = client.run_command(
    "%s", host_args=[(f"cat {file}",) for file in targets["files"]]
)
texts = ["\n".join(host.stdout) for host in output]
assert all("cluster.node-id" in text for text in texts)
