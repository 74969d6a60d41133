"""OVH's API, reading only: signed requests (OVH, "First steps with the OVHcloud APIs"), tried again when it is busy."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from reconcile.bounded_http import BoundedSession
from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_SECONDS = 30
_TRIES = 5
_BUSY = {429, 500, 502, 503, 504}
_LONGEST_WAIT = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class OvhKeys:
    """The application's key and secret, and the key of the account that let it in."""

    application: str
    secret: str = dataclasses.field(repr=False)
    consumer: str = dataclasses.field(repr=False)


class Missing(Exception):
    """OVH has no such object."""


class OvhApi:
    """``endpoint``: https://eu.api.ovh.com/1.0 or another region's."""

    def __init__(self, endpoint: str, keys: OvhKeys, clock: Clock, ca_file: Path | None = None) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._keys = keys
        self._clock = clock
        self._verify: bool | str = str(ca_file) if ca_file else True

    def get(self, *path: str, **query: str) -> Any:
        """What stands there. Raises Missing, or Problem INV14 when OVH cannot be reached, or refuses."""
        url = "/".join([self._endpoint, *(quote(part, safe="") for part in path)])
        if query:
            url += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        answer = self._patiently(url)
        if answer.status_code == requests.codes.not_found:
            raise Missing
        if answer.status_code != requests.codes.ok:
            raise self._refused(answer)
        with contextlib.suppress(ValueError):
            return answer.json()
        raise Problem(
            "INV14", Phrase("OVH's API at {endpoint} answers no JSON.", endpoint=self._endpoint), "check the endpoint"
        )

    def _patiently(self, url: str) -> requests.Response:
        wait = 1.0
        for left in reversed(range(_TRIES)):
            try:
                answer = BoundedSession().get(
                    url, headers=self._signed(url), timeout=_SECONDS, verify=self._verify, allow_redirects=False
                )
                if answer.status_code not in _BUSY or not left:
                    return answer
                asked = answer.headers.get("Retry-After", "")
                pause = float(asked) if asked.isdigit() else wait
            except (requests.RequestException, OSError):
                if not left:
                    break
                pause = wait
            self._clock.sleep(min(pause, _LONGEST_WAIT))
            wait *= 2
        hint = "check the endpoint and the network"
        raise Problem("INV14", Phrase("OVH's API at {endpoint} cannot be reached.", endpoint=self._endpoint), hint)

    def _signed(self, url: str) -> Mapping[str, str]:
        moment = str(int(self._clock.now().timestamp()) + self._ahead)
        signed = "+".join((self._keys.secret, self._keys.consumer, "GET", url, "", moment))
        return {
            "X-Ovh-Application": self._keys.application,
            "X-Ovh-Consumer": self._keys.consumer,
            "X-Ovh-Timestamp": moment,
            # The algorithm is OVH's choice.
            "X-Ovh-Signature": "$1$" + hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest(),
        }

    @functools.cached_property
    def _ahead(self) -> int:
        """Seconds OVH's clock is ahead of ours: a signature a few minutes off is refused."""
        try:
            answer = BoundedSession().get(f"{self._endpoint}/auth/time", timeout=_SECONDS, verify=self._verify)
            return int(answer.text) - int(self._clock.now().timestamp())
        except (requests.RequestException, OSError, ValueError):
            hint = "check the endpoint and the network"
            raise Problem(
                "INV14", Phrase("OVH's API at {endpoint} cannot be reached.", endpoint=self._endpoint), hint
            ) from None

    def _refused(self, answer: requests.Response) -> Problem:
        code = ""
        with contextlib.suppress(ValueError, AttributeError):
            code = str(answer.json().get("errorCode", ""))[:40]
        told = f"{answer.status_code} {code}".strip()
        hint = "its keys must allow GET on /email/domain/*; make them at https://eu.api.ovh.com/createToken/"
        return Problem("INV14", Phrase("OVH's API refuses: {told}.", told=told), hint)
