"""A proxy on loopback that delays all that passes, as a long way does.

Run as a program: PORT of the server, MILLISECONDS of added round trip; prints the
port that it listens on.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Pass on each piece *seconds* after it came; later pieces don't wait for it."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def late() -> None:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    task = asyncio.create_task(late())
    try:
        while piece := await reader.read(65536):
            pieces.put_nowait((loop.time() + seconds, piece))
    except ConnectionError:
        pass  # the end of one side is the end of the other
    pieces.put_nowait((loop.time() + seconds, b""))
    await asyncio.gather(task, return_exceptions=True)


def proxy(
    port: int, seconds: float
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What serves one connection, with half the time on each way."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_in, there_out = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            pump(reader, there_out, seconds / 2),
            pump(there_in, writer, seconds / 2),
            return_exceptions=True,
        )

    return serve


async def main(port: int, milliseconds: float) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(
        proxy(port, milliseconds / 1000), "127.0.0.1", 0, backlog=512
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
