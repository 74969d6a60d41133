"""One way out to Microsoft: pooled connections, timeout by class of failure, and no token where it does not belong."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import json
import logging
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from urllib3.exceptions import MaxRetryError, NewConnectionError

from reconcile.bounded_http import BODY, BeyondBounds, BoundedSession, gunzipped, pause_asked, read_body
from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.message import Reply, Request, Service, Verdict, by_status
from reconcile.providers.microsoft.wire.refusals import LostAnswer

log = logging.getLogger(__name__)

#: Connect and read, in seconds. Exchange may take minutes to answer a long list.
TIMEOUTS = (10.0, 180.0)
#: Attempts to reach a server that does not answer at all.
KNOCKS = 4


class Transport:
    """Sends requests until they are answered. Thread-safe.

    ``random`` answers a number in [0, 1); ``timeout`` is how long, in seconds, one request may wait in all between
    attempts. Environment variables (proxies, netrc) are not consulted.
    """

    def __init__(
        self, clock: Clock, random: Callable[[], float], ca_file: Path | None = None, timeout: float = 600.0
    ) -> None:
        self._clock = clock
        self._random = random
        self._patience = timeout
        self._throttled = 0
        self._ahead: dt.timedelta | None = None
        self._followed = threading.local()
        self._session = BoundedSession()
        self._session.verify = str(ca_file) if ca_file else True

    def ahead(self) -> dt.timedelta | None:
        """How far our clock was ahead of the service's at its last answer; None before the first."""
        return self._ahead

    def throttled(self) -> int:
        """How many answers so far asked us to come back later."""
        return self._throttled

    @contextlib.contextmanager
    def following(self, ids: list[str]) -> Iterator[None]:
        """Add to ``ids`` those of the writes this thread sends meanwhile, in order."""
        self._followed.ids = ids
        try:
            yield
        finally:
            self._followed.ids = None

    def send(self, service: Service, request: Request, judge: Callable[[Reply], Verdict] = by_status) -> Reply:
        """The final reply, whatever its status.

        Raises ``LostAnswer`` when a request that is not repeatable may have been carried out, and ``Problem`` when the
        service cannot be reached (M365-01), stays busy beyond the timeout (M365-02), or sends elsewhere (M365-06).
        """
        waited = 0.0
        knocks = 0
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            reply, verdict = self._attempt(service, request, judge)
            if reply is None and verdict is Verdict.LATER:
                knocks += 1
                if knocks >= KNOCKS:
                    raise _unreachable(service)
            if reply is not None and reply.status == 401 and not renewed:
                renewed = True
                service.renew()
                continue
            if verdict is Verdict.FINAL and reply is not None:
                return reply
            if verdict is Verdict.UNSURE and not request.repeatable:
                raise LostAnswer(
                    Phrase(
                        "{name} did not answer {method} {path}",
                        name=service.name,
                        method=request.method,
                        path=urlsplit(request.url).path,
                    )
                )
            pause = self.pause(attempt, reply.headers if reply else {})
            waited += pause
            if waited > self._patience:
                raise _busy(service, reply)
            self._clock.sleep(pause)

    def _note(self, request: Request, reply: Reply) -> None:
        with contextlib.suppress(ValueError, TypeError):
            told = email.utils.parsedate_to_datetime(reply.headers.get("Date", ""))
            self._ahead = self._clock.now() - told
        if reply.status == 429:
            self._throttled += 1
        ids: list[str] | None = getattr(self._followed, "ids", None)
        if ids is not None and request.writes and reply.request_id:
            ids.append(reply.request_id)

    def pause(self, attempt: int, headers: Mapping[str, str]) -> float:
        """Seconds to wait before the next attempt: what the server asks, else doubling, with jitter either way."""
        asked = pause_asked(headers.get("Retry-After", headers.get("retry-after", "")))
        if asked is None:
            return float(min(60.0, 2.0 ** min(attempt, 6)) * (0.5 + self._random() / 2))
        return asked + self._random() * min(1.0, asked / 10)

    def _attempt(
        self, service: Service, request: Request, judge: Callable[[Reply], Verdict]
    ) -> tuple[Reply | None, Verdict]:
        try:
            reply = self._exchange(service, request)
        except requests.exceptions.SSLError:
            raise Problem(
                "M365-01",
                Phrase("The certificate of {url} is not trusted.", url=_host(request.url)),
                "check tenant.ca_file in reconcile.toml, and whether something on the way opens TLS",
            ) from None
        except BeyondBounds as beyond:
            raise Problem(
                "M365-08",
                Phrase("{name} answers beyond all bounds: {beyond}.", name=service.name, beyond=beyond),
                "nothing was concluded from it; run it again later, and report it if it stays",
            ) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL):
            return None, Verdict.LATER
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            return None, Verdict.LATER if _never_left(error) else Verdict.UNSURE
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError):
            return None, Verdict.UNSURE
        except OSError:  # requests' word for an authority that is not there
            message = Phrase("The certificate authority to trust for {url} cannot be read.", url=_host(request.url))
            raise Problem("M365-01", message, "check tenant.ca_file in reconcile.toml") from None
        return reply, judge(reply)

    def _exchange(self, service: Service, request: Request) -> Reply:
        """One exchange on the wire, redirects within the same host included."""
        url = request.url
        for _ in range(4):
            if _host(url) != _host(service.root) or urlsplit(url).scheme != "https":
                raise Problem(
                    "M365-06",
                    Phrase(
                        "{name} sent the request on to {url}, where the token must not go.",
                        name=service.name,
                        url=_host(url),
                    ),
                    "check the tenant's addresses in reconcile.toml",
                )
            answer = self._session.request(
                request.method,
                url,
                data=_octets(request.body),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    **({} if request.body is None else {"Content-Type": "application/json; charset=utf-8"}),
                    **request.headers,
                    "Authorization": f"Bearer {service.token()}",
                },
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,
            )
            with answer:
                content = read_body(answer, BODY, decode=False)
            reply = Reply(answer.status_code, answer.headers, _decoded(content))
            log.debug("%s %s %s %s", request.method, urlsplit(url).path, reply.status, reply.request_id)
            if reply.status not in (301, 302, 307, 308):
                self._note(request, reply)
                return reply
            url = requests.compat.urljoin(url, reply.headers.get("Location", ""))
        raise Problem(
            "M365-06", Phrase("{name} redirects without end.", name=service.name), "check the tenant's addresses"
        )


def _octets(body: object) -> bytes | None:
    """The body on the wire: bytes as they are, whose type the request says, anything else as JSON."""
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def _decoded(content: bytes) -> bytes:
    """The body uncompressed. Exchange's 403 calls a run of NUL bytes gzip, so the bytes are believed, not the label."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gunzipped(content)
    except (EOFError, zlib.error):
        return content


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removesuffix(":443")


def _never_left(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _unreachable(service: Service) -> Problem:
    return Problem(
        "M365-01",
        Phrase("{name} cannot be reached at {root}.", name=service.name, root=_host(service.root)),
        "check the network and the tenant's addresses in reconcile.toml, then run the command again",
    )


def _busy(service: Service, reply: Reply | None) -> Problem:
    told = (
        Phrase(
            " (answer {status}, request {request_id})",
            status=reply.status,
            request_id=reply.request_id or Phrase("unnamed"),
        )
        if reply
        else ""
    )
    return Problem(
        "M365-02",
        Phrase("{name} stayed busy for too long{told}.", name=service.name, told=told),
        "run the command again later: what was done is kept",
    )
