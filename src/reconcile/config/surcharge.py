"""What a federation's E3 licences above its share may cost it. Pure."""

from __future__ import annotations

import dataclasses
import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from reconcile.config.federation.models import FederationFile
from reconcile.config.settings.tables.batches import Prices

_CENT = Decimal("0.01")


@dataclasses.dataclass(frozen=True, slots=True)
class Surcharge:
    """``e1`` and ``e3``: licences described; ``allowed``: E3 licences without surcharge; ``monthly``: euros a month."""

    e1: int
    e3: int
    allowed: Fraction
    monthly: Decimal

    @property
    def yearly(self) -> Decimal:
        return self.monthly * 12


def surcharge(file: FederationFile, prices: Prices) -> Surcharge:
    """The surcharge of one federation. Shared mailboxes and aliases cost nothing and count for nothing."""
    licences = [mailbox.licence for mailbox in file.mailboxes.values()]
    e1, e3 = licences.count("E1"), licences.count("E3")
    share = (e1 + e3) * prices.e3_share
    allowed = {"ceil": Fraction(math.ceil(share)), "floor": Fraction(math.floor(share)), "exact": share}[
        prices.rounding
    ]
    over = max(Fraction(0), e3 - allowed) * Fraction(prices.E3 - prices.E1)
    monthly = (Decimal(over.numerator) / Decimal(over.denominator)).quantize(_CENT, ROUND_HALF_UP)
    return Surcharge(e1, e3, allowed, max(monthly, Decimal("0.00")))
