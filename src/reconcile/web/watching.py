"""The newest board there is, looked at again when something changed, and everybody who waits for it told."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import secrets
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from reconcile.problem import Problem
from reconcile.views.board.model import Board
from reconcile.views.board.site import Site
from reconcile.views.board.words import Words

#: Seconds between two looks at whether anything changed.
EVERY = 0.5
#: Pages kept as they were last asked for.
_KEPT = 64
Seen = TypeVar("Seen")


class Look(Protocol):
    """How the migration is looked at."""

    def mark(self) -> object:
        """Something that is another when anything may have changed; cheap."""

    def board(self) -> Board:
        """The migration as it is now. Raises ``Problem`` when it cannot be told."""


class Watched:
    """A migration that is watched. Made outside the event loop, watched inside of it."""

    def __init__(self, look: Look, words: Words, warn: Callable[[str], None]) -> None:
        """Raises ``Problem`` when the migration cannot be told even once."""
        self._look, self._words, self._warn = look, words, warn
        self._birth, self._count = secrets.token_hex(4), 0
        # One thread for all looks, the first too: each that once held the whole migration keeps the room for it.
        self._looker = concurrent.futures.ThreadPoolExecutor(1, "look")
        self._mark = self._looker.submit(look.mark).result()
        self._site = Site(self._looker.submit(look.board).result(), words, live=True)
        self._pages: dict[tuple[str, str, bool], bytes] = {}
        self._trouble = ""
        self._changed = asyncio.Event()

    @property
    def version(self) -> str:
        """Another one whenever the pages may have changed, and in each life of the server."""
        return f"{self._birth}-{self._count}"

    def page(self, name: str, viewer: str, still: bool) -> bytes:
        """A page as it is now. Raises KeyError when there is none of that name."""
        key = (name, viewer, still)
        if key not in self._pages:
            if len(self._pages) >= _KEPT:
                self._pages.clear()
            page = self._site.page(name, viewer=viewer, still=still, version=self.version, trouble=self._trouble)
            self._pages[key] = page.encode()
        return self._pages[key]

    async def newer_than(self, version: str, patience: float) -> str | None:
        """The version, once it is another than that one; None when it still is not after so many seconds."""
        if self.version == version:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), patience)
            except TimeoutError:
                return None
        return self.version if self.version != version else None

    def wake(self) -> None:
        """Let everybody who waits look up."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def watch(self) -> None:
        """Look again whenever something changed, until cancelled; never more than half of the time."""
        while True:
            await asyncio.sleep(EVERY)
            mark = await self._in_its_thread(self._look.mark)
            if mark == self._mark:
                continue
            began = time.monotonic()
            await self._look_again(mark)
            await asyncio.sleep(max(0.0, time.monotonic() - began - EVERY))

    async def _in_its_thread(self, look: Callable[[], Seen]) -> Seen:
        return await asyncio.get_running_loop().run_in_executor(self._looker, look)

    async def _look_again(self, mark: object) -> None:
        self._mark = mark
        try:
            board = await self._in_its_thread(self._look.board)
        except Problem as problem:
            # What was seen last is still the best there is; the page says since when.
            if str(problem) == self._trouble:
                return
            self._trouble = str(problem)
            self._warn(f"{problem.code} {problem.message}")
        else:
            self._trouble = ""
            self._site = Site(board, self._words, live=True)
        # What the last look left holds itself in circles; kept until it adds up, it would be a quarter of all memory.
        await self._in_its_thread(gc.collect)
        self._pages.clear()
        self._count += 1
        self.wake()
