"""What a federation's licences cost, said to the federation: in French, for its file and its letters."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from reconcile.config.cost import Cost

#: French sets no line break before a colon, nor between a sum and its unit.
_TIE = "\N{NO-BREAK SPACE}"
_ROUNDED = {
    "ceil": ", arrondi à l’unité supérieure",
    "floor": ", arrondi à l’unité inférieure",
    "exact": "",
}


def licences_sentence(cost: Cost) -> str:
    """``6 licences E1 et 3 E3 : 41,28 € TTC par mois.``"""
    e1 = f"{cost.e1} licence{'s' if cost.e1 > 1 else ''} E1"
    return f"{e1} et {cost.e3} E3{_TIE}: {euros(cost.licences_monthly)} TTC par mois."


def surcharge_sentence(cost: Cost) -> str:
    """The possible surcharge with the rule that makes it, or that there is none."""
    share = f"{cost.share.numerator}/{cost.share.denominator}" if cost.share.denominator > 1 else "la totalité"
    allowed = f"Sans surcoût, {share} des licences{_ROUNDED[cost.rounding]}, soit {_number(cost.allowed)} E3"
    if not cost.surcharge_monthly:
        return f"{allowed}{_TIE}: pas de surcoût pour votre fédération."
    monthly, yearly = euros(cost.surcharge_monthly), euros(cost.surcharge_yearly)
    over = f"{_number(cost.over)} au-delà"
    return f"{allowed}{_TIE}; {over}. Surcoût possible{_TIE}: {monthly} TTC par mois, soit {yearly} par an."


def euros(amount: Decimal) -> str:
    """``1 234,50 €``."""
    whole, _, cents = f"{amount:,.2f}".partition(".")
    return f"{whole.replace(',', _TIE)},{cents}{_TIE}€"


def _number(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.2f}".replace(".", ",")
