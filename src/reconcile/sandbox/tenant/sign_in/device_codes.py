"""Sign-in of a person on another screen (RFC 8628, as Microsoft's identity platform does it)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import urllib.parse

from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.sign_in.client_credentials import ProofRefusedError

LIFETIME = dt.timedelta(minutes=15)
#: Seconds a client waits between two questions.
INTERVAL = 5
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Who signed in. ``administrator``: holds the roles that the work needs."""

    id: str
    upn: str
    name: str
    administrator: bool


@dataclasses.dataclass(slots=True)
class _Request:
    user_code: str
    resource: str
    until: dt.datetime
    person: Person | None = None
    declined: bool = False


class DeviceCodes:
    """The codes given out and not redeemed yet, and the sessions of those who signed in."""

    def __init__(self, clock: VirtualClock, seed: random.Random) -> None:
        self._clock = clock
        self._seed = seed
        self._requests: dict[str, _Request] = {}
        self._sessions: dict[str, Person] = {}

    def begin(self, site: str, resource: str) -> dict[str, object]:
        """The answer to a request for a code, which opens that service."""
        user_code = "".join(self._seed.choices(_LETTERS, k=9))
        device_code = f"{self._seed.getrandbits(320):080x}"
        self._requests[device_code] = _Request(user_code, resource, self._clock.now() + LIFETIME)
        page = urllib.parse.urljoin(site, "/devicelogin")
        return {
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": INTERVAL,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to "
            "authenticate.",
        }

    def answer(self, user_code: str, person: Person | None) -> None:
        """What a person does on the page: sign in, or (None) decline. Raises KeyError for a code never given."""
        request = next((one for one in self._requests.values() if one.user_code == user_code), None)
        if request is None:
            raise KeyError(user_code)
        request.person, request.declined = person, person is None

    def redeem(self, device_code: str) -> tuple[str, Person]:
        """The service a code was asked for and who signed in with it, once. Raises ProofRefusedError until somebody
        did, or when nobody will."""
        request = self._requests.get(device_code)
        if request is None:
            raise ProofRefusedError(70000)
        if request.until <= self._clock.now():
            raise ProofRefusedError(70019)
        if request.declined:
            raise ProofRefusedError(65004)
        if request.person is None:
            raise ProofRefusedError(70016)
        del self._requests[device_code]
        return request.resource, request.person

    def session(self, person: Person) -> str:
        """A refresh token, good for every service of the tenant."""
        token = f"{self._seed.getrandbits(400):0100x}"
        self._sessions[token] = person
        return token

    def resume(self, refresh_token: str) -> Person:
        if refresh_token not in self._sessions:
            raise ProofRefusedError(70000)
        return self._sessions[refresh_token]
