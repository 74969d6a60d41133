"""What licences cost, in words: under a plan, in a pull request, and as a table of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from reconcile.config.cost import Cost
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import decimal, euros
from reconcile.language.phrase import Phrase
from reconcile.planning.costs import FederationCost, as_object
from reconcile.views.counts import federations
from reconcile.views.wording import ALARM, DRIFT, QUIET, plain

ROUNDED = {"ceil": Phrase("rounded up"), "floor": Phrase("rounded down"), "exact": Phrase("not rounded")}


def cost_line(one: FederationCost) -> Phrase:
    """``4 E1 and 2 E3: 27.52 € a month; 2 E3 allowed (1/3, rounded up), no surcharge``."""
    cost = one.cost
    opening = Phrase(
        "{e1} E1 and {e3} E3: {monthly} a month; {allowed}",
        e1=cost.e1,
        e3=cost.e3,
        monthly=euros(cost.licences_monthly),
        allowed=_allowed(cost),
    )
    if not cost.surcharge_monthly:
        return Phrase("{opening}, no surcharge", opening=opening)
    return Phrase(
        "{opening}, possible surcharge {monthly} a month, {yearly} a year; {told}",
        opening=opening,
        monthly=euros(cost.surcharge_monthly),
        yearly=euros(cost.surcharge_yearly),
        told=_told(one),
    )


def plan_costs(costs: Sequence[FederationCost], words: Catalogue = ENGLISH) -> Iterator[Text]:
    """Under a plan: a line for each federation in which it changes licences."""
    if not costs:
        return
    yield Text(words.say(Phrase("COST of the licences, tax included")), "bold")
    for one in costs:
        style = DRIFT if one.untold else "default"
        yield Text(f"  {plain(one.federation)}  ").append(words.say(cost_line(one), plain), style)


def cost_table(
    costs: Sequence[FederationCost], names: Mapping[str, str], whole: Cost, words: Catalogue = ENGLISH
) -> Iterator[Text]:
    """A row for each federation, their sum, and whether the network as a whole keeps to the share. ``whole``: all
    these licences as if one federation had them."""
    say = words.say
    heads = [say(head) for head in _HEADS]
    rows = [[say(cell, plain) for cell in _cells(one)] for one in costs]
    monthly = sum((one.cost.surcharge_monthly for one in costs), Decimal(0))
    licences = sum((one.cost.licences_monthly for one in costs), Decimal(0))
    opening = say(federations(len(costs)))
    sums = [
        "",
        "",
        str(whole.e1),
        str(whole.e3),
        "",
        *(say(_euros(sum_)) for sum_ in (licences, monthly, monthly * 12)),
    ]
    columns = zip(_LEAST, heads, sums, *rows, strict=True)
    widths = [max(least, *(cell_len(cell) + 1 for cell in column)) for least, *column in columns]
    yield Text(f"{_aligned(heads, widths)}  {say(Phrase('told'))}", "bold")
    for one, row in zip(costs, rows, strict=True):
        first = len(_aligned(row[:1], widths))
        line = Text(_aligned(row, widths))
        line.stylize("bold", 0, first)
        said = say(_told(one)) if one.cost.surcharge_monthly or one.told is not None else "–"
        line.append(f"  {said}", ALARM if one.untold else "not bold")
        yield line.append(f"  {plain(names.get(one.federation, ''))}", QUIET)
    yield Text(f"{opening:<{widths[0] + widths[1]}}{_aligned(sums, widths)[widths[0] + widths[1] :]}", "bold")
    yield Text(say(Phrase("Together: {kept}.", kept=_kept(whole))), DRIFT if whole.surcharge_monthly else "default")
    prices = sorted({one.cost.prices for one in costs})
    shown = functools.reduce(
        lambda one, other: Phrase("{one} or {other}", one=one, other=other),
        (Phrase("{e1} (E1) and {e3} (E3)", e1=_price(price.e1), e3=_price(price.e3)) for price in prices),
    )
    told = Phrase(
        "A licence costs {prices} a month, tax included. A surcharge is possible, not yet a bill.", prices=shown
    )
    yield Text(say(told), QUIET)


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


_HEADS = (
    *(Phrase("federation"), Phrase("prices of"), Phrase("E1"), Phrase("E3"), Phrase("allowed")),
    *(Phrase("licences"), Phrase("surcharge"), Phrase("a year")),
)
#: Columns are at least so wide; the first two stand to the left.
_LEAST = (11, 12, 5, 5, 9, 13, 12, 13)


def _cells(one: FederationCost) -> tuple[str, ...]:
    cost = one.cost
    numbers = (str(cost.on), str(cost.e1), str(cost.e3), _number(cost.allowed))
    amounts = (cost.licences_monthly, cost.surcharge_monthly, cost.surcharge_yearly)
    return (plain(one.federation), *numbers, *map(_euros, amounts))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(
        cell.ljust(width) if place < 2 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )


def _allowed(cost: Cost) -> Phrase:
    return Phrase(
        "{number} E3 allowed ({share}, {rounded})",
        number=_number(cost.allowed),
        share=cost.share,
        rounded=ROUNDED[cost.rounding],
    )


def _kept(whole: Cost) -> Phrase:
    opening = Phrase.counted(
        "{e3} E3 of {number} licence, {allowed}",
        "{e3} E3 of {number} licences, {allowed}",
        whole.licences,
        e3=whole.e3,
        allowed=_allowed(whole),
    )
    if not whole.over:
        return Phrase("{opening}: the average keeps to the share", opening=opening)
    return Phrase("{opening}: {over} E3 beyond it", opening=opening, over=_number(whole.over))


def _told(one: FederationCost) -> Phrase:
    if one.told is None:
        return Phrase("nobody was told yet")
    if one.untold:
        return Phrase("{amount} were told, which is too little", amount=_price(one.told))
    return Phrase("{amount} were told", amount=_price(one.told))


def _price(amount: Decimal) -> Phrase:
    """An amount with the places it was written with."""
    places = max(0, -int(amount.as_tuple().exponent))
    return Phrase("{amount} €", amount=decimal(amount, places) if places else str(amount))


def _euros(amount: Decimal) -> str:
    return euros(amount) if amount else "–"


def _number(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else decimal(float(value), 2)
