"""The sandbox's virtual clock, seen from a client: to wait is to move the clock, so delays cost no wall time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import requests

from reconcile.problem import Problem

#: Whoever waits beside many others waits for its turn.
_SECONDS = 600


class SandboxClock:
    """Reads and advances the clock of a running sandbox through its control address.

    Two who wait at once each name the moment they wait for, so their waits overlap as they would in the world; the
    sandbox moves its clock to the earlier one, once nobody asks it for anything else.
    """

    def __init__(self, control: str, ca_file: Path | None) -> None:
        self._address = f"{control}/clock"
        self._session = requests.Session()
        # REQUESTS_CA_BUNDLE in the environment would beat the authority named here.
        self._session.trust_env = False
        self._session.verify = str(ca_file) if ca_file else True

    def now(self) -> dt.datetime:
        return self._ask("GET", None)

    def sleep(self, seconds: float) -> None:
        self.advance_to(self.now() + dt.timedelta(seconds=seconds))

    def advance_to(self, moment: dt.datetime) -> None:
        """Move the clock to that moment, unless it has passed."""
        self._ask("POST", {"advance_to": moment.isoformat()})

    def _ask(self, method: str, body: dict[str, str] | None) -> dt.datetime:
        try:
            answer = self._session.request(method, self._address, json=body, timeout=_SECONDS)
            answer.raise_for_status()
            return dt.datetime.fromisoformat(answer.json()["now"])
        except (OSError, ValueError, KeyError):  # requests' own errors are OSErrors; so is a missing authority
            raise Problem("SBX02", "The sandbox does not answer.", "see: reconcile sandbox status") from None
