"""A relay that adds a delay each way, and may let a destination take its time over every APPEND.

``python -m bench.copy.latency LISTEN:TARGET … --delay MS --append MS``. Order is kept and bandwidth is not reduced.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
from collections import deque

AHEAD = 8 << 20


class Way:
    """One direction of one connection: what was read at t is written at t + delay."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, think: float) -> None:
        self._reader, self._writer, self._delay, self._think = reader, writer, delay, think
        self._held: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._free_at = 0.0

    async def read(self) -> None:
        loop = asyncio.get_running_loop()
        rest = b""
        with contextlib.suppress(OSError):
            while data := await self._reader.read(1 << 18):
                if self._think:
                    *lines, rest = (rest + data).split(b"\r\n")
                    for line in lines:
                        self._free_at = max(loop.time(), self._free_at) + (self._think if b"[APPENDUID" in line else 0)
                        self._hold(self._free_at, line + b"\r\n")
                else:
                    self._hold(loop.time(), data)
                while self._size > AHEAD:
                    self._room.clear()
                    await self._room.wait()
        self._hold(loop.time(), b"")

    def _hold(self, now: float, data: bytes) -> None:
        self._held.append((now + self._delay, data))
        self._size += len(data)
        self._more.set()

    async def write(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                while not self._held:
                    self._more.clear()
                    await self._more.wait()
                if (wait := self._held[0][0] - loop.time()) > 0.0002:
                    await asyncio.sleep(wait)
                ready = []
                while self._held and self._held[0][0] <= loop.time() + 0.0002:
                    data = self._held.popleft()[1]
                    if not data:
                        self._writer.write(b"".join(ready))
                        self._writer.close()
                        return
                    ready.append(data)
                    self._size -= len(data)
                self._room.set()
                self._writer.write(b"".join(ready))
                await self._writer.drain()


async def _serve(listen: int, target: int, delay: float, think: float) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * delay)  # the handshake's round trip
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target, limit=1 << 20)
        except OSError:
            writer.close()
            return
        for one in (writer, up_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there, back = Way(reader, up_writer, delay, 0), Way(up_reader, writer, delay, think)
        await asyncio.gather(there.read(), there.write(), back.read(), back.write(), return_exceptions=True)

    await asyncio.start_server(accept, "127.0.0.1", listen, limit=1 << 20)


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ports", nargs="+", metavar="LISTEN:TARGET")
    parser.add_argument("--delay", type=float, default=10, help="milliseconds each way")
    parser.add_argument("--append", type=float, default=0, help="milliseconds of server time per APPEND")
    options = parser.parse_args()
    for pair in options.ports:
        listen, target = map(int, pair.split(":"))
        await _serve(listen, target, options.delay / 1000, options.append / 1000)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
