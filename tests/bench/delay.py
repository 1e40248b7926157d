"""A proxy on loopback that delays all that passes, as a long way does.

Run as a program: PORT of the server, MILLISECONDS of added round trip, and a FILE that
gets a line for each connection that begins, OPENED, and one for each that is over: how
many round trips it took to the last byte of the server, the TCP handshake included.
Prints the port that it listens on.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

OPENED = "opened"


@dataclass(slots=True)
class Trips:
    """Counts the round trips of one connection by what each side had heard.

    Whatever the server says answers the latest that had reached it, and what the client
    says next begins the trip after. How long anybody thinks makes no difference.
    """

    heard_here: int = 1  # the TCP handshake
    heard_there: int = 1
    to_last_byte: int = 0

    def sent(self) -> int:
        """The client says something: the trip that it belongs to."""
        return self.heard_here + 1

    def arrived(self, trip: int) -> None:
        """What belongs to *trip* has reached the server."""
        self.heard_there = trip

    def answered(self) -> int:
        """The server says something: the trip that it ends."""
        self.to_last_byte = self.heard_there
        return self.heard_there

    def returned(self, trip: int) -> None:
        """What ends *trip* has reached the client."""
        self.heard_here = trip


async def pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    seconds: float,
    said: Callable[[], int],
    heard: Callable[[int], None],
) -> None:
    """Pass on each piece *seconds* after it came; later pieces don't wait for it."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, int, bytes]] = asyncio.Queue()

    async def late() -> None:
        while True:
            due, trip, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                break
            heard(trip)
            writer.write(piece)
            await writer.drain()
        writer.close()

    task = asyncio.create_task(late())
    try:
        while piece := await reader.read(65536):
            pieces.put_nowait((loop.time() + seconds, said(), piece))
    except ConnectionError:
        pass  # the end of one side is the end of the other
    pieces.put_nowait((loop.time() + seconds, 0, b""))
    await asyncio.gather(task, return_exceptions=True)


def proxy(
    port: int, seconds: float, log: Path
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What serves one connection, with half the time on each way."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tell(OPENED)
        there_in, there_out = await asyncio.open_connection("127.0.0.1", port)
        trips = Trips()
        half = seconds / 2
        await asyncio.gather(
            pump(reader, there_out, half, trips.sent, trips.arrived),
            pump(there_in, writer, half, trips.answered, trips.returned),
            return_exceptions=True,
        )
        tell(f"{trips.to_last_byte}")

    def tell(line: str) -> None:
        with log.open("a") as file:
            file.write(f"{line}\n")

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
