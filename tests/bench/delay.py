"""A proxy on loopback that delays all that passes, as a long way does.

Run as a program: PORT of the server, MILLISECONDS of added round trip, and a FILE that
gets a line for each connection that is over: how many round trips it took to the last
byte of the server, the TCP handshake included. Prints the port that it listens on.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Trips:
    """Counts the round trips of one connection.

    What a client sends within half a round trip belongs to one of them: it can't be an
    answer to anything that was sent meanwhile.
    """

    seconds: float
    begun: float = 0.0
    now: int = 1  # the TCP handshake
    to_last_byte: int = 0

    def sent(self, at: float) -> None:
        """The client has sent something."""
        if at - self.begun >= self.seconds / 2:
            self.begun = at
            self.now += 1

    def answered(self, _: float) -> None:
        """The server has sent something."""
        self.to_last_byte = self.now


async def pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    seconds: float,
    told: Callable[[float], None],
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
            told(loop.time())
            pieces.put_nowait((loop.time() + seconds, piece))
    except ConnectionError:
        pass  # the end of one side is the end of the other
    pieces.put_nowait((loop.time() + seconds, b""))
    await asyncio.gather(task, return_exceptions=True)


def proxy(
    port: int, seconds: float, log: Path
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What serves one connection, with half the time on each way."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_in, there_out = await asyncio.open_connection("127.0.0.1", port)
        trips = Trips(seconds)
        await asyncio.gather(
            pump(reader, there_out, seconds / 2, trips.sent),
            pump(there_in, writer, seconds / 2, trips.answered),
            return_exceptions=True,
        )
        with log.open("a") as file:
            file.write(f"{trips.to_last_byte}\n")

    return serve


async def main(port: int, milliseconds: float, log: Path) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(
        proxy(port, milliseconds / 1000, log), "127.0.0.1", 0, backlog=512
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
