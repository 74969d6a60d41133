"""Which of the tenant's subscriptions stand for E1 and E3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconcile.config.settings import Licences
from reconcile.problem import Problem

Row = dict[str, Any]


class Skus:
    """The tenant's subscriptions, by the licences the settings name. Built from the rows of /subscribedSkus."""

    def __init__(self, rows: Iterable[Row], licences: Licences) -> None:
        self._accepted: dict[str, tuple[str, ...]] = {"E1": licences.E1, "E3": licences.E3}
        usable = [row for row in rows if row.get("capabilityStatus") in ("Enabled", "Warning", None)]
        self._ids = {str(row["skuPartNumber"]): str(row["skuId"]).lower() for row in usable}
        self._free = {str(row["skuId"]).lower(): _free(row) for row in usable}

    def licence(self, assigned: frozenset[str]) -> str | None:
        """The licence a user's SKU ids amount to, the larger when there are two; None when neither."""
        return next((name for name in ("E3", "E1") if assigned & self._of(name)), None)

    def pick(self, licence: str) -> str:
        """The SKU id to assign: the first of the settings' order with a free seat, else the first there is.

        Raises Problem M365-13 when the tenant has no subscription for this licence.
        """
        candidates = [self._ids[part] for part in self._accepted[licence] if part in self._ids]
        if not candidates:
            raise Problem(
                "M365-13",
                f"The tenant has no subscription for licence {licence}.",
                f"subscribe to one of {', '.join(self._accepted[licence])}, or add its name under [licences]",
            )
        return next((sku for sku in candidates if self._free[sku] > 0), candidates[0])

    def swap(self, assigned: frozenset[str], licence: str) -> tuple[list[str], list[str]]:
        """SKU ids to add and to remove, so that a user holding ``assigned`` has ``licence`` and no other of ours."""
        held = assigned & self._of(licence)
        keep = held or {self.pick(licence)}
        ours = self._of("E1") | self._of("E3")
        return sorted(keep - assigned), sorted((assigned & ours) - keep)

    def ours(self, assigned: frozenset[str]) -> list[str]:
        """The E1 and E3 SKU ids among those assigned."""
        return sorted(assigned & (self._of("E1") | self._of("E3")))

    def _of(self, licence: str) -> frozenset[str]:
        return frozenset(self._ids[part] for part in self._accepted[licence] if part in self._ids)


def _free(row: Row) -> int:
    """Seats that can still be assigned: enabled and warning ones less those consumed (Graph: subscribedSku)."""
    prepaid = row.get("prepaidUnits") or {}
    return int(prepaid.get("enabled") or 0) + int(prepaid.get("warning") or 0) - int(row.get("consumedUnits") or 0)
