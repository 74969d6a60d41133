"""Which of the tenant's subscriptions stand for E1 and E3."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from reconcile.config.settings.tables.tenant.licences import Licences
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

Row = dict[str, Any]

#: Mail a mailbox holds at most, in bytes (Microsoft, "Exchange Online limits"): 50 GB under E1 and for a shared mailbox
#: without licence, 100 GB under E3.
QUOTA = {"E1": 50 * 1024**3, "E3": 100 * 1024**3, "shared": 50 * 1024**3}


class Skus:
    """The tenant's subscriptions, by the licences the settings name. Built from the rows of /subscribedSkus."""

    def __init__(self, rows: Iterable[Row], licences: Licences) -> None:
        self._accepted: dict[str, tuple[str, ...]] = {"E1": licences.E1, "E3": licences.E3}
        usable = [row for row in rows if row.get("capabilityStatus") in ("Enabled", "Warning", None)]
        self._ids = {str(row["skuPartNumber"]): str(row["skuId"]).lower() for row in usable}
        self._plans = {str(row["skuId"]).lower(): row.get("servicePlans") or [] for row in usable}
        self._disabled = {name.upper() for name in licences.disabled_plans}
        self._free = {str(row["skuId"]).lower(): _free(row) for row in usable}

    def licence(self, assigned: frozenset[str]) -> str | None:
        """The licence a user's SKU ids amount to, the larger when there are two; None when neither."""
        return next((name for name in ("E3", "E1") if assigned & self._of(name)), None)

    def candidates(self, licence: str) -> list[str]:
        """The SKU ids to assign, those with a free seat first, each group in the settings' order.

        Raises Problem M365-13 when the tenant has no subscription for this licence.
        """
        known = [self._ids[part] for part in self._accepted[licence] if part in self._ids]
        if not known:
            raise Problem(
                "M365-13",
                Phrase("The tenant has no subscription for licence {licence}.", licence=licence),
                Phrase(
                    "subscribe to one of {accepted}, or add its name under [licences]",
                    accepted=", ".join(self._accepted[licence]),
                ),
            )
        return sorted(known, key=lambda sku: self._free[sku] <= 0)

    def swap(self, assigned: frozenset[str], licence: str, full: Collection[str]) -> tuple[list[str], list[str]]:
        """SKU ids to add and to remove, so that a user holding ``assigned`` has ``licence`` and no other of ours.

        Subscriptions in ``full`` were found to have no seat left.
        """
        candidates = self.candidates(licence)
        keep = assigned & self._of(licence) or {next((sku for sku in candidates if sku not in full), candidates[0])}
        return sorted(keep - assigned), sorted(set(self.ours(assigned)) - keep)

    def disabled_plans(self, sku: str) -> list[str]:
        """The ids of the service plans of a subscription that the settings leave out."""
        return sorted(plan for plan, name in self._named(sku).items() if name in self._disabled)

    def left_out(self, disabled: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
        """The names of the service plans that the settings leave out and an account does not have: switched off in its
        licences, which it holds with these plan ids switched off, or not part of them."""
        given = {
            name
            for sku in self.ours(frozenset(disabled))
            for plan, name in self._named(sku).items()
            if plan not in disabled[sku]
        }
        return tuple(sorted(self._disabled - given))

    def free(self, licence: str) -> int:
        """Seats of that licence that can still be given. Raises Problem M365-13 as ``candidates`` does."""
        return sum(max(0, self._free[sku]) for sku in self.candidates(licence))

    def supply(self) -> dict[str, dict[str, int]]:
        """Licence → skuPartNumber → seats that can still be given, below nothing when more are used than bought."""
        return {
            licence: {part: self._free[self._ids[part]] for part in parts if part in self._ids}
            for licence, parts in self._accepted.items()
        }

    def parts(self, assigned: frozenset[str]) -> tuple[str, ...]:
        """The skuPartNumbers of the E1 and E3 subscriptions among those assigned."""
        names = {sku: part for part, sku in self._ids.items()}
        return tuple(names[sku] for sku in self.ours(assigned))

    def ours(self, assigned: frozenset[str]) -> list[str]:
        """The E1 and E3 SKU ids among those assigned."""
        return sorted(assigned & (self._of("E1") | self._of("E3")))

    def _named(self, sku: str) -> Mapping[str, str]:
        """The service plans of a subscription: id → name."""
        rows = self._plans.get(sku, [])
        return {str(row["servicePlanId"]).lower(): str(row.get("servicePlanName") or "").upper() for row in rows}

    def _of(self, licence: str) -> frozenset[str]:
        return frozenset(self._ids[part] for part in self._accepted[licence] if part in self._ids)


def _free(row: Row) -> int:
    """Seats that can still be assigned: enabled and warning ones less those consumed (Graph: subscribedSku)."""
    prepaid = row.get("prepaidUnits") or {}
    return int(prepaid.get("enabled") or 0) + int(prepaid.get("warning") or 0) - int(row.get("consumedUnits") or 0)
