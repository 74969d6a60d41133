"""What a federation's licences cost, and what those above its share of E3 may cost it. Pure, in whole cents."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from reconcile.config.federation.models import FederationFile
from reconcile.config.settings.tables.tenant.prices import MonthlyPrices, Prices, Rounding


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """The licences of one federation, or of several together, and what they cost at the prices of one day.

    ``e1`` and ``e3``: licences. ``share`` and ``rounding``: the rule that makes ``allowed`` of them, the E3 licences
    without surcharge; a fraction where nothing is rounded. ``licences_monthly`` and ``surcharge_monthly``: euros, tax
    included. The surcharge is a possible one: the national association decides whether it is billed.
    """

    on: dt.date
    e1: int
    e3: int
    prices: MonthlyPrices
    share: Fraction
    rounding: Rounding
    allowed: Fraction
    licences_monthly: Decimal
    surcharge_monthly: Decimal

    @property
    def licences(self) -> int:
        return self.e1 + self.e3

    @property
    def over(self) -> Fraction:
        """E3 licences beyond those allowed."""
        return max(Fraction(0), self.e3 - self.allowed)

    @property
    def licences_yearly(self) -> Decimal:
        """Twelve bills of a month."""
        return self.licences_monthly * 12

    @property
    def surcharge_yearly(self) -> Decimal:
        """Twelve bills of a month."""
        return self.surcharge_monthly * 12


def cost_of(federation: FederationFile, prices: Prices, on: dt.date) -> Cost:
    """What the federation's licences cost at the prices of that day. Shared mailboxes and aliases cost nothing and
    count for nothing."""
    licences = [mailbox.licence for mailbox in federation.mailboxes.values()]
    return cost_of_licences(licences.count("E1"), licences.count("E3"), prices, on)


def cost_of_licences(e1: int, e3: int, prices: Prices, on: dt.date) -> Cost:
    """What so many licences of one federation cost."""
    price = prices.on(on)
    share = (e1 + e3) * prices.e3_share
    match prices.rounding:
        case "ceil":
            allowed = Fraction(math.ceil(share))
        case "floor":
            allowed = Fraction(math.floor(share))
        case "exact":
            allowed = share
    over = max(Fraction(0), e3 - allowed) * max(Fraction(0), Fraction(price.e3) - Fraction(price.e1))
    return Cost(
        on=on,
        e1=e1,
        e3=e3,
        prices=price,
        share=prices.e3_share,
        rounding=prices.rounding,
        allowed=allowed,
        licences_monthly=_cents(e1 * Fraction(price.e1) + e3 * Fraction(price.e3)),
        surcharge_monthly=_cents(over),
    )


def together(costs: Iterable[Cost], prices: Prices, on: dt.date) -> Cost:
    """The licences of several federations as if one had them all: whether their average keeps to the share."""
    ones = tuple(costs)
    return cost_of_licences(sum(one.e1 for one in ones), sum(one.e3 for one in ones), prices, on)


def billed_from(federation: FederationFile, today: dt.date) -> dt.date:
    """The day whose prices count for a federation: its migration date, or today once it has come or while it has
    none."""
    return max(federation.migration.date or today, today)


def _cents(amount: Fraction) -> Decimal:
    return (Decimal(amount.numerator) / Decimal(amount.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
