"""The board's server: uvicorn, which ends when it is told to although somebody is looking."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

#: Seconds for what is still being answered when the server ends.
_LAST_ANSWERS = 3


class BoardServer(uvicorn.Server):
    """``make``: the application, from the event that is set when the server is to end. Since 0.46 uvicorn waits for
    open streams without limit, so they are told to end themselves."""

    def __init__(self, make: Callable[[asyncio.Event], ASGIApp], wake: Callable[[], None]) -> None:
        self._ending = asyncio.Event()
        self._wake = wake
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(
            uvicorn.Config(
                make(self._ending),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                timeout_graceful_shutdown=_LAST_ANSWERS,
            )
        )

    def end(self) -> None:
        """Stop soon; from any thread, and once it has stopped, too: uvicorn raises again the signals it heard."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._end_streams)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.end()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def _end_streams(self) -> None:
        self._ending.set()
        self._wake()
