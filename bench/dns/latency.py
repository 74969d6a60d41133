"""A relay that puts a round trip of its own between a client and a server: ``python -m bench.dns.latency RTT_MS TO``.

TCP only. The handshake costs a round trip, too: nothing of a connection passes before one is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable


async def serve(round_trip: float, to: int) -> None:
    """Print the port, then relay until killed. ``round_trip`` is in seconds."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(round_trip)
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", to)
        ways = (_carry(reader, onward_writer, round_trip / 2), _carry(onward_reader, writer, round_trip / 2))
        await asyncio.gather(*ways)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Every chunk arrives ``delay`` seconds after it was sent, in order, the next ones not waiting for it."""
    loop = asyncio.get_running_loop()
    held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def write() -> None:
        while True:
            due, chunk = await held.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        writer.close()

    await asyncio.gather(_quietly(write), _quietly(lambda: _read(reader, held, delay)))


async def _read(reader: asyncio.StreamReader, held: asyncio.Queue[tuple[float, bytes]], delay: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        chunk = await reader.read(1 << 16)
        held.put_nowait((loop.time() + delay, chunk))
        if not chunk:
            return


async def _quietly(work: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(OSError):
        await work()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(float(sys.argv[1]) / 1000, int(sys.argv[2])))
