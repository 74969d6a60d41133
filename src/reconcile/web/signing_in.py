"""Signing in to the board by Entra: authorization code with PKCE, through msal, then a session of our own."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reconcile.problem import Problem
from reconcile.views.board.words import Words
from reconcile.web.app import Authentication
from reconcile.web.sessions import Sessions

#: Cookies that a browser takes from this host alone, by HTTPS alone, and gives to no other.
SESSION, FLOW = "__Host-board", "__Host-board-flow"
#: Where Entra sends the browser back to.
RETURN = "/signed-in"
#: Seconds a sign-in may take.
FLOW_SECONDS = 600.0


class Entra(Protocol):
    """The tenant's sign-in, as msal does it."""

    def begin(self) -> dict[str, Any]:
        """A sign-in that begins: msal's flow, with the page to go to under ``auth_uri``. Raises ``Problem``."""

    def finish(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> Mapping[str, Any]:
        """The claims of who signed in. Raises ``Problem`` when nobody did."""


class ByEntra(Authentication):
    """Whoever signed in and holds the role may look. ``now``: seconds on a clock that never goes back."""

    def __init__(
        self,
        entra: Entra,
        role: str,
        hours: float,
        words: Words,
        warn: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._entra, self._role, self._words, self._warn = entra, role, words, warn
        self._sessions = Sessions[str](hours * 3600, now)
        self._flows = Sessions[dict[str, Any]](FLOW_SECONDS, now)

    def viewer(self, request: Request) -> str | None:
        return self._sessions.find(request.cookies.get(SESSION, ""))

    def turned_away(self, request: Request) -> Response:
        return RedirectResponse("/sign-in", 303)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/sign-in", self._begin),
            Route(RETURN, self._finish),
            Route("/sign-out", self._end, methods=["POST"]),
        ]

    async def _begin(self, request: Request) -> Response:
        try:
            flow = await asyncio.to_thread(self._entra.begin)
        except Problem as problem:
            return self._failed(problem)
        away = RedirectResponse(str(flow["auth_uri"]), 303)
        return self._given(away, FLOW, self._flows.open(flow))

    async def _finish(self, request: Request) -> Response:
        flow = self._flows.close(request.cookies.get(FLOW, ""))
        if flow is None:
            return self._page(400, "sign_in_lost")
        try:
            claims = await asyncio.to_thread(self._entra.finish, flow, dict(request.query_params))
        except Problem as problem:
            return self._failed(problem)
        who = str(claims.get("preferred_username") or claims.get("name") or claims.get("oid") or "?")
        roles = claims.get("roles")
        if not isinstance(roles, list) or self._role not in roles:
            self._warn(f"{who} signed in and does not hold the role {self._role}.")
            return self._page(403, "sign_in_no_role")
        self._sessions.close(request.cookies.get(SESSION, ""))
        inside = RedirectResponse("/", 303)
        inside.delete_cookie(FLOW, secure=True, httponly=True)
        return self._given(inside, SESSION, self._sessions.open(who))

    async def _end(self, request: Request) -> Response:
        self._sessions.close(request.cookies.get(SESSION, ""))
        outside = self._page(200, "signed_out")
        outside.delete_cookie(SESSION, secure=True, httponly=True)
        return outside

    def _failed(self, problem: Problem) -> Response:
        self._warn(f"{problem.code} {problem.message}")
        return self._page(502, "sign_in_failed")

    @staticmethod
    def _given(answer: Response, name: str, value: str) -> Response:
        # Lax, not strict: the browser comes back from Entra's site, and has to bring it along.
        answer.set_cookie(name, value, secure=True, httponly=True, samesite="lax", path="/")
        return answer

    def _page(self, status: int, sentence: str) -> Response:
        told, again = html.escape(self._words(sentence)), html.escape(self._words("sign_in"))
        title = html.escape(self._words("site"))
        return HTMLResponse(
            f'<!doctype html><html lang="{self._words.language}"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="stylesheet" href="board.css"></head><body><main class="wide"><h1>{title}</h1>'
            f'<p>{told}</p><p><a href="sign-in">{again}</a></p></main></body></html>',
            status,
        )
