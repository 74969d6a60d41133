"""What the fronts before the sandbox's mail hosts have in common: a loop of their own, one place to listen, an end."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import ssl
import threading
from typing import Self

#: Bytes of the longest line read.
LINE = 1 << 20


class Front(abc.ABC):
    """Listens on 127.0.0.1 before the server on port ``target``, over TLS when given a context; ``port`` is known once
    started."""

    def __init__(
        self, target: int, tls: ssl.SSLContext | None = None, target_tls: ssl.SSLContext | None = None
    ) -> None:
        self.port = 0
        self._target, self._tls, self._target_tls = target, tls, target_tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)

    @abc.abstractmethod
    async def _converse(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """One connection of a client and the one opened for it, until either ends."""

    def start(self, port: int = 0) -> Self:
        """Listen, on a port of the system's choice by default. Raises OSError when that is taken."""
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result()
        return self

    def stop(self) -> None:
        """Hang up on everybody. Harmless when stopped already."""
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()

    async def _listen(self, port: int) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, ssl=self._tls, limit=LINE)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def _hang_up(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            server = await asyncio.open_connection("127.0.0.1", self._target, ssl=self._target_tls, limit=LINE)
            try:
                await self._converse((reader, writer), server)
            finally:
                server[1].close()
        writer.close()
