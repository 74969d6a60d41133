"""A WebDAV server (RFC 4918). New files are asked for with If-None-Match: * (RFC 9110, 13.1.2), never moved into place:
a MOVE deletes its target first, on Apache as on WsgiDAV."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
from requests.auth import HTTPBasicAuth

from reconcile.bounded_http import BoundedSession
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.delivery.place import Occupied, Unsure

_SECONDS = 60.0


class WebDav:
    """The account's folder on the server, which must exist: a name mistyped must not make one nobody reads."""

    def __init__(self, url: str, account: str, user: str, password: str, ca_file: Path | None) -> None:
        self._root = f"{url.rstrip('/')}/{quote(account, safe='')}"
        self._server = urlsplit(url).hostname or url
        self._account = account
        self._session = BoundedSession()
        self._session.verify = str(ca_file) if ca_file else True
        if user:
            # requests encodes text as latin-1, which a French password may not be.
            self._session.auth = HTTPBasicAuth(user.encode(), password.encode())

    def read(self, name: str) -> bytes | None:
        answer = self._ask("GET", name)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise self._refused("read", answer.status_code)
        return answer.content

    def put(self, name: str, content: bytes) -> None:
        answer = self._ask("PUT", name, content, {"If-None-Match": "*", "Content-Type": "application/octet-stream"})
        status = answer.status_code
        if status in (200, 201, 204):
            return
        if status == 412:
            raise Occupied
        if status >= 500 and status != 507:
            # Apache says 500 where it may not write, WsgiDAV for a full disk, leaving a part: only looking tells.
            raise Unsure(Phrase("{server} answered {status}", server=self._server, status=status))
        raise self._refused(Phrase("write"), status)

    def remove(self, name: str) -> None:
        answer = self._ask("DELETE", name)
        if answer.status_code not in (200, 204, 404):
            raise self._refused(Phrase("delete"), answer.status_code)

    def _ask(
        self, method: str, name: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        url = f"{self._root}/{quote(name, safe='')}"
        try:
            return self._session.request(
                method, url, data=content, headers=headers, timeout=_SECONDS, allow_redirects=False
            )
        except requests.exceptions.SSLError:
            raise Problem(
                "SEC14",
                Phrase("The certificate of {server} is not trusted; nothing was delivered.", server=self._server),
                "name its authority: ca_file of [delivery]",
            ) from None
        except requests.RequestException as error:
            what = Phrase("{server} did not answer ({kind})", server=self._server, kind=type(error).__name__)
            if method == "PUT":
                raise Unsure(what) from None
            raise Problem("SEC14", Phrase("{what}.", what=what), "apply again once it does") from None

    def _refused(self, what: str, status: int) -> Problem:
        why: str
        if status in (401, 403):
            why, hint = (
                Phrase("does not let us {what} in the folder of {account}", what=what, account=self._account),
                "check user, password and rights",
            )
        elif status in (404, 405, 409):
            why, hint = (
                Phrase("has no folder {account}", account=self._account),
                "check contact: poptransfert: with whoever keeps the server",
            )
        elif status == 507:
            why, hint = "has no room left", "make room there, then apply again"
        else:
            why, hint = (
                Phrase("would not {what} in the folder of {account}", what=what, account=self._account),
                "ask whoever keeps the server",
            )
        return Problem("SEC14", Phrase("{server} {why} ({status}).", server=self._server, why=why, status=status), hint)
