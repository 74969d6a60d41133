"""A person signs in in a browser: authorization code with PKCE (RFC 7636), as Microsoft's identity platform does."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import random
import urllib.parse
from collections.abc import Mapping

from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.sign_in.client_credentials import ProofRefusedError
from reconcile.sandbox.tenant.sign_in.device_codes import Person

LIFETIME = dt.timedelta(minutes=10)


@dataclasses.dataclass(frozen=True, slots=True)
class Keyboard:
    """Who sits at the browser, what they were assigned of the application's roles, and where the application may be
    returned to."""

    person: Person
    roles: tuple[str, ...]
    redirects: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for: who signed in, with which roles, and the request's nonce."""

    person: Person
    roles: tuple[str, ...]
    nonce: str
    redirect: str
    challenge: str
    until: dt.datetime


class AuthorizationCodes:
    """The codes given out and not redeemed yet."""

    def __init__(self, clock: VirtualClock, seed: random.Random) -> None:
        self._clock = clock
        self._seed = seed
        self._codes: dict[str, Code] = {}
        #: None: nobody signs in.
        self.keyboard: Keyboard | None = None

    def begin(self, client_id: str, query: Mapping[str, str]) -> str:
        """Where the browser is sent once the person at it signed in, which here is at once. Raises ProofRefusedError
        for a request that Entra answers with a page of its own."""
        if query.get("client_id") != client_id:
            raise ProofRefusedError(700016, query.get("client_id", ""))
        redirect, at_it = query.get("redirect_uri", ""), self.keyboard
        if at_it is None or redirect not in at_it.redirects:
            raise ProofRefusedError(50011, redirect)
        if query.get("response_type") != "code" or query.get("response_mode", "query") != "query":
            raise ProofRefusedError(700054)
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise ProofRefusedError(9002325)
        if "openid" not in query.get("scope", "").split():
            raise ProofRefusedError(900144, "scope")
        code = f"0.{self._seed.getrandbits(320):080x}"
        self._codes[code] = Code(
            at_it.person,
            at_it.roles,
            query.get("nonce", ""),
            redirect,
            query["code_challenge"],
            self._clock.now() + LIFETIME,
        )
        told = {"code": code, "state": query.get("state", ""), "session_state": f"{self._seed.getrandbits(128):032x}"}
        return f"{redirect}?{urllib.parse.urlencode(told)}"

    def redeem(self, form: Mapping[str, str]) -> Code:
        """What the code stands for, once. Raises ProofRefusedError when it is no code of ours, too old, or of another
        request."""
        known = self._codes.pop(form.get("code", ""), None)
        if known is None or form.get("redirect_uri") != known.redirect:
            raise ProofRefusedError(70000)
        if known.until <= self._clock.now():
            raise ProofRefusedError(70008)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != known.challenge:
            raise ProofRefusedError(501481)
        return known
