"""Licences given and taken. What the tenant has is read once a run; subscriptions found full are remembered."""

from __future__ import annotations

import threading

from reconcile.providers.microsoft.graph import segment
from reconcile.providers.microsoft.licences import Skus
from reconcile.providers.microsoft.records import User
from reconcile.providers.microsoft.refused import Refused
from reconcile.providers.microsoft.settle import patiently
from reconcile.providers.microsoft.surfaces import Surfaces
from reconcile.providers.microsoft.tenant import read_skus

#: Seconds for a new account to be known to every replica of the directory.
REPLICA_PATIENCE = 900.0


class Seats:
    """Thread-safe."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces
        self._lock = threading.Lock()
        self._skus: Skus | None = None
        self._full: set[str] = set()

    def skus(self) -> Skus:
        with self._lock:
            if self._skus is None:
                self._skus = read_skus(self._surfaces.graph, self._surfaces.settings)
            return self._skus

    def give(self, user: User, licence: str | None) -> None:
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
                added = [{"skuId": sku, "disabledPlans": []} for sku in add]
                path = f"/users/{segment(user.id)}/assignLicense"
                self._surfaces.graph.act(path, {"addLicenses": added, "removeLicenses": remove})

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

        patiently(self._surfaces.clock, assign, passes, REPLICA_PATIENCE)
