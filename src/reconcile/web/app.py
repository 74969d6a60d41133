"""What the board answers: its pages, its style sheet and script, and a stream that tells when to look again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from reconcile.views.board.site import LIVE_ASSETS, asset
from reconcile.web.guarding import Guard
from reconcile.web.watching import Watched

#: Seconds after which a silent stream says that it lives: half-open connections are found by writing to them.
_ALIVE = 15.0
#: Streams open at once; beyond, a browser tries again later.
_STREAMS = 200
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


class Authentication(Protocol):
    """Who may look."""

    def viewer(self, request: Request) -> str | None:
        """Who asks; "" where nobody needs to say, None when they must sign in first."""

    def turned_away(self, request: Request) -> Response:
        """What is answered to who must sign in first."""

    @property
    def routes(self) -> list[Route]:
        """The pages by which one signs in and out."""


class NoAuthentication(Authentication):
    """Whoever reaches the board may look: on this machine alone."""

    def viewer(self, request: Request) -> str | None:
        return ""

    def turned_away(self, request: Request) -> Response:
        return PlainTextResponse("", 404)

    @property
    def routes(self) -> list[Route]:
        return []


def board_app(
    watched: Watched, authentication: Authentication, hosts: frozenset[str], ending: asyncio.Event, *, secure: bool
) -> ASGIApp:
    """The board as an ASGI application. ``hosts``: the names it is called by. ``ending``: set when it is to stop, so
    that open streams end. ``secure``: browsers reach it by HTTPS."""

    @contextlib.asynccontextmanager
    async def watching(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watched.watch())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    answers = _Answers(watched, authentication, ending)
    routes = [
        Route("/events", answers.events),
        *(Route(f"/{name}", answers.asset) for name in LIVE_ASSETS),
        *authentication.routes,
        Route("/", answers.page),
        Route("/{name}", answers.page),
    ]
    posts = frozenset(route.path for route in authentication.routes if "POST" in (route.methods or ()))
    return Guard(Starlette(routes=routes, lifespan=watching), hosts, secure, posts)


class _Answers:
    def __init__(self, watched: Watched, authentication: Authentication, ending: asyncio.Event) -> None:
        self._watched, self._authentication, self._ending = watched, authentication, ending
        self._streams = 0

    async def page(self, request: Request) -> Response:
        viewer = self._authentication.viewer(request)
        if viewer is None:
            return self._authentication.turned_away(request)
        name = request.path_params.get("name", "index.html")
        try:
            body = self._watched.page(name, viewer, request.query_params.get("still") == "1")
        except KeyError:
            return PlainTextResponse("There is no such page.\n", 404)
        return Response(body, media_type="text/html; charset=utf-8")

    async def asset(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return Response(asset(name), media_type=_TYPES[name.rpartition(".")[2]])

    async def events(self, request: Request) -> Response:
        if self._authentication.viewer(request) is None:
            return PlainTextResponse("Sign in first.\n", 401)
        if self._streams >= _STREAMS:
            return PlainTextResponse("Too many are looking.\n", 503, {"Retry-After": "30"})
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        # Proxies that gather an answer before they pass it on are asked not to.
        return StreamingResponse(
            self._told(request, since), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )

    async def _told(self, request: Request, since: str) -> AsyncIterator[str]:
        self._streams += 1
        try:
            yield "retry: 5000\n\n"
            while not self._ending.is_set():
                version = await self._watched.newer_than(since, _ALIVE)
                if self._ending.is_set() or self._authentication.viewer(request) is None:
                    return
                if version is None:
                    yield ": still here\n\n"
                else:
                    since = version
                    yield f"event: board\nid: {version}\ndata: {version}\n\n"
        finally:
            self._streams -= 1
