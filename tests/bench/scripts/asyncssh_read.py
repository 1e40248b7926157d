"""Read a file of each node with asyncssh, many at once."""

import asyncio
import json
import sys
from pathlib import Path

import asyncssh


async def main(targets: dict, at_once: int) -> None:
    """Read all; any failure ends it."""
    gate = asyncio.Semaphore(at_once)

    async def read(file: str) -> str:
        async with (
            gate,
            asyncssh.connect(
                targets["host"],
                port=targets["port"],
                username=targets["user"],
                client_keys=[targets["identity"]],
                known_hosts=targets["known_hosts"],
                kex_algs=["curve25519-sha256"],
                agent_path=None,
                config=None,
            ) as line,
        ):
            done = await line.run(f"cat {file}", check=True)
            return done.stdout

    texts = await asyncio.gather(*map(read, targets["files"]))
    assert all("cluster.node-id" in text for text in texts)


asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])))
