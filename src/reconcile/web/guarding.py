"""What is refused before anything is answered, and what every answer says to the browser."""

from __future__ import annotations

import dataclasses

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Nothing from elsewhere, nothing inline, no frame; forms go nowhere but here.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store, no-transform",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


@dataclasses.dataclass(frozen=True)
class Guard:
    """The outermost layer. ``hosts``: what the Host header may say, ``name:port`` as browsers write it, in small
    letters; a page of elsewhere whose name was made to lead here says another one. ``posts``: paths that take one."""

    app: ASGIApp
    hosts: frozenset[str]
    secure: bool
    posts: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                if self.secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        status, why = self._refusal(scope)
        answer = PlainTextResponse(f"{why}\n", status) if status else self.app
        await answer(scope, receive, told)

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        """The status and the reason of a request that is refused; 0 for one that is not."""
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) != 1 or headers["host"].lower() not in self.hosts:
            return 400, "This is not the name of the board."
        if scope["method"] not in ("GET", "HEAD") and (scope["method"], scope["path"]) not in self._posts():
            return 405, "The board is only read."
        origin = headers.get("origin")
        scheme = "https" if self.secure else "http"
        if origin is not None and origin.lower() != f"{scheme}://{headers['host'].lower()}":
            return 403, "Another site asked."
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            # A link may lead here; nothing may be taken from here, nor sent.
            walks = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            if not (walks and scope["method"] == "GET"):
                return 403, "Another site asked."
        if scope["method"] == "POST" and origin is None:
            return 403, "Nobody says which page asked."
        return 0, ""

    def _posts(self) -> set[tuple[str, str]]:
        return {("POST", path) for path in self.posts}
