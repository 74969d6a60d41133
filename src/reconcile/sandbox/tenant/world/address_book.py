"""Who holds which address and which sign-in name, over the whole tenant and whatever the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.world import addresses


class AddressTakenError(Exception):
    """Another object holds the address."""

    def __init__(self, address: str, holder: str) -> None:
        super().__init__(address)
        self.address = address
        self.holder = holder


class AddressBook:
    """Claims of objects on addresses. One given up stays reserved for its former holder for ``reserved_for`` seconds
    (MicrosoftDocs/OfficeDocs-Support#46 saw about an hour)."""

    def __init__(self, clock: VirtualClock, reserved_for: Callable[[], float]) -> None:
        self._clock = clock
        self._reserved_for = reserved_for
        self._holders: dict[str, str] = {}
        self._claims: dict[str, set[str]] = {}
        self._sign_ins: dict[str, str] = {}
        self._reserved: dict[str, tuple[str, dt.datetime]] = {}

    def named(self, upn: str) -> str | None:
        """The id of the user who signs in under that name."""
        return self._sign_ins.get(upn.lower())

    def holder(self, address: str) -> str | None:
        """The id of the object that holds the address, as an address or as a sign-in name."""
        key = address.lower()
        return self._holders.get(key) or self._sign_ins.get(key)

    def objector(self, address: str, owner: str) -> str | None:
        """The id of another object for whose sake ``owner`` cannot have the address."""
        former, until = self._reserved.get(address.lower(), (owner, dt.datetime.min.replace(tzinfo=dt.UTC)))
        reserved = former if until > self._clock.now() else None
        return next((each for each in (self.holder(address), reserved) if each not in (None, owner)), None)

    def claim(self, owner: str, items: Iterable[str]) -> None:
        """Note that the object holds exactly these mail addresses. Raises AddressTakenError and changes nothing."""
        wanted = set(addresses.smtp_of(items))
        for address in wanted:
            if (objector := self.objector(address, owner)) is not None:
                raise AddressTakenError(address, objector)
        for address in self._claims.pop(owner, ()):
            del self._holders[address]
            self._reserved[address] = (owner, self._clock.now() + dt.timedelta(seconds=self._reserved_for()))
        self._holders.update(dict.fromkeys(wanted, owner))
        self._claims[owner] = wanted

    def name(self, owner: str, upn: str, former: str | None = None) -> None:
        """Let the user sign in under ``upn``, no longer under ``former``."""
        if former is not None:
            self.unname(former)
        self._sign_ins[upn.lower()] = owner

    def unname(self, upn: str) -> None:
        self._sign_ins.pop(upn.lower(), None)
