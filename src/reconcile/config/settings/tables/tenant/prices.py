"""What licences cost, since when, and what share of E3 costs a federation nothing more: [prices] of reconcile.toml."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from reconcile.config.settings.mistake import mistake
from reconcile.language.phrase import Phrase

Rounding = Literal["ceil", "floor", "exact"]


def _no_binary_fraction(written: object) -> object:
    """8.24 without quotes is a float, which is not 8.24; its text is."""
    return str(written) if isinstance(written, float) else written


Price = Annotated[
    Decimal, BeforeValidator(_no_binary_fraction), Field(ge=0, max_digits=8, decimal_places=4, allow_inf_nan=False)
]


class MonthlyPrices(NamedTuple):
    """Euros a month for one licence, tax included."""

    e1: Decimal
    e3: Decimal


class PriceChange(BaseModel):
    """Other prices, from a day on."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    valid_from: dt.date
    """The first day they hold."""
    E1: Price
    """Euros a month, tax included."""
    E3: Price
    """Euros a month, tax included."""


class Prices(BaseModel):
    """What licences cost, and how many of them the national association takes on itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    E1: Price = Decimal("2.76")
    """Euros a month, tax included, until the first change."""
    E3: Price = Decimal("8.24")
    """Euros a month, tax included, until the first change."""
    e3_share: Fraction = Fraction(1, 3)
    """The share of a federation's licences that may be E3 without surcharge, such as "1/3"."""
    rounding: Rounding = "ceil"
    """How that share becomes a number of licences: in the federation's favour, against it, or not rounded."""
    changes: tuple[PriceChange, ...] = ()
    """Other prices from a day on, in the order of their days."""

    def on(self, day: dt.date) -> MonthlyPrices:
        """The prices that hold on that day."""
        current: Prices | PriceChange = self
        for change in self.changes:
            if change.valid_from <= day:
                current = change
        return MonthlyPrices(current.E1, current.E3)

    @field_validator("e3_share", mode="before")
    @classmethod
    def _a_share(cls, written: object) -> object:
        text = str(written)
        if not re.fullmatch(r"[0-9]{1,6}(/[0-9]{1,6}|\.[0-9]{1,6})?", text):
            raise mistake("share", Phrase("{share} is no share, like 1/3", share=repr(text[:40])))
        whole, _, below = text.partition("/")
        if below and not int(below):
            raise mistake("share", Phrase("{share} divides by nothing", share=text))
        share = Fraction(int(whole), int(below)) if below else Fraction(text)
        if not 0 <= share <= 1:
            raise mistake("share", Phrase("{share} is no share between 0 and 1", share=str(share)))
        return share

    @field_validator("changes")
    @classmethod
    def _each_day_once(cls, changes: tuple[PriceChange, ...]) -> tuple[PriceChange, ...]:
        days = [change.valid_from for change in changes]
        if twice := sorted({day for day in days if days.count(day) > 1}):
            raise mistake("order", Phrase("two prices hold from {day}", day=twice[0].isoformat()))
        return tuple(sorted(changes, key=lambda change: change.valid_from))
