"""What licences cost, in words: under a plan, in a pull request, and as a table of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich.text import Text

from reconcile.config.cost import Cost
from reconcile.planning.costs import FederationCost, as_object
from reconcile.views.wording import ALARM, DRIFT, QUIET, count, plain

ROUNDED = {"ceil": "rounded up", "floor": "rounded down", "exact": "not rounded"}


def cost_line(one: FederationCost) -> str:
    """``4 E1 and 2 E3: 27.52 € a month; 2 E3 allowed (1/3, rounded up), no surcharge``."""
    cost = one.cost
    opening = f"{cost.e1} E1 and {cost.e3} E3: {cost.licences_monthly} € a month; {_allowed(cost)}"
    if not cost.surcharge_monthly:
        return f"{opening}, no surcharge"
    surcharge = f"possible surcharge {cost.surcharge_monthly} € a month, {cost.surcharge_yearly} € a year"
    return f"{opening}, {surcharge}; {_told(one)}"


def plan_costs(costs: Sequence[FederationCost]) -> Iterator[Text]:
    """Under a plan: a line for each federation in which it changes licences."""
    if not costs:
        return
    yield Text("COST of the licences, tax included", "bold")
    for one in costs:
        style = DRIFT if one.untold else "default"
        yield Text(f"  {plain(one.federation)}  ").append(cost_line(one), style)


def cost_table(costs: Sequence[FederationCost], names: Mapping[str, str], whole: Cost) -> Iterator[Text]:
    """A row for each federation, their sum, and whether the network as a whole keeps to the share. ``whole``: all
    these licences as if one federation had them."""
    heads = f"{'federation':<11}{'prices of':<12}{'E1':>5}{'E3':>5}{'allowed':>9}{'licences':>13}"
    yield Text(f"{heads}{'surcharge':>12}{'a year':>13}  told", "bold")
    for one in costs:
        cost = one.cost
        row = Text(f"{plain(one.federation):<11}", "bold").append(
            f"{cost.on!s:<12}{cost.e1:>5}{cost.e3:>5}{_number(cost.allowed):>9}{_euros(cost.licences_monthly):>13}",
            "not bold",
        )
        row.append(f"{_euros(cost.surcharge_monthly):>12}{_euros(cost.surcharge_yearly):>13}", "not bold")
        said = _told(one) if cost.surcharge_monthly or one.told is not None else ""
        row.append(f"  {said or '–'}", ALARM if one.untold else "not bold")
        yield row.append(f"  {plain(names.get(one.federation, ''))}", QUIET)
    monthly = sum((one.cost.surcharge_monthly for one in costs), Decimal(0))
    licences = sum((one.cost.licences_monthly for one in costs), Decimal(0))
    sums = f"{whole.e1:>5}{whole.e3:>5}{'':>9}{_euros(licences):>13}{_euros(monthly):>12}{_euros(monthly * 12):>13}"
    yield Text(f"{count(len(costs), 'federation'):<23}{sums}", "bold")
    yield Text(f"Together: {_kept(whole)}.", DRIFT if whole.surcharge_monthly else "default")
    prices = sorted({one.cost.prices for one in costs})
    shown = " or ".join(f"{price.e1} € (E1) and {price.e3} € (E3)" for price in prices)
    yield Text(f"A licence costs {shown} a month, tax included. A surcharge is possible, not yet a bill.", QUIET)


def cost_document(costs: Sequence[FederationCost], whole: Cost) -> dict[str, Any]:
    """The same for programs; keys never change meaning."""
    monthly = sum((one.cost.surcharge_monthly for one in costs), Decimal("0.00"))
    return {
        "format": 1,
        "federations": [as_object(one) for one in costs],
        "network": {
            **{name: value for name, value in as_object(FederationCost("", whole)).items() if name in _OF_THE_WHOLE},
            "licences_monthly": str(sum((one.cost.licences_monthly for one in costs), Decimal("0.00"))),
            "surcharges_monthly": str(monthly),
            "surcharges_yearly": str(monthly * 12),
            "keeps_to_the_share": not whole.over,
        },
    }


_OF_THE_WHOLE = ("e1", "e3", "e3_share", "rounding", "allowed")


def _allowed(cost: Cost) -> str:
    return f"{_number(cost.allowed)} E3 allowed ({cost.share}, {ROUNDED[cost.rounding]})"


def _kept(whole: Cost) -> str:
    opening = f"{whole.e3} E3 of {count(whole.licences, 'licence')}, {_allowed(whole)}"
    if not whole.over:
        return f"{opening}: the average keeps to the share"
    return f"{opening}: {_number(whole.over)} E3 beyond it"


def _told(one: FederationCost) -> str:
    if one.told is None:
        return "nobody was told yet"
    return f"{one.told} € were told" + (", which is too little" if one.untold else "")


def _euros(amount: Decimal) -> str:
    return f"{amount:.2f} €" if amount else "–"


def _number(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.2f}"
