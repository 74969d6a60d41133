"""Licences given and taken. What the tenant has is read once a run; subscriptions found full are remembered."""

from __future__ import annotations

import threading

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.licences import Skus
from reconcile.providers.microsoft.reading.lists import read_skus
from reconcile.providers.microsoft.reading.records import User
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.in_steps import retrying
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.resources.address import Address
from reconcile.steps import Steps

#: Seconds for a new account to be known to every replica of the directory.
REPLICA_TIMEOUT = 900.0


class Seats:
    """Thread-safe."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces
        self._lock = threading.Lock()
        self._skus: Skus | None = None
        self._full: set[str] = set()
        #: Seats of each licence as this run leaves them, and the mailboxes for which one is set aside.
        self._left: dict[str, int] = {}
        self._reserved: set[Address] = set()

    def skus(self) -> Skus:
        with self._lock:
            if self._skus is None:
                self._skus = read_skus(self._surfaces.graph, self._surfaces.settings)
            return self._skus

    def reserve(self, address: Address, licence: str) -> None:
        """Set a seat aside for a mailbox before anything of it is written: an account without its licence is half a
        mailbox. Raises ``Problem`` M365-12 when none is left.
        """
        skus = self.skus()
        with self._lock:
            left = self._left.setdefault(licence, skus.free(licence))
            if left > 0 and address not in self._reserved:
                self._left[licence] = left - 1
                self._reserved.add(address)
            if address in self._reserved:
                return
        # A run cut short may have left the account, and it its seat.
        user = self._surfaces.watch.user(address.key)
        if user is None or skus.licence(user.skus) != licence:
            raise Problem(
                "M365-12",
                Phrase(
                    "{key}: no seat of licence {licence} is left; nothing was written.",
                    key=address.key,
                    licence=licence,
                ),
                Phrase("buy or free a seat of licence {licence}, then apply again", licence=licence),
            )

    def returned(self, assigned: frozenset[str]) -> None:
        """Note that an account holds those SKU ids no more."""
        skus = self.skus()
        with self._lock:
            self._full -= assigned
            for sku in skus.ours(assigned):
                if licence := skus.licence(frozenset({sku})):
                    self._left[licence] = self._left.setdefault(licence, skus.free(licence)) + 1

    def leave_out(self, user: User) -> None:
        """Switch off, in the licences of ours that the account holds, what the settings leave out; whatever else is
        switched off there stays so."""
        skus = self.skus()
        lacking = {
            sku: sorted({*user.disabled.get(sku, ()), *skus.disabled_plans(sku)})
            for sku in skus.ours(user.skus)
            if not set(skus.disabled_plans(sku)) <= user.disabled.get(sku, frozenset())
        }
        if lacking:
            asked = [{"skuId": sku, "disabledPlans": plans} for sku, plans in lacking.items()]
            path = f"/users/{segment(user.id)}/assignLicense"
            self._surfaces.graph.act(path, {"addLicenses": asked, "removeLicenses": []})

    def give(self, user: User, licence: str | None) -> Steps[None]:
        """Leave the account with that licence and no other of ours, in one call; None takes ours away.

        A swap in two calls would leave the mailbox without licence between them. Raises ``Refused`` when no
        subscription for it has a seat left.
        """
        skus = self.skus()
        held = user.skus
        asked: list[str] = []

        def assign() -> None:
            add, remove = skus.swap(held, licence, self._full) if licence else ([], skus.ours(held))
            asked[:] = add
            if add or remove:
                added = [{"skuId": sku, "disabledPlans": skus.disabled_plans(sku)} for sku in add]
                path = f"/users/{segment(user.id)}/assignLicense"
                self._surfaces.graph.act(path, {"addLicenses": added, "removeLicenses": remove})
                self.returned(frozenset(remove))

        def passes(refused: Refused) -> bool:
            nonlocal held
            if refused.says("does not have any available licenses"):
                untried = licence is not None and set(skus.candidates(licence)) - self._full - set(asked)
                self._full.update(asked)
                return bool(untried)
            if refused.says("does not have a corresponding license"):
                # As after a swap that was done and whose answer was lost: what it holds now tells.
                seen = self._surfaces.watch.user(user.id)
                held = seen.skus if seen else held
                return True
            return refused.status == 404

        yield from retrying(self._surfaces.clock, assign, passes, REPLICA_TIMEOUT)
