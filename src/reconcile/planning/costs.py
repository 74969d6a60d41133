"""What the licences of each federation cost, beside what it was told. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from reconcile.config.cost import Cost, billed_from, cost_of
from reconcile.config.federation.federation import Federation
from reconcile.config.settings.tables.tenant.prices import MonthlyPrices, Prices
from reconcile.resources.address import Address


@dataclasses.dataclass(frozen=True, slots=True)
class FederationCost:
    """``told``: the surcharge that was announced, euros a month; None when nobody was told."""

    federation: str
    cost: Cost
    told: Decimal | None = None

    @property
    def untold(self) -> bool:
        """Whether a surcharge is possible that is more than what was announced."""
        return self.cost.surcharge_monthly > (self.told or 0)


def costs(federations: Iterable[Federation], prices: Prices, today: dt.date) -> tuple[FederationCost, ...]:
    """The cost of each federation, at the prices of its migration date or, once that has come, of today."""
    return tuple(
        FederationCost(
            one.slug,
            cost_of(one.file, prices, billed_from(one.file, today)),
            one.file.migration.surcharge_told.monthly if one.file.migration.surcharge_told else None,
        )
        for one in federations
    )


def concerned(costs: Sequence[FederationCost], licensed: Iterable[Address]) -> tuple[FederationCost, ...]:
    """Those of the federations in which one of these mailboxes takes, changes or gives back a licence."""
    slugs = {address.federation for address in licensed}
    return tuple(one for one in costs if one.federation in slugs)


def as_object(one: FederationCost) -> dict[str, Any]:
    """For programs: amounts are text with a dot, in euros, tax included."""
    cost = one.cost
    return {
        "federation": one.federation,
        "on": cost.on.isoformat(),
        "e1": cost.e1,
        "e3": cost.e3,
        "e1_price": str(cost.prices.e1),
        "e3_price": str(cost.prices.e3),
        "e3_share": str(cost.share),
        "rounding": cost.rounding,
        "allowed": str(cost.allowed),
        "licences_monthly": str(cost.licences_monthly),
        "licences_yearly": str(cost.licences_yearly),
        "surcharge_monthly": str(cost.surcharge_monthly),
        "surcharge_yearly": str(cost.surcharge_yearly),
        "told_monthly": None if one.told is None else str(one.told),
    }


def from_object(one: Mapping[str, Any]) -> FederationCost:
    """Read what ``as_object`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    if one["rounding"] not in ("ceil", "floor", "exact"):
        raise ValueError(one["rounding"])
    return FederationCost(
        str(one["federation"]),
        Cost(
            on=dt.date.fromisoformat(one["on"]),
            e1=int(one["e1"]),
            e3=int(one["e3"]),
            prices=MonthlyPrices(_amount(one["e1_price"]), _amount(one["e3_price"])),
            share=_fraction(one["e3_share"]),
            rounding=one["rounding"],
            allowed=_fraction(one["allowed"]),
            licences_monthly=_amount(one["licences_monthly"]),
            surcharge_monthly=_amount(one["surcharge_monthly"]),
        ),
        None if one["told_monthly"] is None else _amount(one["told_monthly"]),
    )


def _amount(text: str) -> Decimal:
    """Not whatever Decimal reads: 1e999999999 takes all memory once it is shown."""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,4})?", text, re.ASCII):
        raise ValueError(text)
    return Decimal(text)


def _fraction(text: str) -> Fraction:
    if not re.fullmatch("[0-9]{1,12}(/[1-9][0-9]{0,11})?", text, re.ASCII):
        raise ValueError(text)
    return Fraction(text)
